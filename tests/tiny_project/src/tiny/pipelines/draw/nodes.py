"""Node of draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from tiny.words import DrawParams, draw_words


def draw(params: DrawParams) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """Write the words."""
    with workspace("draw", {}, params) as work:
        num_words = draw_words(work.out / "words", params)
        return {"num_words": num_words, "share": 0.5, "ok": True}, work.provenance(), work.out / "words"
