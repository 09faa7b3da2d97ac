"""Checkpoints: committed by one rename, loaded only if every byte matches."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import find_damage, read_manifest, seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.training.checkpoint import (
    commit,
    drop_after,
    keep_newest,
    name_of,
    newest_valid,
    read_state,
    steps_in,
    write_state,
)


def save(folder: Path, step: int, digest: str = "d", weights: bytes = b"weights") -> Path:
    def write(place: Path) -> None:
        (place / "model.safetensors").write_bytes(weights)
        (place / "zero").mkdir()
        (place / "zero" / "rank-0.safetensors").write_bytes(b"moments")
        write_state(place, {"digest": digest, "step": step})

    return commit(folder, step, write, kind="checkpoint", rank=0, barrier=lambda: None)


def flip(path: Path) -> None:
    raw = bytearray((path / "model.safetensors").read_bytes())
    raw[3] ^= 1
    (path / "model.safetensors").write_bytes(raw)


def truncate(path: Path) -> None:
    (path / "model.safetensors").write_bytes(b"weigh")


def empty(path: Path) -> None:
    (path / "zero" / "rank-0.safetensors").write_bytes(b"")


def remove_file(path: Path) -> None:
    (path / "zero" / "rank-0.safetensors").unlink()


def add_file(path: Path) -> None:
    (path / "zero" / "rank-1.safetensors").write_bytes(b"")


def remove_manifest(path: Path) -> None:
    (path / "manifest.json").unlink()


def exchange_files(path: Path) -> None:
    (path / "model.safetensors").rename(path / "other")
    (path / "zero" / "rank-0.safetensors").rename(path / "model.safetensors")
    (path / "other").rename(path / "zero" / "rank-0.safetensors")


def garbage_manifest(raw: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        (path / "manifest.json").write_bytes(raw)

    return write


def other_state(raw: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        (path / "state.json").write_text(raw)
        seal(path, "checkpoint")

    return write


def remove_everything(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "flipped bit": (flip, "model.safetensors: bytes differ from the manifest"),
    "truncated file": (truncate, "model.safetensors: 5 bytes, expected 7"),
    "empty file": (empty, "zero/rank-0.safetensors: 0 bytes, expected 7"),
    "missing file": (remove_file, "zero/rank-0.safetensors: missing"),
    "extra file": (add_file, "zero/rank-1.safetensors: not named by the manifest"),
    "exchanged files": (exchange_files, "model.safetensors: bytes differ"),
    "missing manifest": (remove_manifest, "has no manifest.json"),
    "empty folder": (remove_everything, "has no manifest.json"),
    "another run": (other_state('{"digest": "other"}'), "made by a run with other inputs or params"),
    "state without digest": (other_state('{"step": 6}'), "unreadable"),
    "state that is a list": (other_state("[1]"), "unreadable"),
    "state that is no JSON": (other_state("{"), "unreadable"),
    "manifest: not JSON": (garbage_manifest(b"{"), "unreadable"),
    "manifest: not UTF-8": (garbage_manifest(b"\xff\xfe"), "unreadable"),
    "manifest: empty": (garbage_manifest(b""), "unreadable"),
    "manifest: null": (garbage_manifest(b"null"), "unreadable"),
    "manifest: a list": (garbage_manifest(b"[]"), "unreadable"),
    "manifest: no files": (garbage_manifest(b'{"format": 1}'), "unreadable"),
    "manifest: files a list": (garbage_manifest(b'{"format": 1, "files": ["model.safetensors"]}'), "unreadable"),
    "manifest: entries numbers": (
        garbage_manifest(
            b'{"format": 1, "files": {"model.safetensors": 1, "state.json": 1, "zero/rank-0.safetensors": 1}}'
        ),
        "unreadable",
    ),
    "manifest: other format": (garbage_manifest(b'{"format": 99, "files": {}}'), "is of format 99"),
}


def test_the_newest_of_whole_ones_is_used(tmp_path: Path) -> None:
    for step in (3, 9, 6):
        save(tmp_path, step)
    assert steps_in(tmp_path) == [3, 6, 9]
    assert newest_valid(tmp_path, "d") == tmp_path / "step-000009"
    assert read_state(tmp_path / "step-000009") == {"digest": "d", "step": 9}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_one_is_named_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    damage, problem = DAMAGE[kind]
    for step in (3, 6):
        save(tmp_path, step)
    damage(tmp_path / name_of(6))
    with caplog.at_level(logging.WARNING):
        assert newest_valid(tmp_path, "d") == tmp_path / name_of(3)
    (message,) = [record.getMessage() for record in caplog.records]
    assert f"{tmp_path / name_of(6)} is not used" in message
    assert problem in message


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_run_never_starts_anew_in_silence(tmp_path: Path, kind: str) -> None:
    damage, problem = DAMAGE[kind]
    for step in (3, 6):
        damage(save(tmp_path, step))
    with pytest.raises(ArtifactError) as caught:
        newest_valid(tmp_path, "d")
    lines = str(caught.value).splitlines()
    assert lines[0] == f"no checkpoint in {tmp_path} is whole:"
    assert [line.split(":")[0] for line in lines if line.startswith("  - ")] == ["  - step-000006", "  - step-000003"]
    assert str(caught.value).count(problem) == 2
    assert lines[-1] == "Remove the folder to start this stage anew."


def test_where_there_never_was_one_a_run_begins(tmp_path: Path) -> None:
    assert newest_valid(tmp_path / "nowhere", "d") is None
    (tmp_path / ".tmp-step-000003").mkdir()
    (tmp_path / "notes").mkdir()
    assert newest_valid(tmp_path, "d") is None
    assert steps_in(tmp_path) == []


def test_a_folder_that_somebody_copied_is_no_checkpoint(tmp_path: Path) -> None:
    shutil.copytree(save(tmp_path, 3), tmp_path / "step-000009.copy")
    assert steps_in(tmp_path) == [3]
    assert newest_valid(tmp_path, "d") == tmp_path / name_of(3)


def test_what_fails_while_it_is_written_was_never_there(tmp_path: Path) -> None:
    save(tmp_path, 3)

    def write(place: Path) -> None:
        (place / "half.safetensors").write_bytes(b"half")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        commit(tmp_path, 6, write, kind="checkpoint", rank=0, barrier=lambda: None)
    assert steps_in(tmp_path) == [3]
    assert newest_valid(tmp_path, "d") == tmp_path / name_of(3)

    save(tmp_path, 6)
    assert newest_valid(tmp_path, "d") == tmp_path / name_of(6)
    assert not (tmp_path / name_of(6) / "half.safetensors").exists()


def test_what_fails_while_it_is_sealed_was_never_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses the flush, so nothing may be renamed."""
    save(tmp_path, 3)

    def refuse(descriptor: int) -> None:
        raise OSError("input/output error")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="input/output error"):
        patch.setattr("os.fsync", refuse)
        save(tmp_path, 6)
    assert newest_valid(tmp_path, "d") == tmp_path / name_of(3)


def test_a_step_is_committed_again_in_place_of_a_damaged_one(tmp_path: Path) -> None:
    flip(save(tmp_path, 6))
    save(tmp_path, 6, weights=b"WEIGHTS")
    assert newest_valid(tmp_path, "d") == tmp_path / name_of(6)
    assert (tmp_path / name_of(6) / "model.safetensors").read_bytes() == b"WEIGHTS"
    assert [path.name for path in tmp_path.iterdir()] == [name_of(6)]


def test_all_ranks_write_before_one_of_them_commits(tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=20)
    seen: list[list[int]] = []

    def work(rank: int) -> None:
        def write(place: Path) -> None:
            if rank == 1:
                threading.Event().wait(0.1)
            (place / f"rank-{rank}").write_text(str(rank))
            seen.append(steps_in(tmp_path))

        target = commit(tmp_path, 5, write, kind="checkpoint", rank=rank, barrier=meeting.wait, tokens=320)
        seen.append(steps_in(tmp_path))
        assert target == tmp_path / name_of(5)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    manifest = read_manifest(tmp_path / name_of(5))
    assert sorted(manifest["files"]) == ["rank-0", "rank-1"]
    assert (manifest["kind"], manifest["step"], manifest["tokens"]) == ("checkpoint", 5, 320)
    assert find_damage(tmp_path / name_of(5)) == []
    assert seen == [[], [], [5], [5]]


@pytest.mark.parametrize(("count", "kept"), [(2, [6, 9]), (1, [9]), (5, [3, 6, 9]), (0, [])])
def test_keep_newest(tmp_path: Path, count: int, kept: list[int]) -> None:
    for step in (3, 6, 9):
        save(tmp_path, step)
    (tmp_path / ".tmp-step-000012").mkdir()
    keep_newest(tmp_path, count)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name_of(step) for step in kept]


def test_keep_newest_counts_no_half_removed_one(tmp_path: Path) -> None:
    for step in (3, 6, 9):
        save(tmp_path, step)
    remove_manifest(tmp_path / name_of(6))
    keep_newest(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name_of(3), name_of(9)]


def test_drop_after(tmp_path: Path) -> None:
    for step in (3, 6, 9, 12):
        save(tmp_path, step)
    remove_manifest(tmp_path / name_of(12))
    drop_after(tmp_path, 6)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name_of(3), name_of(6)]
    drop_after(tmp_path, -1)
    assert list(tmp_path.iterdir()) == []
    drop_after(tmp_path / "nowhere", 0)


def test_a_removal_cut_short_leaves_no_half_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in (3, 6):
        save(tmp_path, step)

    def killed(path: Path, **_: object) -> None:
        if path.is_dir() and any(path.iterdir()):
            (path / "model.safetensors").unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", killed)
        keep_newest(tmp_path, 1)
    assert steps_in(tmp_path) == [6]
    keep_newest(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == [name_of(6)]


def test_names_sort_as_steps_do() -> None:
    assert (name_of(40), name_of(1_234_567)) == ("step-000040", "step-1234567")


def test_steps_beyond_six_digits(tmp_path: Path) -> None:
    for step in (999_999, 1_000_000):
        save(tmp_path, step)
    assert steps_in(tmp_path) == [999_999, 1_000_000]
    assert newest_valid(tmp_path, "d") == tmp_path / "step-1000000"


def test_the_state_is_plain_json(tmp_path: Path) -> None:
    write_state(tmp_path, {"step": 3, "skipped": [1]})
    assert json.loads((tmp_path / "state.json").read_text()) == {"step": 3, "skipped": [1]}
