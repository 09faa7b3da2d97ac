"""Node of clean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from tiny.words import CleanParams, clean_words


def clean(words: Path, params: CleanParams) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """Keep the long words."""
    with workspace("clean", {"words": words}, params) as work:
        num_words = clean_words(words, work.out / "clean_words", params)
        return {"num_words": num_words}, work.provenance(), work.out / "clean_words"
