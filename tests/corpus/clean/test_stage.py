"""Clean: rules with literal numbers, order kept, nothing lost, and limits that never reach the bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.corpus.clean.params import CleanParams, FormatCapParams
from cpt_pipeline.formats.documents import digest_text, read_documents
from tests.corpus.stages import clean_documents
from tests.corpus.texts import make_row, make_text, write_artifact

REPOSITORY = Path(__file__).parents[3]
BAD = {
    "too_short": ("five words " * 9).strip(),
    "few_letters": "12.34 56.78 | " * 20 + "some words at the end",
}
RULES = CleanParams().rules.model_dump()
PLAIN = "reference"
"""A category that only the basic rules are for."""


def rows_of(*texts: str) -> list[dict[str, Any]]:
    return [make_row(number, text, category=PLAIN) for number, text in enumerate(texts)]


def rules(**limits: Any) -> CleanParams:
    """Give the default with other limits of the basic rules."""
    return CleanParams.model_validate({**CleanParams().model_dump(), "rules": {**RULES, "basic": limits}})


def test_documents_keep_order_id_and_get_new_digest(tmp_path: Path) -> None:
    texts = [make_text(0) + "  \r\n", BAD["too_short"], make_text(1), BAD["few_letters"], make_text(2)]
    raw = write_artifact(tmp_path / "raw", rows_of(*texts))
    report = clean_documents(raw, tmp_path, CleanParams())
    rows = list(read_documents(tmp_path / "clean_documents"))
    assert [row["id"] for row in rows] == ["s/0", "s/2", "s/4"]
    assert rows[0]["text"] == make_text(0)
    assert rows[0]["digest"] == digest_text(make_text(0))
    assert rows[0]["quality"] == pytest.approx(0.9075, abs=1e-4)
    assert rows[0]["language"] is not None
    excluded = [(row["id"], row["reason"], row["detail"]) for row in read_documents(tmp_path / "clean_excluded")]
    assert excluded == [
        ("s/1", "too_short", "characters 98, at least 100"),
        ("s/3", "few_letters", "letter share 0.07173, at least 0.4"),
    ]
    assert report.counts == {"language/und (jv)": 2, "normalise/line_ends": 1, "normalise/trailing_blanks": 1}
    assert report.excluded_by_channel == {"en": {"few_letters": 1, "too_short": 1}}
    assert (report.records_in, report.documents, report.channels["en"].documents) == (5, 3, 3)


@pytest.mark.feature(123)
def test_limit_that_excludes_nothing_leaves_the_bytes_alone(tmp_path: Path) -> None:
    rows = rows_of(*map(make_text, range(20)), "short")
    raw = write_artifact(tmp_path / "raw", rows)
    clean_documents(raw, tmp_path / "a", CleanParams())
    clean_documents(raw, tmp_path / "b", rules(min_characters=120, max_mean_word_characters=30))
    clean_documents(raw, tmp_path / "c", rules(min_characters=1))
    manifests = [(tmp_path / name / "clean_documents" / MANIFEST).read_bytes() for name in "abc"]
    assert manifests[0] == manifests[1] != manifests[2]


def test_shard_size_of_the_input_does_not_matter(tmp_path: Path) -> None:
    rows = rows_of(*map(make_text, range(20)))
    for name, size in (("a", 500), ("b", 1 << 20)):
        clean_documents(
            write_artifact(tmp_path / f"raw-{name}", rows, shard_bytes=size), tmp_path / name, CleanParams()
        )
    manifests = [(tmp_path / name / "clean_documents" / MANIFEST).read_bytes() for name in "ab"]
    assert manifests[0] == manifests[1]


def test_channel_without_any_text_left_is_named_with_the_reasons(tmp_path: Path) -> None:
    given = [("en", make_text(1)), ("domain", "short"), ("domain", BAD["few_letters"]), ("domain", "no")]
    rows = [make_row(n, text, channel=channel, category=PLAIN) for n, (channel, text) in enumerate(given)]
    with pytest.raises(NothingLeftError, match="channel domain: too_short 2, few_letters 1"):
        clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path, CleanParams())
    assert not (tmp_path / "clean_documents" / MANIFEST).exists()


def test_input_without_documents_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingLeftError, match="raw_documents holds no document at all"):
        clean_documents(write_artifact(tmp_path / "raw", []), tmp_path, CleanParams())


def test_shipped_conf_is_the_default() -> None:
    given = yaml.safe_load((REPOSITORY / "conf/base/parameters_clean.yml").read_text())["clean"]
    assert CleanParams.model_validate(given) == CleanParams()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)))
def test_records_in_are_kept_or_excluded(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    place = tmp_path_factory.mktemp("clean")
    raw = write_artifact(place / "raw", rows_of(*texts, make_text(1)))
    report = clean_documents(raw, place, CleanParams())
    kept = [row["id"] for row in read_documents(place / "clean_documents")]
    excluded = [row["id"] for row in read_documents(place / "clean_excluded")]
    assert sorted(kept + excluded) == sorted(f"s/{number}" for number in range(len(texts) + 1))
    assert report.records_in == report.documents + sum(report.excluded.values()) == len(texts) + 1


@pytest.mark.feature(30)
def test_strong_formats_are_capped_and_the_first_ones_stay(tmp_path: Path) -> None:
    texts = [f'{{"name": "{make_text(number, 30)!r}", "value": {number}}}'.replace("\\n", " ") for number in range(6)]
    rows = [make_row(number, text) for number, text in enumerate(texts)]
    params = CleanParams(format_cap=FormatCapParams(max_documents=4))
    report = clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path, params)
    assert report.categories == {"en": {"json": 4}}
    excluded = [(row["id"], row["reason"], row["detail"]) for row in read_documents(tmp_path / "clean_excluded")]
    detail = "json: 4 documents came before"
    assert excluded == [("s/4", "format_cap", detail), ("s/5", "format_cap", detail)]


@pytest.mark.feature(29)
def test_phrases_are_listed_and_removed_by_share(tmp_path: Path) -> None:
    notice = "This page was printed from the website of our wonderful friends"
    texts = [f"{make_text(number, 60)}\n{notice}" if number < 30 else make_text(number, 60) for number in range(40)]
    rows = [make_row(number, text, category="essay") for number, text in enumerate(texts)]
    raw = write_artifact(tmp_path / "raw", rows)
    off = {family: {"enabled": False} for family in ("gopher_repetition", "gopher_quality")}
    for name, share, num_removed in (("listed", None, 0), ("rare", 0.76, 0), ("removed", 0.5, 30)):
        phrases = {"enabled": True, "remove_share": share, "max_listed": 1}
        params = CleanParams.model_validate({"phrases": phrases, "rules": {**RULES, **off}})
        report = clean_documents(raw, tmp_path / name, params)
        listed = [each.model_dump() for each in report.phrases.get("s", ())]
        known = {"text": notice, "documents": 30, "share": 0.75, "example": "s/0"}
        assert listed == [{**known, "removed": bool(num_removed)}]
        assert report.counts.get("phrases/removed", 0) == num_removed
        kept = [row["text"] for row in read_documents(tmp_path / name / "clean_documents")]
        assert (len(kept), sum("wonderful" in text for text in kept)) == (40, 30 - num_removed)


def test_personal_data_is_replaced_and_what_was_put_in_is_checked(tmp_path: Path) -> None:
    texts = [f"{make_text(number)}\nwrite to anna.{number}@fastmail-post.org today" for number in range(8)]
    report = clean_documents(write_artifact(tmp_path / "raw", rows_of(*texts)), tmp_path, CleanParams())
    assert report.counts["personal_data/email"] == 8
    assert (report.surrogates.replacements, report.surrogates.too_frequent) == (8, {})
    assert not any("fastmail-post" in row["text"] for row in read_documents(tmp_path / "clean_documents"))
