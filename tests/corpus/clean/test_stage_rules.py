"""The rules inside the stage: the reasons of datatrove's filters, their Chinese counterparts, the basic ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.clean.repair.line_noise import LineNoiseParams
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.clean.rules.test_chinese import SPAM
from tests.corpus.clean.rules.test_rules import PROSE
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

MENU = "\n".join(["About us", "Contact", "Privacy", "Shop", "Jobs", "Press"])
SENTENCES = [f"{each}." for each in PROSE.rstrip(".").split(". ")]
NOUNS = (
    "river harbour castle meadow bridge lantern orchard market valley candle garden tower village stable kitchen mill"
)
WORDS = NOUNS.split()
TITLES = [f"the {a} and a {b} of {c}" for a, b, c in zip(WORDS, WORDS[1:], WORDS[7:], strict=False)]
ENGLISH = {
    "kept": PROSE,
    "kept without its menu": f"{MENU}\n{PROSE}",
    "gopher_dup_para_frac": "\n\n".join([PROSE] * 3),
    "gopher_dup_line_frac": "\n".join([PROSE, *["And they lived there."] * 9]),
    "gopher_top_2_gram": PROSE + " the mill" * 40,
    "gopher_top_4_gram": PROSE + " Nothing was left of it but an old chair." * 6,
    "gopher_short_doc": PROSE[:150],
    "gopher_above_avg_threshold": " ".join(f"{word}ization{word}" for word in PROSE.split()),
    "gopher_too_many_hashes": " ".join(f"{word}#" for word in PROSE.split()),
    "gopher_too_many_bullets": "\n".join(f"- {each}" for each in SENTENCES),
    "gopher_too_many_end_ellipsis": "\n".join(f"{each}.." for each in SENTENCES),
    "c4_lorem_ipsum": f"{PROSE} Lorem ipsum dolor sit amet.",
    "c4_curly_bracket": f"{PROSE} So {{it}} ends.",
    "c4_too_few_sentences": PROSE.replace(".", ""),
    "fineweb_line_punct_ratio": "\n".join([PROSE, *TITLES]),
    "fineweb_short_line_ratio": "\n".join(
        [PROSE, *(f"So {a} met {b}." for a, b in zip(WORDS[::2], WORDS[1::2], strict=True))]
    ),
}
"""Texts by the reason for which they go, if they do."""
NO_NOISE_RULES = {name: False for name, each in LineNoiseParams.model_fields.items() if each.annotation is bool}
BASIC = {
    "too_short": "Seventy characters of the best prose are too few for any rule to judge.",
    "too_long": PROSE * 15,
    "few_letters": "12.34 56.78 | " * 20 + "some words at the end",
    "repeated_lines": "\n".join([PROSE] * 3),
    "long_words": " ".join(f"{word}izational{word}ization{word}" for word in PROSE.split()),
    "few_distinct_words": "buy now" + " buy now" * 60,
}


def reason_of_datatrove(text: str) -> str | None:
    """Ask the four filters one after the other, as FineWeb does."""
    made = Document(text=text, id="")
    blocks = {
        "gopher_": GopherRepetitionFilter(),
        "": GopherQualityFilter(),
        "c4_": C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb_": FineWebQualityFilter(),
    }
    for prefix, block in blocks.items():
        if (result := block.filter(made)) is not True:
            return f"{prefix}{result[1]}"
    return None


@pytest.mark.feature(16)
def test_reasons_are_those_of_datatrove_of_the_chinese_rules_and_of_the_basic_ones(tmp_path: Path) -> None:
    groups = {"en": ("page", ENGLISH, "en"), "zh": ("page", SPAM, "zh"), "basic": ("letter", BASIC, "en")}
    rows: list[dict[str, Any]] = [
        document(id=f"{name}/{each}", text=text, channel="en", source="s", license="MIT", category=kind, language=code)
        for name, (kind, texts, code) in groups.items()
        for each, text in texts.items()
    ]
    params = CleanParams.model_validate(
        {
            "normalise": {"encoding_repair": False},
            "noise": NO_NOISE_RULES,
            "rules": {
                "basic": {"max_characters": 4_000},
                "web_categories": ["page", "letter"],
                "by_category": {"page": {"without": ["basic"]}},
            },
        }
    )
    report = clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path / "out", params)
    kept = {row["id"]: row["text"] for row in read_documents(tmp_path / "out/clean_documents")}
    assert kept == {"en/kept": PROSE, "en/kept without its menu": PROSE}
    assert report.counts == {"lines/too_few_words": 6}
    excluded = {row["id"]: row["reason"] for row in read_documents(tmp_path / "out/clean_excluded")}
    assert [*excluded.items()] == [(row["id"], row["id"].partition("/")[2]) for row in rows if row["id"] not in kept]
    theirs = {f"en/{name}": reason_of_datatrove(text) for name, text in ENGLISH.items()}
    assert theirs == {name: excluded.get(name) for name in theirs}
    books = [{**row, "category": "book"} for row in rows if row["id"].startswith(("en/", "zh/"))]
    off = {"normalise": {"encoding_repair": False}, "noise": NO_NOISE_RULES, "rules": {"basic": {"enabled": False}}}
    counted = clean_documents(write_artifact(tmp_path / "b", books), tmp_path / "2", CleanParams.model_validate(off))
    kept = {row["id"]: row["text"] for row in read_documents(tmp_path / "2/clean_documents")}
    assert kept == {row["id"]: row["text"] for row in books}, "rules for web pages take nothing from a book"
    found = counted.rules["en"]["book"]
    expected = {reason for reason in excluded.values() if reason.startswith(("gopher", "c4", "fineweb", "chinese"))}
    assert expected - {"gopher_long_doc"} <= set(found.counted)
    menu = sum(map(len, MENU.split("\n")))
    assert found.counted["c4_lines/too_few_words"].characters >= menu
    assert found.judged.documents == len(books) == found.counted_together.documents + 1
    assert (found.excluded, counted.excluded) == ({}, {})
