"""Progress: one line that reads well in a terminal and in a log file."""

from __future__ import annotations

import io
import time

import pytest

from cpt_pipeline.core.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_line_has_share_rate_and_time_left(clock: Clock) -> None:
    progress = Progress("stage1", 4_000, "rows", stream=io.StringIO())
    clock.now += 100
    progress.advance(1_000, "loss 3.2")
    assert progress.line() == "stage1      1,000/4,000 rows  25%  10.0 rows/s  5:00 left  loss 3.2"


def test_hours_are_shown_as_hours(clock: Clock) -> None:
    progress = Progress("base", 8_000, "rows", stream=io.StringIO())
    clock.now += 1
    progress.advance(1)
    assert progress.line().endswith("2:13:19 left")


def test_work_of_an_earlier_run_does_not_count_as_speed(clock: Clock) -> None:
    progress = Progress("stage1", 100, "rows", done=90, stream=io.StringIO())
    clock.now += 10
    progress.advance(5)
    assert progress.line() == "stage1      95/100 rows  95%  0.5 rows/s  0:10 left"


def test_finished_line_tells_the_time_it_took(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress("clean", 2, "documents", stream=stream) as progress:
        clock.now += 4
        progress.advance(2)
    assert stream.getvalue() == "clean       2/2 documents  100%  0.5 documents/s  0:04\n"


def test_log_file_gets_a_line_every_ten_seconds_and_the_last(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress("clean", 60, "documents", stream=stream) as progress:
        for _ in range(60):
            clock.now += 1
            progress.advance()
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["10/60", "20/60", "30/60", "40/60", "50/60", "60/60", "60/60"]


def test_terminal_line_is_redrawn_in_place(clock: Clock) -> None:
    stream = Terminal()
    with Progress("clean", 2, "documents", stream=stream) as progress:
        clock.now += 1
        progress.advance()
        clock.now += 0.1
        progress.advance()
    text = stream.getvalue()
    assert text.count("\r") == 2
    assert text.count("\n") == 1
    assert text.endswith("\n")


def test_nothing_to_do_is_done() -> None:
    stream = io.StringIO()
    with Progress("clean", 0, "documents", stream=stream):
        pass
    assert "0/0 documents  100%" in stream.getvalue()


def test_last_line_is_written_on_an_error() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="stop"), Progress("clean", 9, "documents", stream=stream) as progress:
        progress.advance(3)
        raise ValueError("stop")
    assert "3/9 documents" in stream.getvalue()
