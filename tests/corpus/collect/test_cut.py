"""Cut: nothing is lost, nothing is longer than asked where the text has a border."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.cut import cut_text, join_pieces


def test_neighbours_are_joined_while_they_fit() -> None:
    assert list(join_pieces(["aa", "bb", "cc", "ddddddd", "e"], 5, "|")) == ["aa|bb", "cc", "ddddddd", "e"]
    assert list(join_pieces([], 5, "|")) == []


def test_paragraphs_before_lines_before_nothing() -> None:
    text = "one\n\ntwo\nthree\n\nfour four\nfive\n\nsix"
    assert list(cut_text(text, 14)) == ["one\n\ntwo\nthree", "four four\nfive", "six"]
    assert list(cut_text(text, 9)) == ["one", "two\nthree", "four four", "five", "six"]
    assert list(cut_text(text, 3)) == ["one", "two", "three", "four four", "five", "six"]
    assert list(cut_text(text, 100)) == [text]


@given(st.lists(st.sampled_from(["a", "bb ", "\n", "\n\n", "ccc"])), st.integers(1, 12))
def test_no_character_but_borders_is_lost(parts: list[str], max_characters: int) -> None:
    text = "".join(parts)
    pieces = list(cut_text(text, max_characters))
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")
    assert all(len(piece) <= max_characters or "\n" not in piece for piece in pieces)
