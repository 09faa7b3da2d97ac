"""Documents that are hard to encode."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cpt_pipeline.formats.documents import DocumentWriter, document

NASTY = (
    "",
    " ",
    "\n\n\n",
    "  two leading spaces and two trailing  ",
    "\t\ttabs\r\nand\rreturns\x0b\x0c",
    "the the the the the the",
    "emoji 😀👩‍👩‍👧‍👦🏳️‍🌈 and flags 🇨🇳",
    "中文文本，没有空格。東京都 한국어 ไทย العربية עברית",
    "e\u0301 against é, ﬁ, Å, ½, \u00a0 \u200b \u2028 \ufeff",
    "\x01\x02\x1b[31m\x7f control characters",
    "1234567890 3.14159 1e-8 0x1F",
    "def f(x):\n    return {'a': [x ** 2, \"b\"]}  # comment\n",
    "a" * 3_000,
    "\U0010ffff\ue000\ufffd",
    "<|endoftext|> in the text, and at its end <|endoftext|>",
    "don't can't I'LL we've",
)


def write_documents(directory: Path, texts: Iterable[str], channels: Iterable[str]) -> Path:
    """Write and seal one document per text; document `n` has id `d<n>`."""
    with DocumentWriter(directory) as writer:
        for index, (text, channel) in enumerate(zip(texts, channels, strict=True)):
            row = document(id=f"d{index}", text=text, channel=channel, source="t", license="MIT", quality=0.5)
            writer.write({**row, "category": "c" if index % 2 else None})
    return directory
