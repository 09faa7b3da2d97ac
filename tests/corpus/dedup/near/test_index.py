"""The index of earlier rounds: new copies of old documents are found by signature, and the wrong index is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import find_damage
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.dedup.near import index as module
from cpt_pipeline.corpus.dedup.near.index import NearCopyIndex, match, write_index
from cpt_pipeline.corpus.dedup.near.minhash import Signatures, Signer
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.near.signatures import SignatureFiles
from tests.corpus.dedup.near_copies import PARAMS, random_signatures, with_agreement, write_parts
from tests.corpus.texts import make_text


def make_index(folder: Path, signatures: Signatures, *borders: int, previous: Path | None = None) -> Path:
    parts = np.split(np.arange(len(signatures)), borders)
    listed = [([f"{folder.name}/{number}" for number in part.tolist()], signatures[part]) for part in parts]
    write_index(folder, listed, PARAMS, previous=previous)
    return folder


def new_files(folder: Path, signatures: Signatures, *borders: int) -> SignatureFiles:
    return SignatureFiles(write_parts(folder, signatures, *borders), PARAMS)


@pytest.mark.feature(40)
def test_copies_of_earlier_rounds_are_named_without_their_texts(tmp_path: Path) -> None:
    """Two rounds are indexed, their texts gone; of three new documents one is a copy from each round."""
    signer = Signer(PARAMS)
    texts = [make_text(number) for number in range(20)]
    make_index(tmp_path / "first", signer.sign_many(texts[:12]), 5)
    make_index(tmp_path / "second", signer.sign_many(texts[12:]), previous=tmp_path / "first")
    shutil.rmtree(tmp_path / "first")
    index = NearCopyIndex(tmp_path / "second", PARAMS)
    new = [make_text(99), texts[7].replace(texts[7].split()[3], "changed", 1), texts[15] + " and so on"]
    matches = match(new_files(tmp_path / "new", signer.sign_many(new)), index)
    assert len(index) == 20
    assert matches.old.tolist() == [-1, 7, 15]
    assert matches.similarity[0] == 0
    assert matches.similarity[1:] == pytest.approx([signer.similarity(texts[7], new[1]), 0.98], abs=0.06)
    assert index.ids(matches.old[1:]) == {7: "first/7", 15: "second/3"}
    assert not find_damage(tmp_path / "second")


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    old_borders=st.lists(st.integers(0, 25), max_size=2),
    new_borders=st.lists(st.integers(0, 15), max_size=2),
    memory_bytes=st.sampled_from([1, 50_000, 1 << 30]),
)
def test_the_match_is_the_best_of_all_that_share_a_band(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    old_borders: list[int],
    new_borders: list[int],
    memory_bytes: int,
) -> None:
    folder, chance = tmp_path_factory.mktemp("index"), np.random.default_rng(seed)
    base = random_signatures(seed, 3)
    made = [with_agreement(base[[chance.integers(3)]], int(chance.choice([90, 100, 120])), seed + n) for n in range(40)]
    old, new = np.concatenate(made[:25]), np.concatenate(made[25:])
    index = NearCopyIndex(make_index(folder / "old", old, *sorted(old_borders)), PARAMS)
    matches = match(new_files(folder / "new", new, *sorted(new_borders)), index, memory_bytes=memory_bytes)
    for number, row in enumerate(new):
        same = old == row
        agreements = np.where(same.reshape(25, 20, 6).all(axis=2).any(axis=1), same.sum(axis=1), 0)
        best = int(np.argmax(agreements))
        if agreements[best] >= 96:
            assert matches.old[number] == best
            assert matches.similarity[number] == np.float32(agreements[best] / 120)
        else:
            assert matches.old[number] == -1


def test_a_key_of_thousands_of_old_documents_is_met_a_bounded_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_MEETINGS", 10)
    pages = random_signatures(1, 300)
    pages[:, :6] = pages[0, :6]
    late = pages[[200, 3]].copy()
    late[0, 6::6] += np.uint16(1)
    index = NearCopyIndex(make_index(tmp_path / "old", pages), PARAMS)
    assert match(new_files(tmp_path / "new", late), index).old.tolist() == [-1, 3]


@pytest.mark.parametrize("changed", [{"num_bands": 10}, {"seed": 2}, {"shingles": "words"}, {"shingle_characters": 7}])
def test_an_index_of_other_parameters_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    make_index(tmp_path / "old", random_signatures(1, 3))
    params = MinHashParams.model_validate(PARAMS.model_dump() | changed)
    with pytest.raises(ArtifactError, match="cannot tell copies"):
        NearCopyIndex(tmp_path / "old", params)
    with pytest.raises(ArtifactError, match="cannot tell copies"):
        write_index(tmp_path / "new", [], params, previous=tmp_path / "old")


def test_the_threshold_may_differ_from_the_round_before(tmp_path: Path) -> None:
    old = random_signatures(1, 3)
    make_index(tmp_path / "old", old)
    lower = MinHashParams(min_similarity=0.7)
    files = SignatureFiles(write_parts(tmp_path / "new", with_agreement(old, 90, 1)), lower)
    assert match(files, NearCopyIndex(tmp_path / "old", lower)).old.tolist() == [0, 1, 2]


def test_an_unfinished_or_later_index_is_refused(tmp_path: Path) -> None:
    make_index(tmp_path / "old", random_signatures(1, 3))
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text())
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest | {"signatures": 2}))
    with pytest.raises(ArtifactError, match="signatures is 2, not 1"):
        NearCopyIndex(tmp_path / "old", PARAMS)
    (tmp_path / "old" / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="never finished"):
        NearCopyIndex(tmp_path / "old", PARAMS)


def test_an_empty_index_matches_nothing(tmp_path: Path) -> None:
    write_index(tmp_path / "old", [], PARAMS)
    index = NearCopyIndex(tmp_path / "old", PARAMS)
    assert match(new_files(tmp_path / "new", random_signatures(1, 2)), index).old.tolist() == [-1, -1]
    assert match(new_files(tmp_path / "none", random_signatures(1, 0)), index).old.size == 0
