"""Doubtful pairs are decided by their texts: what is on the wrong side of the threshold by chance is put right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.pairs import Pairs, PairWriter, read_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.near.verify import compare_texts, settle
from tests.corpus.dedup.near_copies import write_parts
from tests.corpus.texts import make_text

PARAMS = MinHashParams(num_bands=40, rows_per_band=3)


def write_pairs(path: Path, *pairs: tuple[int, int, float]) -> Path:
    first, second, similarity = zip(*pairs, strict=True)
    with PairWriter(path) as writer:
        writer.write(Pairs(np.array(first), np.array(second), np.array(similarity, np.float32)))
    return path


@pytest.mark.feature(35)
def test_the_decision_at_the_threshold_is_exact(tmp_path: Path) -> None:
    """120 pairs just above and just below 0.8: the estimate errs on some of them, the texts on none."""
    texts = []
    for number in range(120):
        words, others = make_text(number, 100).split(), make_text(1_000 + number, 100).split()
        num_changed = 7 + number % 7
        texts += [" ".join(words), " ".join([*others[:num_changed], *words[num_changed:]])]
    signer = Signer(PARAMS)
    similar = {2 * number for number in range(120) if signer.similarity(*texts[2 * number : 2 * number + 2]) >= 0.8}
    assert 20 < len(similar) < 100
    paths = write_parts(tmp_path, signer.sign_many(texts), 50, params=PARAMS)
    found = find_pairs(paths, PARAMS, tmp_path / "work", doubtful=True)
    by_estimate = clusters(read_pairs(found), len(texts), tmp_path / "labels.npy", min_similarity=0.8)
    assert {first for first in range(0, 240, 2) if by_estimate[first + 1] == first} != similar
    for memory_bytes in (1 << 30, 3_000):
        settled = settle(
            found, 240, PARAMS, compare_texts(texts.__getitem__, PARAMS), tmp_path / "work", memory_bytes=memory_bytes
        )
        labels = clusters(read_pairs(settled), len(texts), tmp_path / "labels.npy")
        assert {first for first in range(0, 240, 2) if labels[first + 1] == first} == similar


def test_a_text_is_compared_only_where_it_can_change_something(tmp_path: Path) -> None:
    """0, 1 and 2 are sure; 0-2 is doubtful but they are together; 3-4 is far from the threshold; 2-5 is asked once."""
    pairs = write_pairs(
        tmp_path / "pairs.parquet", (0, 1, 0.95), (1, 2, 1.0), (0, 2, 0.8), (3, 4, 0.3), (2, 5, 0.75), (2, 5, 0.75)
    )
    asked = []

    def verify(doubt: Pairs) -> np.ndarray:
        asked.extend(zip(doubt.first.tolist(), doubt.second.tolist(), strict=True))
        return np.full(doubt.first.size, 0.81)

    settled = settle(pairs, 6, PARAMS, verify, tmp_path)
    assert asked == [(2, 5)]
    assert clusters(read_pairs(settled), 6, tmp_path / "labels.npy").tolist() == [0, 0, 0, 3, 4, 0]
    assert not (tmp_path / "settled.npy").exists()


def test_texts_are_read_again_only_when_they_were_let_go(tmp_path: Path) -> None:
    read = []

    def read_text(document: int) -> str:
        read.append(document)
        return f"the same beginning and {document}"

    verify = compare_texts(read_text, PARAMS, num_held=2)
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 2]), np.zeros(3, np.float32))
    similarities = verify(pairs)
    assert similarities == pytest.approx([19 / 21] * 3)
    assert read == [0, 1, 2, 1]
