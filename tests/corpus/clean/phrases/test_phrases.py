"""Phrases: what many documents of a source share is found, whole; what is rare or of another source is not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.phrases.phrases import (
    Frequent,
    Phrase,
    PhrasesParams,
    find_ngrams,
    find_phrases,
    is_mined,
    mined_number,
    remove_phrases,
)
from cpt_pipeline.corpus.engine.hash_files import write_pairs

PARAMS = PhrasesParams(enabled=True, ngram_words=4, ngram_cjk_characters=6, min_documents=5, list_share=0.1)
NOUNS = ("apple", "pear", "plum", "fig", "lime", "date", "kiwi", "rice", "bean", "corn", "leek", "kale")
ENGLISH = [
    f"The {noun} of number {number} is {number * 7} days old. Thank you for reading our daily newsletter, dear friend! "
    f"Its {noun} skin is thin."
    for number, noun in enumerate(NOUNS)
]
CHINESE = [f"第{number}种{noun}很好吃，小编为大家整理了相关内容，颜色是{number}。" for number, noun in enumerate(NOUNS)]


def mine(texts: list[tuple[str, str]], folder: Path, params: PhrasesParams = PARAMS) -> Frequent:
    """Mine (source, text) in two files."""
    sources = sorted({source for source, _ in texts})
    paths = [folder / "0.npy", folder / "1.npy"]
    for part, path in enumerate(paths):
        found = [
            (find_ngrams(text, source, params).hashes, mined_number(number, sources.index(source)))
            for number, (source, text) in enumerate(texts)
            if number % 2 == part
        ]
        documents = [np.full(hashes.size, number, np.uint64) for hashes, number in found]
        write_pairs(path, np.concatenate([hashes for hashes, _ in found]), np.concatenate(documents))
    sizes = Counter(source for source, _ in texts)
    return Frequent.build(paths, [sizes[source] for source in sources], params)


def texts_of(text: str, phrases: list[Phrase]) -> list[tuple[str, int]]:
    return [(text[phrase.start : phrase.end], phrase.documents) for phrase in phrases]


@pytest.mark.feature(29)
def test_a_template_is_found_with_its_borders_and_removed(tmp_path: Path) -> None:
    frequent = mine([("news", text) for text in ENGLISH], tmp_path)
    phrases = find_phrases(ENGLISH[3], "news", frequent, PARAMS, 5)
    assert texts_of(ENGLISH[3], phrases) == [
        ("days old. Thank you for reading our daily newsletter, dear friend! Its", 12)
    ]
    assert remove_phrases(ENGLISH[3], phrases) == "The fig of number 3 is 21 fig skin is thin."


def test_chinese_templates_need_no_spaces(tmp_path: Path) -> None:
    frequent = mine([("forum", text) for text in CHINESE], tmp_path)
    phrases = find_phrases(CHINESE[2], "forum", frequent, PARAMS, 5)
    assert texts_of(CHINESE[2], phrases) == [("很好吃，小编为大家整理了相关内容，颜色是", 12)]
    assert remove_phrases(CHINESE[2], phrases) == "第2种plum2。"


def test_sources_are_counted_apart(tmp_path: Path) -> None:
    texts = [("a" if number < 4 else "b", text) for number, text in enumerate(ENGLISH)]
    frequent = mine(texts, tmp_path)
    assert find_phrases(ENGLISH[0], "a", frequent, PARAMS, 5) == []
    assert [found.documents for found in find_phrases(ENGLISH[5], "b", frequent, PARAMS, 5)] == [8]


def test_a_phrase_twice_in_one_document_counts_once(tmp_path: Path) -> None:
    params = PARAMS.model_copy(update={"min_documents": 2})
    frequent = mine(
        [("a", "one two three four. one two three four."), ("a", "no such words stand here")], tmp_path, params
    )
    assert find_phrases("one two three four", "a", frequent, params, 2) == []


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    frequent = mine([("news", text) for text in ENGLISH], tmp_path)
    frequent.write(tmp_path / "frequent.npy")
    again = Frequent.read(tmp_path / "frequent.npy")
    assert find_phrases(ENGLISH[1], "news", again, PARAMS, 5) == find_phrases(ENGLISH[1], "news", frequent, PARAMS, 5)


def test_the_sample_is_a_share_of_all_ids() -> None:
    ids = [f"source/{number}" for number in range(4000)]
    assert 900 < sum(is_mined(each, 0.25) for each in ids) < 1100
    assert all(is_mined(each, 1.0) for each in ids)
    assert {each for each in ids if is_mined(each, 0.1)} < {each for each in ids if is_mined(each, 0.2)}


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_only_characters_of_the_text_are_left_in_their_order(text: str, spans: list[tuple[int, int]]) -> None:
    phrases = [Phrase(min(span), max(span), 5) for span in spans if max(span) <= len(text)]
    left = iter(text)
    assert all(character in left for character in remove_phrases(text, phrases))


def test_what_is_removed_must_be_listed() -> None:
    with pytest.raises(ValueError, match="below list_share"):
        PhrasesParams(list_share=0.2, remove_share=0.1)
