"""The step of clean that says in which language a document is."""

from __future__ import annotations

from datatrove.data import Document

from cpt_pipeline.corpus.clean.languages.language import Language, LanguageParams, identify, judge_language
from cpt_pipeline.corpus.engine.steps import DocumentStep, count, exclude
from cpt_pipeline.text.language_tags import NotALanguageError, read_language


class NameLanguage(DocumentStep):
    """Say in which language a document is, and exclude those that are not wanted."""

    name = "name the language"

    def __init__(self, params: LanguageParams) -> None:
        super().__init__()
        self._params = params

    def apply(self, document: Document) -> None:
        """Believe the source where it names a language, which must be wanted too; count texts in two languages."""
        found = document.metadata
        found["language"] = _named(document)
        if found["category"] in ("code", "json"):
            return
        if found["language"] is not None:
            language = Language(found["language"], 1.0)
        else:
            language = identify(document.text, self._params)
            found["language"] = language.code
            if language.second is not None:
                count(document, f"language/{language.code}+{language.second}")
            if language.instead is not None:
                count(document, f"language/{language.code} ({language.instead})")
        verdict = judge_language(language, self._params)
        if verdict is not True:
            exclude(document, *verdict[1:])


def _named(document: Document) -> str | None:
    """Return the code of the language that a record or its source names; a tag that is no language is counted."""
    try:
        return read_language(document.metadata["language"] or "")
    except NotALanguageError:
        count(document, "language/tag of none")
        return None
