"""Clusters in a file: the same for any order of the pairs, named by their smallest members."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near import clusters as module
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.pairs import Pairs, exact_pairs

couples = st.lists(st.tuples(st.integers(0, 14), st.integers(15, 29), st.sampled_from([0.5, 0.8, 0.9])), max_size=40)


def as_pairs(listed: list[tuple[int, int, float]]) -> Pairs:
    first, second, similarity = zip(*listed, strict=True) if listed else ((), (), ())
    return Pairs(np.array(first, np.int64), np.array(second, np.int64), np.array(similarity, np.float32))


@settings(max_examples=40, deadline=None)
@given(couples, st.randoms(), st.integers(0, 40))
def test_order_and_batches_of_pairs_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, listed: list[tuple[int, int, float]], chance: object, border: int
) -> None:
    out = tmp_path_factory.mktemp("labels") / "labels.npy"
    expected = clusters([as_pairs(listed)], 30, out, min_similarity=0.8).tolist()
    chance.shuffle(listed)  # type: ignore[attr-defined]
    batches = [as_pairs(listed[:border]), as_pairs(listed[border:])]
    assert clusters(batches, 30, out, min_similarity=0.8).tolist() == expected
    groups = [{number} for number in range(30)]
    for one, other, similarity in listed:
        if similarity >= 0.8:
            together = groups[one] | groups[other]
            for member in together:
                groups[member] = together
    assert expected == [min(group) for group in groups]


def test_labels_are_a_map_of_the_file_and_cannot_be_written(tmp_path: Path) -> None:
    labels = clusters([exact_pairs([(2, 1)])], 4, tmp_path / "labels.npy")
    assert isinstance(labels, np.memmap)
    assert np.load(tmp_path / "labels.npy").tolist() == labels.tolist() == [0, 1, 1, 3]
    with pytest.raises(ValueError, match="read-only"):
        labels[0] = 1
    assert clusters([], 0, tmp_path / "none.npy").size == 0


def test_a_forest_longer_than_one_step_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEP", 7)
    assert module.new_forest(tmp_path / "forest.npy", 20).tolist() == list(range(20))
