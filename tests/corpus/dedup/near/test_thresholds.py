"""The curve of kept text: it rises with the threshold, and the choice on it is the strictest that keeps enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams, bands_for
from cpt_pipeline.corpus.dedup.near.thresholds import Kept, kept_by_threshold, pick_threshold
from tests.corpus.dedup.near_copies import random_signatures, with_agreement, write_parts

THRESHOLDS = (0.95, 0.6, 0.7, 0.8, 0.9)


@pytest.mark.feature(39)
def test_a_higher_threshold_keeps_more(tmp_path: Path) -> None:
    """Copies that agree in 65, 75, 85 and 97 % of all places, ten of each, of documents of 100 characters."""
    num_bands, rows = bands_for(0.6, 120)
    params = MinHashParams(num_bands=num_bands, rows_per_band=rows)
    base = random_signatures(1, 10)
    copies = [with_agreement(base, round(120 * share), number) for number, share in enumerate((0.65, 0.75, 0.85, 0.97))]
    signatures = np.concatenate([base, *copies])
    characters = np.repeat(np.array([1_000, 100], np.int64), [10, 40])
    pairs = find_pairs(write_parts(tmp_path, signatures, params=params), params, tmp_path / "work", lowest=0.6)
    curve = kept_by_threshold(pairs, characters, THRESHOLDS, tmp_path)
    assert curve == [
        (0.6, 10, 10_000),
        (0.7, 20, 11_000),
        (0.8, 30, 12_000),
        (0.9, 40, 13_000),
        (0.95, 40, 13_000),
    ]
    assert pick_threshold(curve, 11_500) == 0.8


def test_the_strictest_threshold_that_keeps_enough_is_chosen() -> None:
    curve = [Kept(0.9, 4, 400), Kept(0.7, 2, 200), Kept(0.8, 3, 300)]
    assert pick_threshold(curve, 0) == 0.7
    assert pick_threshold(curve, 300) == 0.8
    assert pick_threshold(curve, 301) == 0.9
    assert pick_threshold(curve, 1_000) == 0.9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1_000))
def test_the_curve_never_falls(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("curve")
    base, chance = random_signatures(seed, 3), np.random.default_rng(seed)
    rows = [with_agreement(base[[number % 3]], int(chance.integers(70, 121)), number) for number in range(30)]
    params = MinHashParams(num_bands=40, rows_per_band=3)
    pairs = find_pairs(write_parts(folder, np.concatenate(rows), params=params), params, folder / "work", lowest=0.6)
    curve = kept_by_threshold(pairs, chance.integers(1, 100, 30), THRESHOLDS, folder)
    assert [kept.threshold for kept in curve] == sorted(THRESHOLDS)
    assert sorted(kept.characters for kept in curve) == [kept.characters for kept in curve]
    assert 3 <= curve[0].documents <= curve[-1].documents <= 30
