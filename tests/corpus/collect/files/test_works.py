"""Works: what belongs together is named, and which piece ends a text."""

from __future__ import annotations

from itertools import compress, pairwise, product
from typing import Any

import pytest

from cpt_pipeline.corpus.collect.files.works import Place, cut_works
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.formats.documents import continues


def places(readings: list[Reading], max_characters: int | None = None) -> list[tuple[str, str, Place]]:
    found = cut_works((("f", each) for each in readings), max_characters, ("title",))
    return [(reading.position, reading.text, place) for _, reading, place in found]


def test_a_whole_text_is_its_own_work() -> None:
    assert places([Reading("#1", "a b"), Reading("#2", "c")], 10) == [
        ("#1", "a b", Place()),
        ("#2", "c", Place()),
    ]


def test_the_last_part_alone_ends_the_text() -> None:
    assert places([Reading("#1", "aa bb cc"), Reading("#2", "dd")], 2) == [
        ("#1/1", "aa", Place("#1", 0, "", last_part=False)),
        ("#1/2", "bb", Place("#1", 1, " ", last_part=False)),
        ("#1/3", "cc", Place("#1", 2, " ", last_part=True)),
        ("#2", "dd", Place()),
    ]


def test_chapters_are_parts_of_a_book_whose_last_one_ends_it() -> None:
    book = [Reading(f"#{number}", text, work="", is_continued=True) for number, text in enumerate(["aa bb", "cc"], 1)]
    assert places([*book, Reading("x", "dd")], 3) == [
        ("#1/1", "aa", Place("", 0, "", last_part=False)),
        ("#1/2", "bb", Place("", 1, " ", last_part=False)),
        ("#2", "cc", Place("", 2, "\n\n", last_part=True)),
        ("x", "dd", Place()),
    ]


def test_a_chapter_that_is_no_text_leaves_a_gap_and_does_not_end_the_book() -> None:
    book = [
        Reading("#1", "aa", work="", is_continued=True),
        Reading("#2", reason="damaged_part", work="", is_continued=True),
        Reading("#3", "cc", work="", is_continued=True),
        Reading("#4", reason="table_of_contents", work="", is_continued=True),
    ]
    found = list(cut_works((("f", each) for each in book), None))
    kept = [(reading.position, place.part, place.last_part) for _, reading, place in found if not reading.reason]
    assert kept == [("#1", 0, False), ("#3", 2, True)]
    assert [reading.reason for _, reading, _ in found] == [None, "damaged_part", None, "table_of_contents"]


def test_turns_are_pieces_of_a_conversation_and_each_ends_itself() -> None:
    turns = [Reading(f"#1/{number}", "aa bb", work="#1") for number in (1, 2)]
    assert places(turns) == [("#1/1", "aa bb", Place("#1")), ("#1/2", "aa bb", Place("#1"))]
    assert [(place.work, place.part, place.last_part) for _, _, place in places(turns, 2)] == [
        ("#1", 0, False),
        ("#1", 1, True),
        ("#1", 0, False),
        ("#1", 1, True),
    ]


def test_two_books_in_two_files_are_two_works() -> None:
    chapters = [(name, Reading("#1", "aa", work="", is_continued=True)) for name in ("a.epub", "b.epub")]
    assert [place.last_part for _, _, place in cut_works(chapters, None)] == [True, True]


def test_counts_stand_with_the_first_part_and_what_all_share_with_all() -> None:
    reading = Reading("#1", "aa bb", fields={"title": "T", "tables": 3})
    assert [each.fields for _, each, _ in cut_works([("f", reading)], 2, ("title",))] == [
        {"title": "T", "tables": 3},
        {"title": "T"},
    ]


def test_a_long_blank_text_is_excluded_by_name() -> None:
    found = list(cut_works([("f", Reading("#1", " " * 20))], 5))
    assert [(reading.position, reading.reason) for _, reading, _ in found] == [("#1", "empty")]


def cut_rows(is_book: bool, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Rows of a book of chapters, or a record of texts, of so many words; each word is a piece and names its text."""
    found, words = [], 0
    for number, size in enumerate(sizes, 1):
        first, text = (words, 0) if is_book else (0, number)
        content = " ".join(f"{text}:{place}" for place in range(first, first + size))
        words += size
        position, work = (f"#{number}", "") if is_book else (f"#1/{number}", "#1")
        found.append(("f", Reading(position, content, work=work, is_continued=is_book)))
    return [
        {"id": f"s/f{each.position}", "part_of": f"s/f{place.work}", "text": each.text, **vars(place)}
        for _, each, place in cut_works(found, len("0:0"))
    ]


@pytest.mark.parametrize("is_book", [True, False])
def test_whatever_is_dropped_only_neighbours_of_one_text_are_joined(is_book: bool) -> None:
    for sizes in product((1, 2, 3), repeat=2):
        rows = cut_rows(is_book, sizes)
        for kept in product((True, False), repeat=len(rows)):
            for before, row in pairwise(compress(rows, kept)):
                (old_text, old_place), (text, place) = (each["text"].split(":") for each in (before, row))
                is_next = old_text == text and int(old_place) + 1 == int(place)
                assert continues(before, row) is is_next, (before, row)
