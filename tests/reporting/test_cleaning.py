"""What was excluded, changed and replaced."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.reporting import cleaning
from cpt_pipeline.reporting.page import Bar, Lines, Mark
from cpt_pipeline.reporting.reading import Artifacts


def test_exclusions_are_counted_by_stage_and_reason_the_largest_first(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["excluded"] = {}
    del artifacts["collect_metrics"]
    rows = cleaning.excluded(Artifacts(artifacts)).rows
    assert rows[0] == ("collect", None, None, None)
    assert rows[1] == ("clean", "nothing", "0", "")
    assert rows[2] == ("dedup", "near", "101", "3.87%")


def test_exclusions_that_were_not_counted_are_missing_and_not_nothing(artifacts: dict[str, Any]) -> None:
    del artifacts["clean_metrics"]["excluded"]
    assert ("clean", None, None, None) in cleaning.excluded(Artifacts(artifacts)).rows


def test_exclusions_of_a_channel_are_those_of_its_sources_and_of_the_later_stages(artifacts: dict[str, Any]) -> None:
    found = cleaning.excluded_by_channel(Artifacts(artifacts))
    assert found.columns == ("stage", "reason", "domain", "code", "en")
    assert ("collect", "empty", "10", "0", "20") in found.rows
    assert ("clean", "symbols", "0", "0", "28") in found.rows
    artifacts["clean_metrics"]["excluded_by_channel"]["en"]["symbols"] = None
    del artifacts["dedup_metrics"]["excluded_by_channel"]
    del artifacts["collect_metrics"]["sources"]["python-topics"]["excluded"]
    rows = cleaning.excluded_by_channel(Artifacts(artifacts)).rows
    assert ("collect", "empty", None, None, None) in rows
    assert ("clean", "symbols", "0", "0", None) in rows
    assert ("dedup", "exact", None, None, None) in rows


def test_sources_of_one_channel_are_added_up(artifacts: dict[str, Any]) -> None:
    artifacts["collect_metrics"]["sources"]["python-topics"]["channel"] = "domain"
    assert cleaning.excluded_by_channel(Artifacts(artifacts)).rows[0] == ("collect", "empty", "30", "0", "0")


def test_changes_are_grouped_by_step_and_unit_without_personal_data(artifacts: dict[str, Any]) -> None:
    assert cleaning.steps(Artifacts(artifacts)).rows == (
        ("noise", "adverts", Bar("410", 1.0), "characters removed"),
        ("noise", "adverts", Bar("9", 1.0), "lines removed"),
        ("normalise", "unicode nfc", Bar("41", 1.0), "documents changed"),
        ("normalise", "line ends", Bar("3", 3 / 41), "documents changed"),
    )


SYNTHETIC = {
    "made": {"rewrite": 40, "shuffle_sentences": 90},
    "documents": {"rewrite": 37, "shuffle_sentences": 90},
    "excluded": {"rewrite": {"no_answer": 2, "too_short": 1}},
    "unchanged": {"shuffle_sentences": 4},
    "requests": 80,
    "failed_requests": 2,
    "prompt_tokens": 50_000,
    "completion_tokens": 20_000,
    "questions": 0,
    "measured_questions": 0,
    "too_general_questions": 0,
}


def test_what_was_made_is_counted_by_kind_and_nothing_is_said_of_what_is_off(artifacts: dict[str, Any]) -> None:
    assert cleaning.synthetic(Artifacts(artifacts)).rows == ()
    assert cleaning.asked(Artifacts(artifacts)).rows == ()
    artifacts["clean_metrics"]["synthetic"] = SYNTHETIC
    assert cleaning.synthetic(Artifacts(artifacts)).rows == (
        ("shuffle sentences", "90", "90", "none", "4"),
        ("rewrite", "40", "37", Lines(("no answer 2", "too short 1")), "0"),
    )
    assert [row[:2] for row in cleaning.asked(Artifacts(artifacts)).rows] == [
        ("requests", "80"),
        ("failed requests", "2"),
        ("prompt tokens", "50,000"),
        ("completion tokens", "20,000"),
        ("questions", "0"),
    ]


@pytest.mark.feature(136)
def test_the_share_of_too_general_questions_is_of_those_that_were_measured(artifacts: dict[str, Any]) -> None:
    measured = {"questions": 40, "measured_questions": 30, "too_general_questions": 6}
    artifacts["clean_metrics"]["synthetic"] = {**SYNTHETIC, **measured}
    last = ("questions that are too general", "6", "20.0%")
    assert cleaning.asked(Artifacts(artifacts)).rows[-1] == last
    artifacts["clean_metrics"]["synthetic"]["measured_questions"] = 0
    assert cleaning.asked(Artifacts(artifacts)).rows[-1] == (last[0], None, None)


def test_copies_and_passages_are_counted_or_missing(artifacts: dict[str, Any]) -> None:
    del artifacts["dedup_metrics"]["passages"]["units"]
    assert [row[1] for row in cleaning.copies(Artifacts(artifacts)).rows] == [
        "44",
        "9",
        "3",
        "4",
        "1,700",
        "31",
        None,
        "5,120",
    ]


def test_copies_by_meaning_are_counted_or_missing_and_switched_off_there_is_no_table(artifacts: dict[str, Any]) -> None:
    del artifacts["dedup_metrics"]["semantic"]["pairs"]
    found = cleaning.semantic(Artifacts(artifacts))
    assert found is not None
    assert [row[1] for row in found.rows] == ["2,500", "1", "2,500", "0", "3,123,750", None, "61", "2"]
    assert cleaning.semantic_curve(Artifacts(artifacts)).rows == (
        ("0.75", "2,439", "9,000,000", "in force"),
        ("0.90", "2,490", "9,400,000", ""),
    )
    artifacts["dedup_metrics"]["semantic"] = None
    assert cleaning.semantic(Artifacts(artifacts)) is None


def test_phrases_are_listed_by_source_with_an_example(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["phrases"] |= {"none": [], "lost": None}
    found = {source: (short, table.rows) for source, short, table in cleaning.phrases(Artifacts(artifacts))}
    assert found["python-topics"] == (
        "2 listed, 1 removed",
        (
            ("See also the manual", "90", Bar("10.0%", 0.1), "removed", "t/1"),
            ("见上", "45", Bar("5.0%", 0.05), Mark("left in", "quiet"), "t/2"),
        ),
    )
    assert found["none"] == ("none listed", ())
    assert found["lost"] == ("missing", ())


def test_stock_replies_are_listed_as_phrases_are(artifacts: dict[str, Any]) -> None:
    ((source, short, table),) = cleaning.phrases(Artifacts(artifacts), "stock_replies")
    assert (source, short) == ("science-docstrings", "1 listed, 1 removed")
    assert table.rows == (("请稍等", "270", Bar("30.0%", 0.3), "removed", "d/1"),)


def test_dialogues_are_measured_by_unit(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["dialogues"]["turn"] = {"dialogues": 3, "density_after": None}
    assert cleaning.dialogues(Artifacts(artifacts)).rows == (
        ("linked", "900", "4,001", "873", "0.413", "0.500"),
        ("turn", "3", None, None, None, None),
    )
    del artifacts["clean_metrics"]["dialogues"]
    assert cleaning.dialogues(Artifacts(artifacts)).rows == ()


def test_a_long_phrase_is_shortened_and_what_it_lacks_is_missing() -> None:
    artifacts = {"clean_metrics": {"phrases": {"a": [{"text": "ab " * 200}]}}}
    ((_, _, table),) = cleaning.phrases(Artifacts(artifacts))
    text, *rest = table.rows[0]
    assert isinstance(text, str)
    assert len(text) == 240
    assert text.endswith(" ab…")
    assert rest == [None] * 4


def test_benchmarks_are_told_one_by_one(artifacts: dict[str, Any]) -> None:
    artifacts["dedup_metrics"]["benchmarks"]["other"] = {"items": 5, "found_items": 0}
    assert cleaning.guarded(Artifacts(artifacts)).rows == (
        ("probes", "30", "12", "1", "1", "3"),
        ("other", "5", None, "0", None, None),
    )
