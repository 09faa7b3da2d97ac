"""`clean.augmentation:` in conf: what is made from which documents. Everything is off by default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import DropNulls, Params, Report, Seed
from cpt_pipeline.corpus.clean.augmentation.prompts import QUESTIONS, REWRITE
from cpt_pipeline.corpus.llm.params import EndpointParams
from cpt_pipeline.text.language_tags import LanguageCode

Kind = Literal["shuffle_sentences", "synonyms", "rewrite", "questions"]
"""The end of the id of what is made, and `synthetic` in its metadata."""


def _with_text(prompts: dict[str, str]) -> dict[str, str]:
    for language, prompt in prompts.items():
        if "{text}" not in prompt:
            raise ValueError(f"the prompt for {language} does not say where the text stands; write {{text}} there")
    return prompts


Prompts = Annotated[dict[LanguageCode, str], DropNulls, AfterValidator(_with_text)]
"""Language to prompt; documents of other languages are not chosen."""


class SelectionParams(Params):
    """Which documents: those of all the lists that are given, never ones of a strong or capped format."""

    enabled: bool = False
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    grades: tuple[str, ...] | None = None
    """Grades of PDF files: `[synthesis, sft_source]` are too broken to be read as they are."""
    share: float = Field(1.0, gt=0, le=1)
    """Of those documents, by a hash of the id."""
    max_documents: int | None = Field(None, ge=1)
    seed: Seed = 1


class ShuffleParams(SelectionParams):
    """The same text in another order."""

    share: float = Field(0.1, gt=0, le=1)
    unit: Literal["sentence", "paragraph"] = "sentence"
    """Sentences change places inside their paragraph, or whole paragraphs do."""


class SynonymsParams(SelectionParams):
    """The same text in other words; the words are yours."""

    share: float = Field(0.1, gt=0, le=1)
    files: tuple[InputFile, ...] = ()
    """A group of words with one meaning per line, separated by commas (`,` `，` `、`); `#` starts a comment."""
    replaced_share: float = Field(0.3, gt=0, le=1)
    """Of the places where such a word stands, at least one."""

    @model_validator(mode="after")
    def _has_words(self) -> SynonymsParams:
        if self.enabled and not self.files:
            raise ValueError("synonyms.files is empty; no list of synonyms is shipped, so name one of yours")
        return self


class GenerativeParams(SelectionParams):
    """What an LLM is asked for."""

    prompts: Prompts = Field({})
    max_characters: int = Field(2_000, ge=100)
    """Longer documents are asked in parts, cut between paragraphs or lines."""


class RewriteParams(GenerativeParams):
    """The same content as an encyclopedia or a textbook would say it."""

    prompts: Prompts = Field(REWRITE)


class QuestionsParams(GenerativeParams):
    """Questions and answers from the text, and a measure of how many ask for nothing of its field.

    A question is too general when none of its words is a term of its source: a word (of Chinese, two characters in a
    row) that the source has and that is rare in general text.
    """

    prompts: Prompts = Field(QUESTIONS)
    num_questions: int = Field(5, ge=1)
    """Of a part of a document."""
    general_channels: tuple[str, ...] = ()
    """Channels of general text; none leaves the questions unmeasured."""
    general_documents: int = Field(2_000, ge=1)
    """Sampled per language."""
    rare_share: float = Field(0.01, ge=0, lt=1)
    """A word in at most this share of the sample is rare."""
    exclude_too_general: bool = False

    @model_validator(mode="after")
    def _can_be_measured(self) -> QuestionsParams:
        if self.exclude_too_general and not self.general_channels:
            raise ValueError("exclude_too_general needs questions.general_channels to compare with")
        return self


class AugmentationParams(Params):
    """`clean.augmentation:` in conf."""

    shuffle_sentences: ShuffleParams = ShuffleParams()
    synonyms: SynonymsParams = SynonymsParams()
    rewrite: RewriteParams = RewriteParams()
    questions: QuestionsParams = QuestionsParams()
    endpoint: EndpointParams | None = None
    """The model that rewrites and asks; never the base itself. Where it is: `clean_run.endpoint`."""
    max_failed_share: float = Field(0.05, ge=0, le=1)
    """A larger share of failed requests stops the run."""

    @model_validator(mode="after")
    def _has_a_model(self) -> AugmentationParams:
        if self.endpoint is None and (self.rewrite.enabled or self.questions.enabled):
            raise ValueError("rewrite and questions need augmentation.endpoint.model, and clean_run.endpoint.url")
        return self

    @property
    def selections(self) -> dict[Kind, SelectionParams]:
        """Give what is switched on, in the order in which the documents made follow their parent."""
        every: dict[Kind, SelectionParams] = {
            "shuffle_sentences": self.shuffle_sentences,
            "synonyms": self.synonyms,
            **self.generative,
        }
        return {kind: params for kind, params in every.items() if params.enabled}

    @property
    def generative(self) -> dict[Kind, GenerativeParams]:
        """Give what is asked of an LLM and switched on."""
        every: dict[Kind, GenerativeParams] = {"rewrite": self.rewrite, "questions": self.questions}
        return {kind: params for kind, params in every.items() if params.enabled}


class SyntheticReport(Report):
    """What was made: for every kind, `made` = `documents` + the sum of `excluded`. Empty where all is off."""

    made: dict[str, int] = Field({})
    documents: dict[str, int] = Field({})
    """Kept."""
    excluded: dict[str, dict[str, int]] = Field({})
    """Kind to reason to documents; they are among the `excluded` of the stage."""
    unchanged: dict[str, int] = Field({})
    """Chosen documents in which nothing could be changed, so that nothing was made."""
    requests: int = 0
    """To the LLM; answers that were kept from earlier runs among them."""
    failed_requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    questions: int = 0
    measured_questions: int = 0
    """Compared with general text of their language."""
    too_general_questions: int = 0
