"""Parameters of the mixture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.params import DropNulls, Params
from cpt_pipeline.formats.routes import Use

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class MixStageParams(Params):
    """The data of one training stage."""

    num_tokens: int = Field(gt=0)
    """Tokens to train on; rounded up to whole steps."""
    weights: Annotated[dict[str, Annotated[float, Field(gt=0.0)]], DropNulls] = Field(default_factory=dict)
    """Share of a channel among the channels of its role (general or domain), up to scale; absent = 1."""
    categories: Annotated[dict[str, tuple[str, ...]], DropNulls] = Field(default_factory=dict)
    """Channel to the categories that may be used; absent or null = all."""
    min_quality: Share = 0.0
    """Documents with a lower quality score stay out."""
    uses: tuple[Use, ...] = ()
    """Text with faults that may be read all the same, by what it is fit for (the grade of a PDF); none in stage 2."""


class MixParams(Params):
    """`mix:` in conf: what each training stage reads."""

    sequence_length: int = Field(ge=8)
    """Tokens per row."""
    rows_per_step: int = Field(gt=0)
    """Rows of one global batch, whatever the number of processes."""
    domain_share: Share
    """alpha: share of the tokens that comes from domain channels. Seed literature: 0.05-0.20 for large bases."""
    max_passes: float = Field(default=4.0, gt=0.0)
    """How often a channel may be read in one stage; above it the run stops (repeating stops paying at about 4)."""
    seed: int = 0
    stage1: MixStageParams
    stage2: MixStageParams

    @model_validator(mode="after")
    def _whole_batch(self) -> MixParams:
        if self.stage1.num_tokens < self.sequence_length * self.rows_per_step:
            raise ValueError("mix.stage1.num_tokens is less than one step (sequence_length x rows_per_step)")
        if self.stage2.uses:
            raise ValueError("mix.stage2.uses must stay empty: text with faults is never read in stage 2")
        return self


class MixLawParams(Params):
    """`mix_law:` in conf: where the domain share comes from."""

    enabled: Literal[False] = False
    """The share of `mix.domain_share` is used as it stands; fitting it from proxy runs is not built yet."""
