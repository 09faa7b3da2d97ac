"""The sentence of every kind of finding."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.release.checks import Judged, judge_channels
from cpt_pipeline.release.params import DecideParams

CHANNELS = ChannelsParams(roles={"domain": "domain", "en": "general"})


def judge(channel: str, change: tuple[float, float, float] | None, documents: int = 50) -> Judged:
    known: dict[str, Any] = {}
    if change is not None:
        known[channel] = dict(zip(("relative_change", "low", "high"), change, strict=True))
    scores = {
        "models": {"stage1": {"channels": {channel: {"documents": documents}}}},
        "comparisons": {"stage1": {"channels": known}},
        "confidence": 0.9,
    }
    judged = judge_channels(scores, "stage1", DecideParams(), CHANNELS)
    return next(each for each in judged if each.check.channel == channel)


@pytest.mark.parametrize(
    ("channel", "change", "finding", "words"),
    [
        ("domain", (-0.3, -0.4, -0.2), "passed", "was learnt: bits per byte fell by 30.0%"),
        ("domain", (-0.16, -0.2, -0.1), "unclear", "may have passed, but its interval reaches over the limit: bits"),
        ("domain", (-0.05, -0.1, 0.0), "learnt_too_little", "was learnt too little: bits per byte fell by 5.0%"),
        ("domain", (0.05, 0.01, 0.1), "got_worse", "got worse: bits per byte rose by 5.0%"),
        ("domain", None, "not_measured", "was not measured"),
        ("en", (0.01, 0.0, 0.02), "passed", "was kept: bits per byte rose by 1.0%"),
        ("en", (0.015, 0.01, 0.03), "unclear", "may have passed"),
        ("en", (0.025, 0.01, 0.03), "may_be_forgotten", "may be partly forgotten: bits per byte rose by 2.5%"),
        (
            "en",
            (0.12, 0.1, 0.14),
            "forgotten",
            "(90% interval over 50 documents: +10.0% to +14.0%); at most 2.0% more is allowed.",
        ),
        ("en", (float("nan"),) * 3, "not_a_number", "has no usable score"),
    ],
)
def test_words_fit_the_finding(channel: str, change: Any, finding: str, words: str) -> None:
    found = judge(channel, change)
    assert found.finding == finding
    assert words in found.check.words
    assert found.check.passed == (finding == "passed")


def test_few_documents_are_named() -> None:
    found = judge("en", (0.0, 0.0, 0.0), documents=7)
    assert found.finding == "too_few_documents"
    assert "rests on 7 held-out documents and needs 30" in found.check.words


def test_a_gain_is_a_change_turned_round() -> None:
    check = judge("domain", (-0.3, -0.4, -0.2)).check
    assert (check.quantity, check.point, check.low, check.high) == ("gain", 0.3, 0.2, 0.4)
