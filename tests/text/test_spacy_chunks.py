"""Chunks: cut as spaCy cuts them, with what spaCy sees beyond them known."""

from __future__ import annotations

from functools import lru_cache

from cpt_pipeline.text.spacy_chunks import ChunkCutter


@lru_cache
def cutter() -> ChunkCutter:
    return ChunkCutter()


def test_marks_are_what_the_sentencizer_sees() -> None:
    plain, end, quoted = cutter().cut_chunks(["word", "end.", '"What?!"'])
    assert (plain.words, plain.marks, plain.edges) == (("word",), "0", None)
    assert (end.words, end.marks) == (("end", "."), "02")
    assert (quoted.words, quoted.marks) == (('"', "What", "?", "!", '"'), "022")


def test_chunk_changed_by_a_special_case_inside_has_edges() -> None:
    changed, not_changed = cutter().cut_chunks(["x):", "(x)"])
    assert changed.words == ("x", "):")
    assert changed.edges == ("x", ":")
    assert (not_changed.words, not_changed.edges) == (("(", "x", ")"), None)


def test_pairs_are_neighbours_in_special_cases() -> None:
    assert (":", ")") in cutter().pairs
    assert ("the", "end") not in cutter().pairs
