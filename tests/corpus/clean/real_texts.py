"""Real texts for the tests of the rules, and datatrove's verdict on a text."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document


def folder(name: str) -> Path:
    """Give a folder of real data; skip the test where there is none."""
    if "CPT_SHARED" not in os.environ:
        pytest.skip("CPT_SHARED names no folder of real data")
    return Path(os.environ["CPT_SHARED"]) / "data" / name


def english_documents(num_pages: int) -> list[str]:
    """Give so many web pages, a tenth as many pieces of stories and encyclopedia, and a Python manual."""
    place = folder("general_en")
    with (place / "c4_demo.jsonl").open(encoding="utf-8") as pages:
        found = [json.loads(line)["text"] for line, _ in zip(pages, range(num_pages), strict=False)]
    for name in ("tiny_stories.txt", "wiki_demo.txt"):
        text = (place / name).read_text("utf-8", "replace")
        found += [text[start : start + 2_500] for start in range(0, 2_500 * (num_pages // 10), 2_500)]
    return [*found, str(json.__doc__), str(os.__doc__), str(Document.__doc__), pytest.raises.__doc__ or ""]


def chinese_documents() -> dict[str, list[str]]:
    """Give encyclopedia paragraphs, instructions with answers, and sections of medical books."""
    paragraphs = json.loads((folder("general_zh") / "cmrc2018_dev.json").read_text("utf-8"))
    answers = json.loads((folder("instruct") / "alpaca_zh_demo.json").read_text("utf-8"))
    book = (folder("domain_zh_tcm_gb18030") / "132-女科证治准绳.txt").read_bytes().decode("gb18030", "replace")
    joined = ["\n".join(filter(None, (a["instruction"], a["input"], a["output"]))) for a in answers]
    return {
        "encyclopedia": list(dict.fromkeys(_contexts(paragraphs))),
        "instructions": [text for text in joined if len(text) >= 100],
        "book": [book[start : start + 1_500] for start in range(0, len(book), 1_500)],
    }


@lru_cache
def datatrove_words() -> Any:
    """Give datatrove's English tokenizer."""
    from datatrove.utils.word_tokenizers import load_word_tokenizer

    return load_word_tokenizer("eng")


def datatrove_reason(block: Any, text: str) -> str | None:
    """Give the reason for which a filter of datatrove drops a text."""
    result = block.filter(Document(text=text, id=""))
    return None if result is True else result[1]


def _contexts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [text for key, text in value.items() if key in {"context", "context_text"} and isinstance(text, str)]
        return own or [text for each in value.values() for text in _contexts(each)]
    return [text for each in value for text in _contexts(each)] if isinstance(value, list) else []
