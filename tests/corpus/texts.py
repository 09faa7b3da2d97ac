"""Texts, artifacts and items that the tests of this folder make."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.formats.documents import DocumentWriter, document

_SYLLABLES = [first + vowel + last for first in "bdfgklmnprst" for vowel in "aeiou" for last in "lmnrs"]


def make_text(number: int, num_words: int = 120) -> str:
    """Make a text of its own for every number: about 600 characters in lines of eight words."""
    chance = random.Random(number)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 2))) for _ in range(num_words)]
    return "\n".join(" ".join(words[start : start + 8]) for start in range(0, num_words, 8))


def write_artifact(place: Path, rows: Iterable[dict[str, Any] | tuple[str, str]], **options: int) -> Path:
    """Write rows, or (channel, text) pairs with ids `s/0`, `s/1`, ..., as a finished artifact."""
    with DocumentWriter(place, **options) as writer:
        for number, row in enumerate(rows):
            made = row if isinstance(row, dict) else make_row(number, row[1], channel=row[0])
            writer.write(made)
    return place


def make_row(number: int, text: str, *, channel: str = "en", category: str | None = None) -> dict[str, Any]:
    return document(id=f"s/{number}", text=text, channel=channel, source="s", license="MIT", category=category)


def item(prompt: str, answer: str, number: int = 0, benchmark: str = "quiz") -> BenchmarkItem:
    choices = ("wrong", answer)
    return BenchmarkItem(id=str(number), benchmark=benchmark, ability="any", prompt=prompt, choices=choices, answer=1)
