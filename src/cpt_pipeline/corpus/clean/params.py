"""`clean:` in conf, and what the stage says about its work."""

from __future__ import annotations

from pydantic import Field

from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.corpus.clean.blocked_words import BlockedWordsParams
from cpt_pipeline.corpus.clean.classify_params import CategoriesParams, CategorizeReport, ClassifyParams, ClassifyReport
from cpt_pipeline.corpus.clean.language import LanguageParams
from cpt_pipeline.corpus.clean.line_noise import LineNoiseParams
from cpt_pipeline.corpus.clean.normalise import NormaliseParams
from cpt_pipeline.corpus.clean.personal_data import PersonalDataParams
from cpt_pipeline.corpus.clean.phrases import PhrasesParams
from cpt_pipeline.corpus.clean.rules import OTHER, CategoryParams, RulesParams
from cpt_pipeline.corpus.sieve import Amount

_NO_PROSE = ("gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese")
_CATEGORIES = {
    **RulesParams().by_category,
    **dict.fromkeys(("reference", "worked_examples"), CategoryParams(without=_NO_PROSE)),
    **dict.fromkeys(("web", "news", "forum"), CategoryParams()),
    OTHER: CategoryParams(without=("c4", "fineweb")),
}
"""C4 and FineWeb were made for web pages: a hard-wrapped book has no line that ends in a full stop."""


class FormatCapParams(Params):
    """How much strongly formatted text may stay: some thousand documents teach a format, more cost general ability."""

    formats: tuple[str, ...] = ("json", "table")
    """Categories that are capped."""
    max_documents: int | None = Field(1000, ge=0)
    """Of each, the first ones stay; none means no cap."""


class CleanParams(Params):
    """`clean:` in conf, in the order of its steps."""

    strong_formats: tuple[str, ...] = ("code", "json", "latex", "markdown", "table", "reference", "worked_examples")
    """Categories whose form must not be touched: repair, line rules and phrases are for prose."""
    normalise: NormaliseParams = NormaliseParams()
    noise: LineNoiseParams = LineNoiseParams()
    phrases: PhrasesParams = PhrasesParams()
    classify: ClassifyParams = ClassifyParams()
    categories: CategoriesParams = CategoriesParams()
    language: LanguageParams = LanguageParams()
    blocked_words: BlockedWordsParams = BlockedWordsParams()
    personal_data: PersonalDataParams = PersonalDataParams()
    rules: RulesParams = RulesParams(by_category=_CATEGORIES)
    format_cap: FormatCapParams = FormatCapParams()


class PhraseReport(Report):
    """A phrase that many documents of a source share."""

    text: str
    documents: int
    """Of the source; of those that were mined, where it is a sample."""
    share: float
    removed: bool
    example: str
    """Id of a document that holds it."""


class SurrogateReport(Report):
    """What was put in the place of personal data."""

    replacements: int
    patterns: int
    """Different domains, prefixes and shapes."""
    too_frequent: dict[str, float]
    """Pattern to its share of all replacements, beyond `personal_data.max_pattern_share`: a model would learn it."""


class CleanReport(Report):
    """`clean_metrics`: `records_in` = `documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    excluded_by_channel: dict[str, dict[str, int]]
    channels: dict[str, Amount]
    counts: dict[str, int]
    """What the steps changed or removed, as step/what: documents for `normalise`, pieces for the others."""
    languages: dict[str, dict[str, int]]
    """Channel to language to documents; `und` where a text is too short to tell."""
    categories: dict[str, dict[str, int]]
    mean_quality: dict[str, float]
    """Channel to the mean grade of its documents."""
    lengths: dict[str, tuple[int, ...]]
    """Channel to documents by length: place i is of 2**i to 2**(i + 1) - 1 characters."""
    qualities: dict[str, tuple[int, ...]]
    """Channel to documents by grade, in 20 equal steps of 0..1."""
    surrogates: SurrogateReport
    phrases: dict[str, tuple[PhraseReport, ...]]
    classify: ClassifyReport | None
    """None where no source is classified."""
    category_classifier: CategorizeReport | None
    """None where there are no labels."""
