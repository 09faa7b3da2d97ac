"""The one reader of small JSON files: whatever became of one is an error with its name and a remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import read_json

VALUE = {"model": "märchen", "steps": [1, 2], "deep": {"a": None}}
TEXT = json.dumps(VALUE, ensure_ascii=False, indent=2).encode()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "about.json"


def test_what_was_written_is_read(place: Path) -> None:
    place.write_bytes(TEXT)
    assert read_json(place) == VALUE
    assert read_json(place, keys=("steps", "model")) == VALUE


@pytest.mark.parametrize("length", range(len(TEXT)))
def test_a_file_cut_anywhere_is_named_with_the_remedy(place: Path, length: int) -> None:
    place.write_bytes(TEXT[:length])
    with pytest.raises(ArtifactError, match=r"about\.json is damaged \(.*\)\. Make it anew\."):
        read_json(place, remedy="Make it anew.")


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r" is damaged \(a folder.*\)\. Make it anew\."):
        read_json(tmp_path, remedy="Make it anew.")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_an_error_of_the_package(place: Path, content: bytes) -> None:
    place.write_bytes(content)
    try:
        read_json(place, keys=("model",))
    except ArtifactError as error:
        assert "about.json is damaged" in str(error)


def test_what_is_missing_or_of_another_shape_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"none\.json is missing\. Put it back"):
        read_json(tmp_path / "none.json")
    (tmp_path / "a.json").write_text('{"model": 1}', encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"a\.json is damaged \(it has no files, steps\)"):
        read_json(tmp_path / "a.json", keys=("steps", "model", "files"))
    (tmp_path / "a.json").write_text("[[1]]", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"a\.json is damaged \(no JSON object\)"):
        read_json(tmp_path / "a.json", keys=("model",))
    (tmp_path / "a.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"a\.json is damaged"):
        read_json(tmp_path / "a.json")
