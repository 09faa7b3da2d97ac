"""Works that share text are found wherever their documents begin and end, and a form that all have makes no kin."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport
from cpt_pipeline.corpus.dedup.shared_text import MAX_WORKS, find_shared, sketch
from cpt_pipeline.corpus.engine.hash_files import write_pairs
from cpt_pipeline.formats.benchmarks import write_items
from cpt_pipeline.formats.documents import read_documents, read_families, work_of
from cpt_pipeline.text.folding import fold
from tests.corpus.stages import dedup_documents
from tests.corpus.texts import make_row, make_text, write_artifact

SEEDS = range(1, 9)


def test_a_sketch_holds_what_stands_in_the_text_wherever_it_stands() -> None:
    book, preface = fold(make_text(1, 20_000)), fold(make_text(2, 900))
    assert 1_000 < sketch(book).size < 1_700  # 97,000 characters, 82,000 of them letters: one in 64
    assert set(sketch(book).tolist()) < set(sketch(f"{preface} {book}").tolist())
    assert not set(sketch(book).tolist()) & set(sketch(preface).tolist())


def test_a_sketch_is_of_letters_and_digits_alone() -> None:
    chinese = "".join(chr(0x4E00 + number * 37 % 20_000) for number in range(4_000))
    wrapped = "\n".join(chinese[start : start + 35] + "。" for start in range(0, 4_000, 35))
    assert sketch(chinese).size > 40
    assert sketch(fold(wrapped)).tolist() == sketch(chinese).tolist()
    assert sketch(chinese).max() > 1 << 63
    assert sketch("too short for a passage").size == sketch("").size == sketch("-" * 9_000).size == 0


def write(place: Path, works: Iterable[set[int]], num_files: int = 1) -> list[Path]:
    """Write works of one document each, as sets of hashes, divided among files."""
    paths = []
    listed = [(hash_, number) for number, hashes in enumerate(works) for hash_ in hashes]
    for file in range(num_files):
        part = np.array(listed[file::num_files], np.uint64).reshape(-1, 2)
        paths.append(place / f"{num_files}-{file}.npy")
        write_pairs(paths[-1], part[:, 0], part[:, 1])
    return paths


def linked(place: Path, works: list[set[int]], num_files: int = 1) -> set[tuple[int, int]]:
    everyone = np.ones(len(works), np.bool_)
    first, second = find_shared(write(place, works, num_files), everyone, np.arange(len(works)))
    return set(zip(first.tolist(), second.tolist(), strict=True))


def numbers(start: int, size: int) -> set[int]:
    return set(range(start, start + size))


def test_works_are_linked_by_a_fifth_of_the_shorter_one(tmp_path: Path) -> None:
    long = numbers(0, 1_000)
    works = [long, numbers(980, 100), numbers(981, 100) - {981}, numbers(5_000, 3) | {1, 2}, numbers(6_000, 3) | {3}]
    assert linked(tmp_path, works) == {(0, 1), (0, 3), (1, 2)}


def test_a_form_that_many_works_hold_links_none_of_them(tmp_path: Path) -> None:
    form = numbers(0, 10)
    works = [form | numbers(100 * number, 10) for number in range(1, MAX_WORKS + 2)]
    assert linked(tmp_path, works) == set()
    assert len(linked(tmp_path, works[1:])) == MAX_WORKS * (MAX_WORKS - 1) // 2


def test_only_chosen_documents_count_and_a_work_is_all_of_its_own(tmp_path: Path) -> None:
    paths = write(tmp_path, [numbers(0, 10), numbers(10, 10), numbers(0, 2) | numbers(20, 8), numbers(10, 2)])
    works = np.array([0, 0, 1, 1])
    for chosen, expected in (([1, 1, 1, 1], [(0, 1)]), ([1, 1, 1, 0], [(0, 1)]), ([0, 1, 1, 0], [])):
        first, second = find_shared(paths, np.array(chosen, np.bool_), works)
        assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sets(st.integers(0, 40), max_size=12), max_size=20), st.integers(1, 4))
def test_the_pairs_are_those_that_a_comparison_of_all_finds(
    tmp_path_factory: pytest.TempPathFactory, works: list[set[int]], num_files: int
) -> None:
    place = tmp_path_factory.mktemp("sketches")
    common = {each for each in range(41) if sum(each in work for work in works) > MAX_WORKS}
    expected = {
        (first, second)
        for (first, one), (second, other) in itertools.combinations(enumerate(works), 2)
        if len((one & other) - common) >= max(2, 0.2 * min(len(one), len(other)))
    }
    assert linked(place, works, num_files) == expected


def run(place: Path, rows: list[dict[str, Any]], **params: Any) -> DedupReport:
    documents = write_artifact(place / "clean", rows)
    write_items(place / "items", [])
    return dedup_documents(documents, place / "items", place, DedupParams.model_validate(params))


def sides(place: Path) -> tuple[set[str], set[str]]:
    training, heldout = ({work_of(row) for row in read_documents(place / f"{name}_documents")} for name in SIDES)
    return training, heldout


SIDES = ("unique", "heldout")


def cut(work: str, text: str, size: int, channel: str = "en") -> list[dict[str, Any]]:
    """Cut a text into parts as collect does."""
    starts = range(0, len(text), size)
    place = {"part_of": work, "separator": ""}
    return [
        {**make_row(0, text[start : start + size], channel=channel), **place, "id": f"{work}/{part}", "part": part,
         "last_part": part + 1 == len(starts)}
        for part, start in enumerate(starts)
    ]  # fmt: skip


@pytest.mark.feature(96)
def test_an_edition_behind_a_preface_is_on_the_side_of_the_other(tmp_path: Path) -> None:
    """The preface moves the borders of all parts, so no part is a near copy of another edition's."""
    rows = []
    for book in range(7):
        text = make_text(book, 1_500)
        rows += cut(f"b{book}-1", text, 1_500) + cut(f"b{book}-2", f"{make_text(50 + book, 130)}\n{text}", 1_500)
    for seed in SEEDS:
        place = tmp_path / str(seed)
        report = run(place, rows, heldout_max_share=0.4, seed=seed)
        assert report.excluded == {}
        training, heldout = sides(place)
        assert len(heldout) == 4  # 40 % of seven books, in two editions
        assert not {work[:2] for work in heldout} & {work[:2] for work in training}
        assert (report.works, report.heldout_works) == ({"en": 5}, {"en": 2})
        assert read_families(place / "heldout_documents") == {
            work: f"{work[:2]}-1" for work in heldout if work.endswith("2")
        }


@pytest.mark.parametrize("with_children", [False, True])
def test_documents_that_share_a_third_are_on_one_side(tmp_path: Path, with_children: bool) -> None:
    """What clean made of a document is long enough to bring the share below a fifth, and does not count."""
    rows = []
    for number in range(8):
        shared = make_text(number, 300)
        for half in range(2):
            own = make_text(100 + 2 * number + half, 600)
            text = f"{own}\n{shared}" if half else f"{shared}\n{own}"
            rows.append({**make_row(0, text), "id": f"d{number}-{half}"})
            if with_children:
                id, made = f"d{number}-{half}", make_text(900 + 2 * number + half, 1_500)
                metadata = json.dumps({"synthetic": "rewrite", "parent": id})
                rows.append({**make_row(0, made), "id": f"{id}#rewrite", "part_of": id, "metadata": metadata})
    for seed in SEEDS:
        run(tmp_path / str(seed), rows, heldout_max_share=0.4, seed=seed)
        training, heldout = sides(tmp_path / str(seed))
        assert len(heldout) == 6
        assert not {work[:2] for work in heldout} & {work[:2] for work in training}


@pytest.mark.parametrize("size", [9_000, 3_000])
def test_a_licence_in_every_book_links_none(tmp_path: Path, size: int) -> None:
    """The licence is 40 % of every book: the end of a document, or a document of its own that is a copy of others."""
    licence = make_text(999, 410)
    rows = [
        row for book in range(MAX_WORKS + 4)
        for row in cut(f"b{book:02}", make_text(book, 800)[:3_000] + licence[:2_000], size)
    ]  # fmt: skip
    report = run(tmp_path, rows, heldout_max_share=0.3)
    assert report.excluded.get("exact", 0) + report.excluded.get("near_heldout", 0) == (19 if size == 3_000 else 0)
    assert (report.works, report.heldout_works) == ({"en": 14}, {"en": 6})
    assert read_families(tmp_path / "heldout_documents") == {}


def test_kin_of_what_an_earlier_round_has_read_is_not_held_out(tmp_path: Path) -> None:
    first = [{**make_row(0, make_text(number, 600)), "id": f"old{number}"} for number in range(10)]
    run(tmp_path / "one", first)
    new = [{**make_row(0, make_text(100 + number, 600)), "id": f"new{number}"} for number in range(10)]
    kin = [{**make_row(0, f"{make_text(n, 600)}\n{make_text(200 + n, 600)}"), "id": f"kin{n}"} for n in range(10)]
    earlier = tmp_path / "one/corpus_index"
    report = run(tmp_path / "two", [*first, *new, *kin], earlier_index=earlier, heldout_max_share=0.5)
    assert report.excluded == {"near_earlier": 10}
    assert {work[:3] for work in sides(tmp_path / "two")[1]} == {"new"}
    assert (report.works, report.heldout_works) == ({"en": 5}, {"en": 5})


def test_a_channel_that_cannot_be_divided_is_told_why(tmp_path: Path) -> None:
    shared = [make_text(number, 500) for number in range(4)]
    rows = [{**make_row(0, text), "id": f"d{number}"} for number, text in enumerate(shared)]
    others = [f"{text}\n{make_text(50 + number, 500)}" for number, text in enumerate(shared)]
    rows += [{**make_row(0, text, channel="zh"), "id": f"z{number}"} for number, text in enumerate(others)]
    rows += [{**make_row(0, make_text(90 + number)), "id": f"e{number}"} for number in range(9)]
    words = "its 4 works share a fifth of their text or more with works of en"
    found = []
    for seed in SEEDS:
        try:
            run(tmp_path / str(seed), rows, heldout_documents_per_channel=1, seed=seed)
        except NothingLeftError as error:
            found.append(str(error))
    assert found
    assert all(f"channel zh has no held-out document: {words}" in each for each in found)
    same = [{**make_row(0, f"{shared[0]}\n{make_text(70 + n, 500)}"), "id": f"s{n}"} for n in range(5)]
    with pytest.raises(NothingLeftError, match="channel en has no training document: its 5 works share a fifth"):
        run(tmp_path / "same", same)
