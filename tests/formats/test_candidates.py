"""The list of candidates and their identities."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.candidates import Candidate, identity, read_list, write_list

LISTED = [
    Candidate("stage1-step-000040", "stage1-step-000040", "stage1", 40, 12345),
    Candidate("stage1", "stage1", "stage1", 80, 24690),
]


def write(directory: Path, weights: dict[str, bytes]) -> Path:
    for name, content in weights.items():
        (directory / name).mkdir(parents=True)
        (directory / name / "model.safetensors").write_bytes(content)
    write_list(directory, LISTED)
    seal(directory, "candidates")
    return directory


def test_list_keeps_its_order(tmp_path: Path) -> None:
    assert read_list(write(tmp_path / "c", {"stage1": b"x", "stage1-step-000040": b"y"})) == LISTED


def test_unfinished_artifact_is_refused(tmp_path: Path) -> None:
    write_list(tmp_path, LISTED)
    with pytest.raises(ArtifactError, match="never finished"):
        read_list(tmp_path)


@pytest.mark.parametrize("text", ["", '[{"name": "stage1", "fol', '[{"name": "stage1"}]', "{}}", "3"])
def test_a_list_that_was_cut_or_garbled_is_named(tmp_path: Path, text: str) -> None:
    directory = write(tmp_path / "c", {"stage1": b"x"})
    (directory / "candidates.json").write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"candidates\.json is (damaged|no list of candidates)"):
        read_list(directory)


def test_identity_is_of_the_candidates_own_files_alone(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"stage1": b"x", "stage1-step-000040": b"y"})
    other = write(tmp_path / "other", {"stage1": b"x", "stage1-step-000040": b"z"})
    assert identity(one, LISTED[1]) == identity(other, LISTED[1])
    assert identity(one, LISTED[0]) != identity(other, LISTED[0])
