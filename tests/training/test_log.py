"""The training log survives kills: whole rows are read, rows after the checkpoint are dropped."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.training.log import TrainingLog

ROWS = [{"kind": "train", "step": step, "channel_loss": {"中文": 2.5, "a\u2028b": 0.5}} for step in (1, 2, 3)]


def filled(path: Path) -> TrainingLog:
    log = TrainingLog(path)
    for row in ROWS:
        log.append(row)
    return log


def test_rows_come_back_in_order(tmp_path: Path) -> None:
    assert filled(tmp_path / "log.jsonl").rows() == ROWS


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path / "log.jsonl")
    assert log.rows() == []
    log.cut(-1)
    assert log.rows() == []


def test_cut_keeps_the_rows_up_to_the_step(tmp_path: Path) -> None:
    log = filled(tmp_path / "log.jsonl")
    log.append({"kind": "heldout", "step": 2})
    log.cut(2)
    assert log.rows() == [*ROWS[:2], {"kind": "heldout", "step": 2}]
    log.append(ROWS[2])
    assert [row["step"] for row in log.rows()] == [1, 2, 2, 3]
    log.cut(-1)
    assert log.rows() == []
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


@settings(deadline=None)
@given(st.integers(0, 400))
@example(1)
def test_a_line_cut_anywhere_by_a_kill_is_no_row(lost: int) -> None:
    """Also in the middle of a character of more than one byte; after `cut` the log goes on."""
    with tempfile.TemporaryDirectory() as folder:
        log = filled(Path(folder) / "log.jsonl")
        whole = log.path.read_bytes()
        log.path.write_bytes(whole[: len(whole) - min(lost, len(whole))])
        num_whole = log.path.read_bytes().count(b"\n")
        assert log.rows() == ROWS[:num_whole]
        log.cut(3)
        log.append({"step": 9})
        assert log.rows() == [*ROWS[:num_whole], {"step": 9}]


def test_rows_after_a_damaged_one_are_not_trusted(tmp_path: Path) -> None:
    log = filled(tmp_path / "log.jsonl")
    first, _, third, _ = log.path.read_bytes().split(b"\n")
    log.path.write_bytes(b"\n".join([first, b"{broken", third, b""]))
    assert log.rows() == ROWS[:1]


def test_not_a_number_is_kept(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path / "log.jsonl")
    log.append({"step": 1, "loss": float("nan")})
    (row,) = log.rows()
    assert row["loss"] != row["loss"]
