"""What counts as a copy by meaning, and what the search for them says."""

from __future__ import annotations

from pydantic import Field

from cpt_pipeline.core.params import Params, Report, Seed
from cpt_pipeline.corpus.models.embeddings.params import EmbeddingParams, EncoderParams, HashedParams

_MIN_COSINE = {"hashed": 0.75, "encoder": 0.95}


class SemanticParams(Params):
    """`dedup.semantic` in conf: SemDeDup (Abbas et al. 2023), with a survivor for every copy."""

    enabled: bool = False
    embedding: EmbeddingParams = HashedParams()
    min_cosine: float | None = Field(None, gt=0, le=1)
    """Of two vectors from which the documents are copies; none means 0.75 for hashed words and 0.95 for an encoder
    (whose cosines differ from model to model: look at the curve)."""
    curve_cosines: tuple[float, ...] = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
    """Cosines at which the report says what would be kept."""
    num_clusters: int | None = Field(None, ge=1)
    """Documents are compared inside clusters; none means the square root of their number, and less where clusters
    would be smaller than 2,048 documents or more than 4,096."""
    sample_documents: int = Field(65_536, ge=1)
    """The centres of the clusters are found on a sample of so many."""
    max_cluster_documents: int = Field(50_000, ge=2)
    """A larger cluster is divided by the distance to its centre, and pairs across the border are not compared."""
    seed: Seed = 1

    @property
    def threshold(self) -> float:
        """Give the cosine in force."""
        return _MIN_COSINE[self.embedding.kind] if self.min_cosine is None else self.min_cosine

    @property
    def embedding_name(self) -> str:
        """Give the name of the encoder, or `hashed`."""
        return self.embedding.model if isinstance(self.embedding, EncoderParams) else self.embedding.kind


class SemanticPoint(Report):
    """What would be kept of the documents compared, at one cosine."""

    min_cosine: float
    documents: int
    characters: int


class SemanticReport(Report):
    """What was compared by meaning, and what went."""

    embedding: str
    """`hashed`, or the name of the encoder."""
    min_cosine: float
    """In force."""
    vectors: int
    """Documents compared: survivors of exact and near copies that leak nothing."""
    clusters: int
    largest_cluster: int
    divided_clusters: int
    """Larger than `max_cluster_documents`."""
    compared_pairs: int
    pairs: int
    """Of them, at or above `min_cosine`."""
    excluded: int
    """Among them those found by the search for copies of held-out documents, which looks into every cluster."""
    excluded_for_heldout: int
    curve: tuple[SemanticPoint, ...]
