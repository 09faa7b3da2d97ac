"""Measures of diversity against their definitions, and the sample they are made on."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.statistics.diversity import DiversitySample, entropy, mean_cosine, vendi_score
from cpt_pipeline.corpus.dedup.statistics.diversity_params import DiversityParams, DiversityReport
from cpt_pipeline.corpus.models.embeddings.params import EncoderRunParams
from tests.corpus.texts import make_row, make_text


def measure(rows: list[dict[str, Any]], **params: Any) -> DiversityReport:
    sample = DiversitySample(DiversityParams.model_validate(params))
    for row in rows:
        sample.add(row)
    found = sample.measure(EncoderRunParams())
    assert found is not None
    return found


def rows(num_rows: int, **more: Any) -> list[dict[str, Any]]:
    return [{**make_row(number, make_text(number)), **more} for number in range(num_rows)]


@pytest.mark.parametrize(
    ("vectors", "score", "cosine"),
    [
        (np.eye(5, 8), 5.0, 0.0),
        (np.tile(np.eye(1, 8), (5, 1)), 1.0, 1.0),
        (np.repeat(np.eye(2, 3), 4, axis=0), 2.0, 3 / 7),
        (np.eye(1, 4), 1.0, 1.0),
    ],
)
def test_vendi_counts_documents_that_have_nothing_in_common(vectors: Any, score: float, cosine: float) -> None:
    assert vendi_score(vectors.astype(np.float32)) == pytest.approx(score)
    assert mean_cosine(vectors.astype(np.float32)) == pytest.approx(cosine)


@given(st.integers(2, 12), st.integers(2, 12))
def test_vendi_is_that_of_the_eigenvalues_of_the_kernel(num_rows: int, dimensions: int) -> None:
    vectors = np.random.default_rng(num_rows).standard_normal((num_rows, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shares = np.linalg.eigvalsh(vectors @ vectors.T / num_rows)
    shares = shares[shares > 1e-12]
    expected = math.exp(-(shares * np.log(shares)).sum())
    assert vendi_score(vectors.astype(np.float32)) == pytest.approx(expected, rel=1e-4)


def test_entropy_of_equal_shares_is_the_log_of_their_number() -> None:
    assert math.exp(entropy([3, 3, 3, 3])) == pytest.approx(4)
    assert entropy([7]) == 0
    assert entropy([]) == 0


@pytest.mark.feature(33)
def test_a_repetitive_channel_is_told_from_a_various_one() -> None:
    base = make_text(0).split("\n")
    chance = random.Random(1)
    same = ["\n".join(chance.sample(base, len(base))) + f" {number}" for number in range(20)]
    repetitive = [
        {**make_row(100 + number, text, channel="dull"), "language": "en", "source": "one"}
        for number, text in enumerate(same)
    ]
    various = [{**row, "language": ("en", "zh")[place % 2]} for place, row in enumerate(rows(20))]
    found = measure([*various, *repetitive])
    dull, rich = found.channels["dull"], found.channels["en"]
    assert list(found.channels) == ["dull", "en"]
    assert (dull.documents, rich.documents, found.whole.documents) == (20, 20, 40)
    assert dull.vendi_score < 1.5
    assert 10 < rich.vendi_score < 20
    assert dull.mean_cosine > 0.9
    assert rich.mean_cosine < 0.5
    assert (dull.largest_group, rich.largest_group) == (1.0, 0.05)
    assert dull.distinct_2 < 0.2
    assert rich.distinct_2 > 0.9
    assert dull.pair_entropy < rich.pair_entropy
    assert (rich.effective_languages, dull.effective_languages) == (2.0, 1.0)
    assert (found.whole.effective_sources, dull.effective_sources) == (2.0, 1.0)
    assert dull.vendi_score < found.whole.vendi_score


def test_words_are_counted_by_hand() -> None:
    found = measure([{**make_row(0, "中国 a b, a b. 中国"), "language": "zh"}], sample_words=100).whole
    assert found.words == 8
    assert found.distinct_2 == pytest.approx(5 / 7, abs=1e-4)
    assert measure(rows(3), sample_words=10).whole.words == 10


def test_the_sample_does_not_depend_on_order_and_is_bounded() -> None:
    many = rows(60)
    turned = measure(many[::-1], sample_documents=10)
    assert turned == measure(many, sample_documents=10)
    assert turned.whole.documents == 10
    assert turned != measure(many, sample_documents=10, seed=2)


def test_switched_off_there_is_no_report() -> None:
    sample = DiversitySample(DiversityParams(enabled=False))
    sample.add(rows(1)[0])
    assert sample.measure(EncoderRunParams()) is None
