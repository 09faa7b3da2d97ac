"""What is mined of each source does not depend on how large the others are."""

from __future__ import annotations

import pytest

from cpt_pipeline.corpus.clean.phrases.mining import divide_sample


def test_a_small_source_is_read_as_a_whole_beside_a_large_one() -> None:
    shares = divide_sample({"calls": 10_000, "web": 90_000_000}, 90_010_000 * 1_000, 256_000_000)
    assert shares["calls"] == 1.0
    assert shares["web"] == pytest.approx(128_000_000 / 90e9)


def test_a_corpus_that_is_small_enough_is_read_as_a_whole() -> None:
    assert divide_sample({"a": 10, "b": 30}, 40_000, 1 << 28) == {"a": 1.0, "b": 1.0}
    assert divide_sample({}, 0, 1 << 28) == {}
