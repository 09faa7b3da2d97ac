"""The training log survives kills: whole rows are read, rows after the checkpoint are dropped."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.training.log import TrainingLog, covered_rows, describe_step

ROWS = [{"kind": "train", "step": step, "channel_loss": {"中文": 2.5, "a\u2028b": 0.5}} for step in (1, 2, 3)]


def filled(path: Path) -> TrainingLog:
    log = TrainingLog(path)
    for row in ROWS:
        log.append(row)
    return log


def test_rows_come_back_in_order(tmp_path: Path) -> None:
    assert filled(tmp_path / "log.jsonl").rows() == ROWS


def test_the_time_of_a_row_stays_beside_it_through_a_cut(tmp_path: Path) -> None:
    before = time.time()
    log = filled(tmp_path / "log.jsonl")
    timed = log.timed_rows()
    assert [row for _, row in timed] == ROWS
    assert all(before - 0.001 <= written <= time.time() + 0.001 for written, _ in timed)
    log.cut(2)
    assert log.timed_rows() == timed[:2]


def test_a_committed_checkpoint_covers_the_rows_up_to_its_step(tmp_path: Path) -> None:
    filled(tmp_path / "log.jsonl")
    assert covered_rows(tmp_path) == []
    step = tmp_path / "checkpoints/step-000002"
    step.mkdir(parents=True)
    assert covered_rows(tmp_path) == [], "without a manifest it is none"
    seal(step, "checkpoint")
    assert [row for _, row in covered_rows(tmp_path)] == ROWS[:2]
    assert covered_rows(tmp_path, after=2) == []


def test_a_progress_line_ends_with_what_is_watched() -> None:
    row = {"step": 5, "tokens": 20_480, "seconds": 0.5, "loss": 2.34567, "learning_rate": 3e-4, "gradient_norm": 0.871}
    said = "loss 2.346  lr 3.00e-04  norm 0.87  8,192 tokens/s"
    assert describe_step({**row, "memory_gb": 40.26}) == f"{said}  40.3 GB"
    assert re.fullmatch(re.escape(said) + r"  \d+\.\d GB", describe_step(row)), "the host's, on a CPU"


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
