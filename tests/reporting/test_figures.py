"""The curves: what is drawn where."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from cpt_pipeline.reporting.figures import as_svg, borders, changes_figure, curves_figure, heldout_curves, loss_curves

ROLES = {"domain": "domain", "en": "general"}


def heldout(tokens: int, **perplexities: float) -> dict[str, Any]:
    channels = {name: {"perplexity": value} for name, value in perplexities.items()}
    return {"kind": "heldout", "step": tokens // 10, "tokens": tokens, "channels": channels}


def train(tokens: int, **losses: float) -> dict[str, Any]:
    return {"kind": "train", "step": tokens // 10, "tokens": tokens, "channel_loss": losses}


LOGS = {
    "stage1": [
        heldout(0, domain=400.0, en=200.0),
        train(10, domain=6.0),
        train(20, domain=5.0, en=5.3),
        heldout(20, domain=150.0, en=210.0),
    ],
    "stage2": [heldout(0, domain=150.0, en=210.0), train(10, domain=4.5), heldout(10, domain=120.0, en=205.0)],
}


@pytest.mark.feature(85)
def test_stages_follow_one_another_on_the_axis() -> None:
    domain, en = heldout_curves(LOGS)
    assert domain.tokens == (0.0, 20.0, 20.0, 30.0)
    assert domain.values == (400.0, 150.0, 150.0, 120.0)
    assert en.values == (200.0, 210.0, 210.0, 205.0)
    assert [(border.stage, border.tokens) for border in borders(LOGS)] == [("stage2", 20.0)]
    losses = {curve.channel: curve for curve in loss_curves(LOGS)}
    assert losses["domain"].tokens == (10.0, 20.0, 30.0)
    assert losses["en"].values == (5.3,)


def test_a_stage_without_a_log_leaves_the_rest_in_place() -> None:
    assert borders({"stage1": LOGS["stage1"], "stage2": []}) == []
    assert heldout_curves({"stage1": [], "stage2": LOGS["stage2"]})[0].tokens == (0.0, 10.0)


def test_long_curves_are_averaged_and_keep_their_mean() -> None:
    rows = [train(10 * step, domain=float(step % 2)) for step in range(1, 1201)]
    (curve,) = loss_curves({"stage1": rows})
    assert len(curve.values) == 60
    assert set(curve.values) == {0.5}


def test_values_that_are_no_numbers_leave_a_gap() -> None:
    (curve,) = heldout_curves(
        {"stage1": [heldout(0, domain=400.0), heldout(10, domain=math.nan), heldout(20, domain=100.0)]}
    )
    assert curve.values == (400.0, 100.0)


def test_figure_has_both_panels_and_names_start_and_end() -> None:
    left, right = curves_figure(LOGS, ROLES).axes
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["domain  400 → 120", "en  200 → 205"]
    assert left.get_yscale() == "log"
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["domain", "en"]
    assert any(line.get_xdata()[0] == 20.0 and line.get_linestyle() == "--" for line in left.get_lines())


def test_empty_logs_say_missing() -> None:
    for axes in curves_figure({"stage1": [], "stage2": []}, {}).axes:
        assert [text.get_text() for text in axes.texts] == ["missing"]


def test_svg_refers_to_nothing_outside_and_is_the_same_every_time() -> None:
    text = as_svg(curves_figure(LOGS, ROLES), "one", 'a "<b>" description')
    assert text == as_svg(curves_figure(LOGS, ROLES), "one", 'a "<b>" description')
    assert text.startswith("<svg ")
    assert "viewBox" in text
    assert "<metadata" not in text
    assert not re.search(r'(href|src)="(?!#)', text)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))
    other = as_svg(curves_figure(LOGS, ROLES), "two", "x")
    assert not set(re.findall(r'id="([^"]+)"', text)) & set(re.findall(r'id="([^"]+)"', other))


def test_changes_stand_on_the_side_of_their_sign() -> None:
    checks = [
        {
            "channel": "domain",
            "quantity": "gain",
            "point": 0.3,
            "low": 0.25,
            "high": 0.35,
            "limit": 0.15,
            "passed": True,
        },
        {"channel": "en", "quantity": "rise", "point": 0.1, "low": 0.05, "high": 0.15, "limit": 0.02, "passed": False},
        {
            "channel": "lost",
            "quantity": "rise",
            "point": None,
            "low": None,
            "high": None,
            "limit": 0.02,
            "passed": False,
        },
    ]
    (axes,) = changes_figure(checks).axes
    assert [text.get_text() for text in axes.texts] == ["+10.0%", "−30.0%"]
    limits = sorted(
        {line.get_xdata()[0] for line in axes.get_lines() if list(line.get_xdata()) == [line.get_xdata()[0]] * 2}
    )
    assert limits == [-0.15, 0.0, 0.02]


@pytest.mark.parametrize(
    ("passed", "finding", "colour"),
    [(True, "passed", "#15803d"), (False, "too_few_documents", "#a16207"), (False, "forgotten", "#b91c1c")],
)
def test_the_colour_of_a_band_is_what_the_caption_says(passed: bool, finding: str, colour: str) -> None:
    check = {
        "channel": "en", "quantity": "rise", "point": 0.0, "low": -0.01, "high": 0.01, "limit": 0.02,
        "passed": passed, "finding": finding,
    }  # fmt: skip
    (axes,) = changes_figure([check]).axes
    assert colour in {line.get_color() for line in axes.get_lines()}
