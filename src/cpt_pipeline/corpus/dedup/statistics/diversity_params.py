"""What the diversity report measures, and what it says."""

from __future__ import annotations

from pydantic import Field

from cpt_pipeline.core.params import Params, Report, Seed
from cpt_pipeline.corpus.models.embeddings.params import EmbeddingParams, EncoderParams, HashedParams


class DiversityParams(Params):
    """`dedup.diversity` in conf. It changes no document."""

    enabled: bool = True
    embedding: EmbeddingParams = HashedParams()
    sample_documents: int = Field(256, ge=2)
    """Of every channel, and of the whole; which ones follows from their ids alone."""
    sample_characters: int = Field(4_000, ge=1)
    """Of each, from its begin."""
    sample_words: int = Field(20_000, ge=2)
    """Words whose variety is measured: it falls with their number, so it is the same for every channel."""
    group_cosine: float = Field(0.6, gt=0, le=1)
    """From which a document belongs to the group around another. An encoder wants a higher one."""
    seed: Seed = 1

    @property
    def embedding_name(self) -> str:
        """Give the name of the encoder, or `hashed`."""
        return self.embedding.model if isinstance(self.embedding, EncoderParams) else self.embedding.kind


class DiversityOf(Report):
    """How various the text of a channel is. Effective numbers are exp(entropy): of n equal shares, n."""

    documents: int
    """In the sample."""
    vendi_score: float
    """Effective number of documents that have nothing in common (Friedman and Dieng 2023), at most `documents`."""
    mean_cosine: float
    """Of two documents."""
    largest_group: float
    """Share of the documents within `group_cosine` of the same one."""
    words: int
    """In the sample; fewer than `sample_words` in a small channel, whose two next numbers are then too high."""
    distinct_2: float
    """Different pairs of neighbouring words among all; a Chinese or Japanese character is a word."""
    pair_entropy: float
    """Of these pairs, in bits."""
    effective_sources: float
    """Of all documents, not the sample; as the next two."""
    effective_categories: float
    effective_languages: float


class DiversityReport(Report):
    """The training documents of every channel, and of the whole."""

    embedding: str
    dimensions: int
    """No Vendi score is higher than this."""
    channels: dict[str, DiversityOf]
    whole: DiversityOf
