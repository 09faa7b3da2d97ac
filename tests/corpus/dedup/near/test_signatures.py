"""Signature files: read as one array whatever their number, refused when they are not what the parameters make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.near.signatures import SignatureFiles, new_array, write_signatures
from tests.corpus.dedup.near_copies import PARAMS, random_signatures, write_parts


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=4), st.lists(st.integers(0, 19), max_size=10), st.integers(1, 30))
def test_the_number_of_files_cannot_be_seen(
    tmp_path_factory: pytest.TempPathFactory, borders: list[int], wanted: list[int], run: int
) -> None:
    signatures = random_signatures(1, 20)
    files = SignatureFiles(write_parts(tmp_path_factory.mktemp("parts"), signatures, *sorted(borders)), PARAMS)
    assert len(files) == 20
    assert np.array_equal(files.take(np.array(wanted, np.int64)), signatures[wanted])
    numbers, chunks = zip(*files.chunks(run), strict=True)
    assert np.array_equal(np.concatenate(chunks), signatures)
    assert list(numbers) == [0, *np.cumsum([len(chunk) for chunk in chunks])[:-1].tolist()]
    assert max(map(len, chunks)) <= run


def test_a_task_without_documents_leaves_a_file_too(tmp_path: Path) -> None:
    write_signatures(tmp_path / "0.npy", [], PARAMS)
    write_signatures(tmp_path / "1.npy", [Signer(PARAMS).sign("text")], PARAMS)
    assert len(SignatureFiles([tmp_path / "0.npy", tmp_path / "1.npy"], PARAMS)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npy", "1.npy"]


@pytest.mark.parametrize("damage", ["missing", "short", "other parameters", "objects", "text"])
def test_a_wrong_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "0.npy"
    write_signatures(path, random_signatures(1, 5), PARAMS)
    params = MinHashParams(num_bands=10) if damage == "other parameters" else PARAMS
    if damage == "missing":
        path.unlink()
    elif damage == "short":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "objects":
        np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    elif damage == "text":
        path.write_text("no array")
    with pytest.raises(ArtifactError, match=r"0\.npy"):
        SignatureFiles([path], params)


def test_a_new_array_has_its_blocks_on_the_disk(tmp_path: Path) -> None:
    made = new_array(tmp_path / "a.npy", np.int64, (1_000, 100))
    status = (tmp_path / "a.npy").stat()
    assert status.st_blocks * 512 >= status.st_size > 800_000
    assert not made.any()
    assert new_array(tmp_path / "b.npy", np.int64, (3, 0)).shape == (3, 0)
