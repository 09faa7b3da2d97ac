"""The compiled loops give the letters of Unicode, and the seeds and matches that a slow search finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.decontamination.items import _letter_table
from cpt_pipeline.corpus.dedup.decontamination.kernel import (
    fill_tables,
    find_letters,
    find_seeds,
    hash_runs,
    list_hits,
    match_items,
)


@given(st.text(st.characters(codec=None), max_size=60) | st.text(st.sampled_from("aé1_- 好の\U00020000²ªⅨ\u0301")))
def test_letters_are_those_of_unicode(text: str) -> None:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    letters, places = find_letters(codes, _letter_table())
    assert places.tolist() == [place for place, each in enumerate(text) if each.isalnum()]
    assert (letters > 0).all()
    assert all(
        letter == code for letter, code in zip(letters.tolist(), codes[places].tolist(), strict=True) if code < 999
    )


LETTERS = st.lists(st.integers(1, 4), max_size=60)


@given(LETTERS, LETTERS, st.integers(1, 6))
def test_seeds_are_found_where_a_slow_search_finds_them(text: list[int], item: list[int], length: int) -> None:
    keys = np.unique(hash_runs(np.array(item, np.uint32), length))
    slots, bits = np.full(128, -1, np.int32), np.zeros(64, np.uint8)
    fill_tables(keys, slots, bits)
    rows, starts = find_seeds(np.array(text, np.uint32), length, (keys, slots, bits))
    runs = [item[place : place + length] for place in range(len(item) - length + 1)]
    wanted = [place for place in range(len(text) - length + 1) if text[place : place + length] in runs]
    assert starts.tolist() == wanted
    assert keys[rows].tolist() == hash_runs(np.array(text, np.uint32), length)[wanted].tolist()


def match(text: str, item: str, hits: list[tuple[int, int]], num_prompt: int) -> list[tuple[int, int, str]]:
    """Match one item at given places of text and item; give each match's range, and the item with dots for gaps."""
    letters = np.array(list(map(ord, item)), np.uint32)
    one = np.ones(1, np.int32)
    texts = (letters, np.array([0, len(item)]), one * num_prompt, one * 3, one, one * 1_000)
    places = np.array([place for _, place in hits], np.int32)
    found = match_items(
        np.array(list(map(ord, text)), np.uint32), np.array([at for at, _ in hits], np.int64), places, texts, 0.7
    )
    items, starts, ends, marks = found
    assert marks.size == items.size * len(item)
    shown = ["".join(np.where(each, list(item), ".")) for each in marks.reshape(-1, len(item))]
    return list(zip(starts.tolist(), ends.tolist(), shown, strict=True))


def test_a_match_goes_on_over_letters_replaced_put_in_and_left_out() -> None:
    item = "abcdefghijklmnopqrst"
    assert match("..abcdefghijklmnopqrst..", item, [(2, 0)], 20) == [(2, 22, item)]
    assert match("abcdXfghijkl", item, [(6, 6)], 12) == [(0, 12, "abcd.fghijkl........")]
    assert match("abcdeXYfghijkl", item, [(0, 0)], 12) == [(0, 14, "abcdefghijkl........")]
    assert match("abcdefijkl", item, [(0, 0)], 12) == [(0, 10, "abcdef..ijkl........")]
    assert match("abcdXXXXXXXX", item, [(0, 0)], 12) == []


def test_each_place_of_a_text_is_matched_once() -> None:
    item = "abcdefgh"
    text = f"{item}{'.' * 50}{item}"
    assert match(text, item, [(0, 0), (2, 2), (58, 0)], 8) == [(0, 8, item), (58, 66, item)]


def test_meetings_without_another_near_are_left_out() -> None:
    rows, starts = np.array([0, 1, 0, 1], np.int32), np.array([0, 40, 500, 507], np.int32)
    postings = (np.array([0, 1, 2]), np.zeros(2, np.int32), np.array([0, 7], np.int32))
    windows = np.array([100], np.int32)
    hits, places = list_hits(rows, starts, postings, np.array([2], np.int32), windows)
    assert (hits.tolist(), places.tolist()) == ([500, 507], [0, 7])
    assert list_hits(rows, starts, postings, np.array([1], np.int32), windows)[0].tolist() == [0, 40, 500, 507]
