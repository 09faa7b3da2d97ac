"""What every source of text says about itself in conf."""

from __future__ import annotations

from pydantic import Field, model_validator

from cpt_pipeline.core.params import Name
from cpt_pipeline.extraction.reading import ReadingParams
from cpt_pipeline.text.language_tags import MaybeLanguage

DIALOGUE = "dialogue"
"""Category of what `dialogues` makes."""


class SourceParams(ReadingParams):
    """The keys that sources of all kinds share; a record that says something of its own (`columns`) is believed."""

    name: Name
    channel: str
    license: str = ""
    """SPDX expression, or `unknown, allowed because <reason>`. A source without one is refused."""
    category: str | None = None
    language: MaybeLanguage | None = None
    """Code, tag or name (`zh`, `eng_Latn`, `German`); none where the text shall say it, document by document."""
    url: str | None = None
    """Where the source as a whole comes from."""
    published: str | None = Field(None, pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    max_document_characters: int | None = Field(None, ge=1)
    """Longer texts (a book) are cut between paragraphs or lines; the parts are named `/1`, `/2`, ..."""
    max_characters: int | None = Field(None, ge=1)
    """Stop at so much text, in the order of the records. Such a source is read by one worker."""

    @model_validator(mode="after")
    def _dialogues_are_named(self) -> SourceParams:
        if self.dialogues is not None and (self.category not in (None, DIALOGUE) or "category" in self.columns):
            raise ValueError(f"source {self.name}: what dialogues makes has the category dialogue; leave category out")
        return self
