"""`clean:` in conf, and what the stage says about its work."""

from __future__ import annotations

from pydantic import Field

from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.corpus.clean.augmentation.params import AugmentationParams, SyntheticReport
from cpt_pipeline.corpus.clean.blocklists.addresses import BlockedAddressesParams
from cpt_pipeline.corpus.clean.blocklists.words import BlockedWordsParams
from cpt_pipeline.corpus.clean.classifying.params import (
    CategoriesParams,
    CategorizeReport,
    ClassifyParams,
    ClassifyReport,
)
from cpt_pipeline.corpus.clean.dialogues.rules import DialoguesParams
from cpt_pipeline.corpus.clean.languages.language import LanguageParams
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalDataParams
from cpt_pipeline.corpus.clean.phrases.listing import PhraseReport
from cpt_pipeline.corpus.clean.phrases.phrases import PhrasesParams
from cpt_pipeline.corpus.clean.repair.line_noise import LineNoiseParams
from cpt_pipeline.corpus.clean.repair.normalise import NormaliseParams
from cpt_pipeline.corpus.clean.rules.params import RulesParams
from cpt_pipeline.corpus.clean.rules.report import RulesReport
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.report import ScorerReport
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.sieve import Amount
from cpt_pipeline.corpus.llm.params import EndpointRunParams


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
    dialogues: DialoguesParams = DialoguesParams()
    phrases: PhrasesParams = PhrasesParams()
    classify: ClassifyParams = ClassifyParams()
    categories: CategoriesParams = CategoriesParams()
    language: LanguageParams = LanguageParams()
    blocked_addresses: BlockedAddressesParams = BlockedAddressesParams()
    blocked_words: BlockedWordsParams = BlockedWordsParams()
    personal_data: PersonalDataParams = PersonalDataParams()
    rules: RulesParams = RulesParams()
    scorer: ScorerParams = ScorerParams()
    format_cap: FormatCapParams = FormatCapParams()
    augmentation: AugmentationParams = AugmentationParams()


class CleanRunParams(EngineParams):
    """`clean_run:` in conf."""

    endpoint: EndpointRunParams = EndpointRunParams()
    """Where the LLM is that `clean.scorer.ask` and `clean.augmentation` ask."""


class DialoguesReport(Report):
    """Dialogues of one unit, as they came and as they left the step."""

    dialogues: int
    turns: int
    kept: int
    """Not excluded by the step."""
    density_before: float
    """Mean of all."""
    density_after: float | None
    """Mean of those kept; none where none was."""


class SurrogateReport(Report):
    """What was put in the place of personal data."""

    replacements: int
    patterns: int
    """Different domains, prefixes and shapes."""
    too_frequent: dict[str, float]
    """Pattern to its share of all replacements, beyond `personal_data.max_pattern_share`: a model would learn it."""


class CleanReport(Report):
    """`clean_metrics`: `records_in` + the sum of `synthetic.made` = `documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    excluded_by_channel: dict[str, dict[str, int]]
    channels: dict[str, Amount]
    counts: dict[str, int]
    """What the steps changed or removed, as step/what: documents for `normalise` and `language`
    (`language/zh+en`: Chinese with English in it), pieces for the others."""
    rules: dict[str, dict[str, RulesReport]]
    """Channel to category to what each rule excluded, or would have: the web rules only count where text is not web."""
    languages: dict[str, dict[str, int]]
    """Channel to language to documents; `und` where a text is too short to tell, or in none of the candidates."""
    categories: dict[str, dict[str, int]]
    mean_quality: dict[str, float]
    """Channel to the mean grade of its documents."""
    lengths: dict[str, tuple[int, ...]]
    """Channel to documents by length: place i is of 2**i to 2**(i + 1) - 1 characters."""
    qualities: dict[str, tuple[int, ...]]
    """Channel to documents by grade, in 20 equal steps of 0..1."""
    scorer: ScorerReport | None
    """None where it is switched off."""
    surrogates: SurrogateReport
    phrases: dict[str, tuple[PhraseReport, ...]]
    synthetic: SyntheticReport
    dialogues: dict[str, DialoguesReport]
    """Unit to what became of its dialogues; `recognised` where only the text says that it is one."""
    stock_replies: dict[str, tuple[PhraseReport, ...]]
    """Turns that a source repeats; numbers are masked."""
    classify: ClassifyReport | None
    """None where no source is classified."""
    category_classifier: CategorizeReport | None
    """None where there are no labels."""
