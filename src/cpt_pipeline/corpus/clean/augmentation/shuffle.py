"""The sentences or paragraphs of a text in another order."""

from __future__ import annotations

import random
import re
from typing import Literal

import xxhash

_SENTENCE = re.compile(r"(?:[^。！？!?.；]|\.(?![\s”’\"')]|$))*(?:[。！？!?.；]+[”’」』\"'）)]*|$)")
_PARAGRAPH_END = re.compile(r"((?<=[。！？!?.；”」』）)\"'])[ \t]*\n\s*|\n[ \t]*\n\s*)")
"""Also a line that ends as a sentence does; one that does not was broken inside a sentence."""
_NO_SPACE_AFTER = re.compile("[。！？；”’」』）…\u3400-\u9fff]$")


def shuffle_text(text: str, unit: Literal["sentence", "paragraph"], seed: str) -> str | None:
    """Give the text with its sentences (inside their paragraph) or its paragraphs in another order, one for each seed.

    None where there is nothing to change: one sentence per paragraph, one paragraph, or units that are all the same.
    """
    chance = random.Random(xxhash.xxh3_64_intdigest(seed))
    if unit == "paragraph":
        border = "\n\n" if "\n\n" in text else "\n"
        paragraphs = [each for each in text.split(border) if each.strip()]
        changed = border.join(_reorder(paragraphs, chance))
    else:
        parts = _PARAGRAPH_END.split(text)  # at odd places what stands between paragraphs
        changed = "".join(part if place % 2 else _shuffle(part, chance) for place, part in enumerate(parts))
    return changed if changed.split() != text.split() else None


def split_sentences(paragraph: str) -> list[str]:
    """Cut after what ends a sentence, in Chinese or Latin script; without the blanks between."""
    return [found for each in _SENTENCE.findall(paragraph) if (found := each.strip())]


def _shuffle(paragraph: str, chance: random.Random) -> str:
    sentences = split_sentences(paragraph)
    if len(sentences) < 2:
        return paragraph
    joined = ""
    for sentence in _reorder(sentences, chance):
        joined += sentence if not joined or _NO_SPACE_AFTER.search(joined) else f" {sentence}"
    return joined


def _reorder(units: list[str], chance: random.Random) -> list[str]:
    """Shuffle; an order that comes out as it was is turned by one."""
    shuffled = chance.sample(units, len(units))
    return shuffled if shuffled != units else [*units[1:], *units[:1]]
