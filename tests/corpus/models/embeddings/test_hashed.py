"""Vectors of hashed words: of length 1, of the text alone, near where words are shared."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.models.embeddings.hashed import HashedEmbedder
from cpt_pipeline.corpus.models.embeddings.params import HashedParams
from tests.corpus.texts import make_text

EMBEDDER = HashedEmbedder(HashedParams())


def cosine(one: str, other: str, embedder: HashedEmbedder = EMBEDDER) -> float:
    first, second = embedder.embed([one, other])
    return float(first @ second)


@given(st.lists(st.text(max_size=60), max_size=6))
def test_every_text_has_a_vector_of_length_1_that_its_neighbours_do_not_change(texts: list[str]) -> None:
    vectors = EMBEDDER.embed(texts)
    assert vectors.shape == (len(texts), 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    alone = [HashedEmbedder(HashedParams()).embed([text])[0].tobytes() for text in texts]
    assert [vector.tobytes() for vector in vectors] == alone


def test_the_order_of_sentences_case_and_punctuation_do_not_matter() -> None:
    lines = make_text(1).split("\n")
    assert cosine("\n".join(lines), " -- ".join(reversed(lines)).upper()) > 0.9999
    assert cosine("针灸。中医，大夫", "针灸！中医；大夫") > 0.9999


def test_a_third_of_the_words_lost_leaves_a_text_near_and_another_text_far() -> None:
    chance = random.Random(1)
    words = make_text(1, 300).split()
    left = [word for word in words if chance.random() > 1 / 3]
    assert cosine(" ".join(words), " ".join(left)) > 0.8
    assert cosine(make_text(1, 300), " ".join(f"w{number}" for number in range(300))) < 0.3


def test_chinese_is_seen_by_characters_and_pairs_of_them() -> None:
    one, turned = "中国医生在北京的医院工作", "作工院医的京北在生医国中"
    plain = HashedEmbedder(HashedParams(pair_weight=0))
    assert cosine(one, turned, plain) > 0.9999
    assert 0.5 < cosine(one, turned) < 0.95


def test_the_cosine_of_texts_without_a_common_word_is_that_of_chance() -> None:
    texts = [" ".join(f"{letter}{number}" for number in range(200)) for letter in "abcdefghijklmnopqrstuvwxyz"]
    cosines = EMBEDDER.embed(texts) @ EMBEDDER.embed(texts).T
    others = cosines[np.triu_indices(26, 1)]
    assert abs(others.mean()) < 0.02
    assert others.std() < 1.3 / 16


def test_seeds_give_other_vectors_and_the_vector_of_a_word_never_changes() -> None:
    other = HashedEmbedder(HashedParams(seed=2))
    assert abs(float(EMBEDDER.embed(["word"])[0] @ other.embed(["word"])[0])) < 0.9
    (vector,) = EMBEDDER.embed(["word"])
    places = np.flatnonzero(vector).tolist()
    assert {place: float(vector[place]) for place in places} == {34: 0.5, 68: 0.5, 90: 0.5, 135: -0.5}


def test_texts_without_a_word_are_alike() -> None:
    assert cosine("", " ... \n!") > 0.9999
