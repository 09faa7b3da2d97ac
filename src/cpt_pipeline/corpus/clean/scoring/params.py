"""`clean.scorer:` in conf: which scorer, what it learns from, and what its scores decide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cpt_pipeline.core.inputs import HubName, HubParams, InputFile
from cpt_pipeline.core.params import DropNulls, Params, Seed
from cpt_pipeline.corpus.clean.scoring.asking_params import AskParams
from cpt_pipeline.corpus.models.text_model import TextModelParams

_ENGLISH = (
    "###\n{text}\n###\n\nDoes the text between the marks hold informative and well written content that a language "
    "model should learn from? Answer yes or no.\nAnswer:"
)
_CHINESE = (
    "###\n{text}\n###\n\n以上两行标记之间的文本是否信息丰富、行文规范，值得语言模型学习？请回答“是”或“否”。\n回答："
)


class LabelsParams(Params):
    """A file of texts with labels that the user brings."""

    path: InputFile
    """`.jsonl` or `.csv`, in UTF-8."""
    text: str = "text"
    """Field or column of the text."""
    label: str = "label"
    """Field or column of the label: a number, or `good` or `poor`."""
    max_label: float = Field(1.0, gt=0)
    """The best number: 1 for labels of 0 to 1, 5 for labels of 0 to 5."""
    group: str | None = None
    """Field or column of what must not be parted: texts of one document or source are all learnt from or all held
    back. Without it, passages of one page make a scorer look better than it is."""


class EncoderParams(HubParams):
    """An encoder of the BERT kind, trained on the labels with a head of one output."""

    name: HubName | None = None
    """Folder (with /, ./ or ~) in the layout of transformers with safetensors weights, or a hub name."""
    max_tokens: int = Field(512, ge=8)
    """Of a text the first ones are read."""
    epochs: int = Field(3, ge=1)
    batch_size: int = Field(16, ge=1)
    learning_rate: float = Field(3.0e-5, gt=0)
    warmup_share: float = Field(0.1, ge=0, lt=1)
    """Of all steps; afterwards the rate falls linearly to 0."""
    max_unknown_share: float = Field(0.2, ge=0, le=1)
    """A tokenizer that turns more of the labelled texts into its unknown token is of another language."""


class QuestionParams(Params):
    """What a language model is asked about a text, and the two answers it may give."""

    prompt: str = _ENGLISH
    """With `{text}` in it."""
    answers: tuple[str, str] = (" yes", " no")
    """For a text to learn from, and for one that is not; as they follow the prompt, blanks included."""

    @field_validator("prompt")
    @classmethod
    def _holds_the_text(cls, prompt: str) -> str:
        if prompt.count("{text}") != 1:
            raise ValueError("write {text} once, where the text belongs")
        return prompt


class LanguageModelParams(HubParams):
    """A causal language model that is asked, without training; a larger sibling of the base, never the base itself."""

    name: HubName | None = None
    """Folder (with /, ./ or ~) in the layout of transformers with safetensors weights, or a hub name."""
    max_tokens: int = Field(1024, ge=8)
    """Of a text the first ones are shown."""
    chat: bool = False
    """Put the question into the model's own chat template."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    en: QuestionParams = QuestionParams()
    zh: QuestionParams = QuestionParams(prompt=_CHINESE, answers=("是", "否"))
    """For texts most of whose words are Chinese characters."""


class ThresholdParams(Params):
    """What a score decides: at most one of both; none only grades."""

    min_score: float | None = Field(None, ge=0, le=1)
    """Documents below it are excluded."""
    kept_share: float | None = Field(None, gt=0, le=1)
    """So much of a channel's scored documents stays, the best; equal scores stay or go together."""

    @model_validator(mode="after")
    def _one_at_most(self) -> ThresholdParams:
        if self.min_score is not None and self.kept_share is not None:
            raise ValueError("give min_score or kept_share, not both")
        return self


class ScorerParams(ThresholdParams):
    """`clean.scorer:` in conf. Its own threshold is for every category that `by_category` does not name."""

    enabled: bool = False
    kind: Literal["linear", "encoder", "language_model"] = "linear"
    channels: tuple[str, ...] | None = None
    """Whose documents are scored; none means all. Strong formats never are."""
    labels: LabelsParams | None = None
    ask: AskParams = AskParams()
    validation_share: float = Field(0.2, gt=0, lt=1)
    """Of the labels; never trained on, so that what is reported is not what was learnt by heart."""
    seed: Seed = 0
    by_category: Annotated[dict[str, ThresholdParams], DropNulls] = Field({})
    """Of a category, kept_share is of its own documents within a channel."""
    linear: TextModelParams = TextModelParams()
    encoder: EncoderParams = EncoderParams()
    language_model: LanguageModelParams = LanguageModelParams()

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> ScorerParams:
        if self.labels is not None and self.ask.endpoint is not None:
            raise ValueError("labels come from the file in labels or from the model in ask.endpoint, not from both")
        if self.enabled and self.kind != "language_model" and self.labels is None and self.ask.endpoint is None:
            raise ValueError(
                f"a scorer of kind {self.kind} learns from labels: name a file in labels, or a model in ask.endpoint"
            )
        if self.enabled and self.kind != "linear" and getattr(self, self.kind).name is None:
            raise ValueError(f"kind is {self.kind}, so {self.kind}.name must be a model folder or a hub name")
        return self

    def threshold(self, category: str | None) -> ThresholdParams:
        """Give the threshold for the documents of a category."""
        return self.by_category.get(category or "", self)
