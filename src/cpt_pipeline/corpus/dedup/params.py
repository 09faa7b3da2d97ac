"""`dedup:` in conf."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cpt_pipeline.core.inputs import InputFolder
from cpt_pipeline.core.params import Params, Report, Seed
from cpt_pipeline.corpus.dedup.decontamination.params import LeakParams
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.passages.passages import PassagesParams
from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams, SemanticReport
from cpt_pipeline.corpus.dedup.statistics.coverage_params import CoverageParams, CoverageReport
from cpt_pipeline.corpus.dedup.statistics.diversity_params import DiversityParams, DiversityReport
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.sieve import Amount
from cpt_pipeline.corpus.models.embeddings.params import EncoderRunParams


class DedupParams(Params):
    """What counts as a copy, what is held out, and what must not be learnt."""

    minhash: MinHashParams = MinHashParams()
    semantic: SemanticParams = SemanticParams()
    passages: PassagesParams = PassagesParams()
    leaks: LeakParams = LeakParams()
    coverage: CoverageParams = CoverageParams()
    diversity: DiversityParams = DiversityParams()
    curve_thresholds: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
    """Similarities at which the report says what would be kept. Below 0.7 the default bands miss too many pairs."""
    target_characters: int | None = Field(None, ge=1)
    """Text that is needed (tokens times characters per token: about 1.5 in Chinese, 4 in English). The lowest threshold
    of the curve that keeps so much then replaces `minhash.min_similarity`: the most copies go that can be spared."""
    earlier_index: InputFolder | None = None
    """`corpus_index` of an earlier round: documents that round had are excluded without reading them again."""
    heldout_documents_per_channel: int = Field(150, ge=1)
    """Documents that no training reads, counted as a source gives them: all parts of a book are held out with it. Those
    that share a fifth of the shorter one's text count as one (`heldout`)."""
    heldout_max_share: float = Field(0.1, gt=0, le=0.5)
    """A small channel gives at most this share of its distinct documents, and at least one."""
    seed: Seed = 1
    """Which documents are held out. The choice of one document does not depend on the others that are there."""


class DedupRunParams(EngineParams):
    """`dedup_run:` in conf."""

    encoder: EncoderRunParams = EncoderRunParams()
    """How an encoder of `dedup.semantic` or `dedup.diversity` runs."""


class BenchmarkReport(Report):
    """What was found of one benchmark."""

    items: int
    unguarded_items: int
    """Too short to be searched for."""
    found_items: int
    documents: int
    """Documents that held one and were excluded."""
    trimmed_documents: int
    """Documents that lost the passages and stayed."""
    examples: dict[str, str]
    """Some of the items found, by id, with the text that was matched; `dedup_excluded` and `metadata` name them all."""


class CurvePoint(Report):
    """What would be kept at one similarity threshold."""

    min_similarity: float
    documents: int
    characters: int


class PassagesReport(Report):
    """What was removed inside documents."""

    documents: int
    """Training documents that lost text."""
    units: int
    """Sentences, lines or paragraphs removed."""
    characters: int


class LeaksReport(Report):
    """What was removed inside documents that hold benchmark items; they stay, and their `metadata` name the items."""

    documents: int
    """Training and held-out documents that lost text."""
    passages: int
    characters: int


class DedupReport(Report):
    """`dedup_metrics`: `records_in` = `documents` + `heldout_documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    heldout_documents: int
    excluded: dict[str, int]
    """`exact` and `near`: copies of a training document; `near_heldout`: of a held-out one; `near_earlier`: of one of
    an earlier round; `semantic`: of a training or held-out document by meaning; `repeated_passages`: too little that no
    other document holds; `benchmark`; `synthetic_parent`: made by clean from a document that is not in training."""
    excluded_by_channel: dict[str, dict[str, int]]
    channels: dict[str, Amount]
    heldout_channels: dict[str, Amount]
    works: dict[str, int]
    """Per channel: what a source gave as one (a file, a record, a book with its chapters), was not held out and could
    have been. Works that share text count as one, and those of which an earlier round has read a part do not count."""
    heldout_works: dict[str, int]
    """Per channel: what was held out, counted alike."""
    clusters: int
    """Groups of two or more copies."""
    largest_cluster: int
    leaks: LeaksReport
    passages: PassagesReport
    min_similarity: float
    """The threshold in force."""
    curve: tuple[CurvePoint, ...]
    """What other thresholds would keep of documents that were not made by clean, before passages are removed."""
    benchmarks: dict[str, BenchmarkReport]
    coverage: CoverageReport
    semantic: SemanticReport | None
    """None where it is switched off; as the next."""
    diversity: DiversityReport | None
