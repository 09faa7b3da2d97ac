"""An embedder for whatever kind conf names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from cpt_pipeline.corpus.models.embeddings.hashed import HashedEmbedder, Vectors
from cpt_pipeline.corpus.models.embeddings.params import EmbeddingParams, EncoderRunParams, HashedParams


class Embedder(Protocol):
    """Gives each text a vector of length 1."""

    @property
    def dimensions(self) -> int:
        """Give the length of a vector."""
        ...

    def embed(self, texts: Iterable[str]) -> Vectors:
        """Give the vectors, shape [texts, dimensions]."""
        ...


def load_embedder(params: EmbeddingParams, run: EncoderRunParams, *, key: str) -> Embedder:
    """Make the embedder; `key` is where conf names it. `ModelNotFoundError` when an encoder is not there."""
    if isinstance(params, HashedParams):
        return HashedEmbedder(params)
    from cpt_pipeline.corpus.models.embeddings.encoder import Encoder

    return Encoder(params, run, key=key)


def identify(params: EmbeddingParams, *, key: str) -> dict[str, Any]:
    """Give all that the vectors depend on, as JSON; with an encoder that is not there as `load_embedder`."""
    if isinstance(params, HashedParams):
        return params.model_dump(mode="json")
    from cpt_pipeline.corpus.models.embeddings.encoder import digest_encoder

    return {**params.model_dump(mode="json"), "files": digest_encoder(params, key)}
