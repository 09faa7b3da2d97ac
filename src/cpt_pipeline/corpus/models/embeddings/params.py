"""How texts become vectors: without a model, or by one of the user."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cpt_pipeline.core.inputs import HubName, HubParams
from cpt_pipeline.core.params import Params, Seed

Pooling = Literal["mean", "cls", "last"]


class HashedParams(Params):
    """Hashed words, no model: sees which words two texts share, not what they mean."""

    kind: Literal["hashed"] = "hashed"
    dimensions: int = Field(256, ge=16)
    """More are more exact: the cosine of texts without a word in common is 0 +- 1 / sqrt(dimensions)."""
    nonzeros: int = Field(4, ge=1)
    """Dimensions that a word is spread over."""
    pair_weight: float = Field(0.5, ge=0)
    """Weight of two neighbouring Chinese or Japanese characters, which are a word as often as one is."""
    seed: Seed = 1


class EncoderParams(HubParams):
    """A sentence encoder in the layout of transformers, such as BGE: safetensors only, code in it is never run."""

    kind: Literal["encoder"]
    model: HubName = Field(min_length=1)
    """A folder (absolute, or with ./ or ~), or a name of the hub."""
    pooling: Pooling | None = None
    """How token vectors become one; none reads it from the model's 1_Pooling/config.json, or takes the mean."""
    max_tokens: int | None = Field(None, ge=8)
    """Longer texts are cut; none means as long as the model reads."""
    prefix: str = ""
    """Put before every text, for models that want one ("passage: ")."""


EmbeddingParams = Annotated[HashedParams | EncoderParams, Field(discriminator="kind")]


class EncoderRunParams(Params):
    """How an encoder runs."""

    device: str = Field("cpu", pattern=r"^(cpu|mps|cuda(:\d+)?)$")
    """As torch names it: cpu, cuda, cuda:1. Each worker loads the model once."""
    batch_texts: int = Field(1, ge=1)
    """Texts at a time. More are faster on a GPU; then a pair at the very threshold may fall on its other side."""
