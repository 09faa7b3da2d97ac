"""Learning rates by literal numbers, and what holds for every schedule."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.training.params import ScheduleParams
from cpt_pipeline.training.schedule import lr_share

SCHEDULES = st.builds(
    ScheduleParams,
    kind=st.sampled_from(["cosine", "linear", "constant", "wsd"]),
    warmup_steps=st.integers(0, 40),
    min_lr_share=st.floats(0, 1),
    decay_share=st.floats(0.01, 1),
)


def shares(num_steps: int, steps: tuple[int, ...], **given: object) -> list[float]:
    params = ScheduleParams.model_validate(given)
    return [round(lr_share(step, num_steps, params), 6) for step in steps]


@pytest.mark.feature(78)
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("cosine", [0.25, 1.0, 1.0, 0.55, 0.122025, 0.1]),
        ("linear", [0.25, 1.0, 1.0, 0.55, 0.19, 0.1]),
        ("constant", [0.25, 1.0, 1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_after_a_warm_up_of_four_steps(kind: str, expected: list[float]) -> None:
    """Of 25 steps: the first, the last of the warm-up, the first of the decay, its half, 9/10 of it, its end."""
    steps = (0, 3, 4, 14, 22, 24)
    assert shares(25, steps, kind=kind, warmup_steps=4, min_lr_share=0.1) == pytest.approx(expected, abs=1e-6)


@pytest.mark.feature(79)
def test_warm_up_stable_and_decay() -> None:
    """100 steps, of which the last 17 decay as 1 - sqrt(x): x is 1/16, 1/4, 9/16 and 1 below."""
    given = {"kind": "wsd", "warmup_steps": 10, "decay_share": 0.17}
    assert shares(100, (0, 9, 10, 82, 83, 84), **given) == [0.1, 1.0, 1.0, 1.0, 1.0, 0.75]
    assert shares(100, (87, 92, 99), **given) == [0.5, 0.25, 0.0]
    assert shares(100, (83, 87, 99), **given, min_lr_share=0.5) == [1.0, 0.75, 0.5]


@pytest.mark.feature(79)
@pytest.mark.parametrize("num_steps", [2, 10, 14])
def test_a_decay_of_a_single_step_leaves_the_steps_before_it_at_the_peak(num_steps: int) -> None:
    found = shares(num_steps, tuple(range(num_steps)), kind="wsd", decay_share=0.1)
    assert found == [1.0] * (num_steps - 1) + [0.0]


def test_a_decay_as_long_as_the_run_begins_after_the_warm_up() -> None:
    assert shares(6, (0, 1, 2, 3, 5), kind="wsd", warmup_steps=2, decay_share=1.0) == [0.5, 1.0, 1.0, 0.42265, 0.0]


def test_a_run_of_one_step() -> None:
    assert shares(1, (0,), kind="cosine", min_lr_share=0.3) == [0.3]
    assert shares(1, (0,), kind="constant") == [1.0]


def test_a_run_shorter_than_its_warm_up_never_reaches_the_peak() -> None:
    assert shares(3, (0, 1, 2), kind="cosine", warmup_steps=4) == [0.25, 0.5, 0.75]


@given(SCHEDULES, st.integers(1, 120))
def test_every_schedule_warms_up_stays_within_the_peak_and_ends_where_it_should(
    params: ScheduleParams, num_steps: int
) -> None:
    found = [lr_share(step, num_steps, params) for step in range(num_steps)]
    warm, rest = found[: params.warmup_steps], found[params.warmup_steps :]
    assert all(0 <= share <= 1 + 1e-12 for share in found)
    assert warm == [(step + 1) / params.warmup_steps for step in range(len(warm))]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(rest))
    if rest:
        assert rest[-1] == pytest.approx(1.0 if params.kind == "constant" else params.min_lr_share)
        assert min(rest) >= params.min_lr_share - 1e-12
    if len(rest) > 1 and params.kind != "wsd":
        assert rest[0] == pytest.approx(1.0)


@given(SCHEDULES, st.integers(10, 200))
def test_wsd_decays_in_its_share_of_the_steps_only(params: ScheduleParams, num_steps: int) -> None:
    wsd = params.model_copy(update={"kind": "wsd", "min_lr_share": 0.0, "warmup_steps": 0})
    found = [lr_share(step, num_steps, wsd) for step in range(num_steps)]
    decaying = max(1, round(wsd.decay_share * num_steps))
    assert found[: num_steps - decaying] == [1.0] * (num_steps - decaying)
    assert all(share < 1.0 for share in found[num_steps - decaying + 1 :])
