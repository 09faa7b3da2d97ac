"""Verdict, checks, before and after."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.reporting import outcome
from cpt_pipeline.reporting.page import Mark
from cpt_pipeline.reporting.reading import Artifacts
from cpt_pipeline.reporting.report import render_report


@pytest.mark.parametrize(
    ("verdict", "word", "tone"),
    [("promote", "Promoted", "good"), ("hold", "Held", "open"), ("roll_back", "Rolled back", "bad")],
)
def test_banner_says_the_verdict(artifacts: dict[str, Any], verdict: str, word: str, tone: str) -> None:
    artifacts["decision"]["verdict"] = verdict
    found = outcome.banner(Artifacts(artifacts))
    assert (found.word, found.tone, found.released) == (word, tone, "stage2")


def test_banner_releases_no_base(artifacts: dict[str, Any]) -> None:
    artifacts["decision"] |= {"verdict": "hold", "model": "base"}
    assert outcome.banner(Artifacts(artifacts)).released is None


def test_cards_have_the_tone_of_their_check(artifacts: dict[str, Any]) -> None:
    artifacts["decision"]["checks"][2]["passed"] = False
    found = {card.label: card for card in outcome.cards(Artifacts(artifacts))}
    assert (found["domain"].value, found["domain"].tone) == ("−24.5%", "good")
    assert found["en"].tone == "bad"
    assert found["tokens trained"].value == "754 k"


def test_candidates_are_all_there_with_their_place(artifacts: dict[str, Any]) -> None:
    artifacts["decision"]["model"] = "stage1"
    rows = outcome.candidates(Artifacts(artifacts)).rows
    assert [(row[0], row[1], row[2], row[-1]) for row in rows] == [
        ("stage1-step-000100", "100", "−18.0%", ""),
        ("stage1", "147", "−21.8%", "released"),
        ("stage2", "37", "−24.5%", "judged"),
    ]


def test_checks_name_limit_and_result(artifacts: dict[str, Any]) -> None:
    artifacts["decision"]["checks"][0] |= {"passed": False, "point": 0.1, "low": 0.08, "high": 0.12}
    rows = outcome.checks(Artifacts(artifacts)).rows
    assert rows[0][0] == "domain"
    assert rows[1] == ("code", "general", "rise", "10.0%", "8.0% to 12.0%", "at most 2.0%", Mark("not passed", "bad"))


@pytest.mark.parametrize(
    ("passed", "finding", "mark"),
    [
        (True, "passed", Mark("passed", "good")),
        (False, "too_few_documents", Mark("too few documents", "open")),
        (False, "unclear", Mark("undecided", "open")),
        (False, "not_measured", Mark("not measured", "open")),
        (False, "forgotten", Mark("not passed", "bad")),
        (False, "learnt_too_little", Mark("not passed", "bad")),
    ],
)
def test_a_check_with_too_little_evidence_is_no_failure(
    artifacts: dict[str, Any], passed: bool, finding: str, mark: Mark
) -> None:
    """The card of a channel has the tone of its row: a band that lies left of the limit is never red."""
    artifacts["decision"]["checks"][0] |= {"passed": passed, "finding": finding}
    channel = artifacts["decision"]["checks"][0]["channel"]
    (row,) = (row for row in outcome.checks(Artifacts(artifacts)).rows if row[0] == channel)
    assert row[-1] == mark
    (card,) = (card for card in outcome.cards(Artifacts(artifacts)) if card.label == channel)
    assert card.tone == mark.tone


def test_error_of_an_accuracy(artifacts: dict[str, Any]) -> None:
    assert outcome.benchmarks(Artifacts(artifacts)).rows == (("probes", "30", "36.7%", "43.3%", "+6.7%", "8.8%"),)


def test_line_ends_in_a_row_are_counted_and_not_shown(artifacts: dict[str, Any]) -> None:
    texts = artifacts["scores"]["samples"][0]["continuations"]
    texts["base"] = f" the{chr(10) * 30}end\n\n\nof it"
    shown = dict(outcome.samples(Artifacts(artifacts))[0].continuations)
    assert shown["base"] == " the\n[30 line ends]\nend\n\n\nof it"


def test_the_distance_of_what_is_published_from_what_was_trained_is_said_on_the_page(artifacts: dict[str, Any]) -> None:
    said = (
        "stage2 was trained on a base in 4 bits and is published in bf16: on the same tokens its logits differ from "
        "those at the end of training by 3.2 at most and 0.41 on average, its loss by +0.012 nats a token. What is "
        "judged here is the published model."
    )
    assert said in render_report(artifacts)
    del artifacts["merge_metrics"]["gap"]["stage2"]["nats"]
    assert outcome.published(Artifacts(artifacts)) is None
    assert said not in render_report(artifacts)
