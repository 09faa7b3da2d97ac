"""Terms are found as words where there are borders, and anywhere where there are none; bad lists are named whole."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.text.term_search import TermSearch, read_terms
from cpt_pipeline.text.words import fold

TERMS = ["vein", "vena cava", "β-catenin", "血管", "维生素c"]


def found(text: str) -> set[str]:
    return {TERMS[place] for place in TermSearch(TERMS).find(fold(text))}


def test_letters_count_between_borders_and_chinese_anywhere() -> None:
    assert found("The VEIN, and the vena\n cava; veinlet") == {"vein", "vena cava"}
    assert found("veins, my-veins, vein_") == {"vein"}
    assert found("veins and invein") == set()
    assert found("毛细血管壁") == {"血管"}
    assert found("吃维生素C片") == {"维生素c"}
    assert found("维生素cd") == set()
    assert found("of Β-catenin") == {"β-catenin"}
    assert found("") == set()


def test_a_letter_without_its_signs_is_no_term_and_scripts_without_blanks_have_no_borders() -> None:
    terms = ["क", "कि", "किताब", "ยา", "cafe"]
    search = TermSearch(terms)
    assert [terms[place] for place in sorted(search.find(fold("नई किताब")))] == ["किताब"]
    assert [terms[place] for place in search.find(fold("กินยาแล้ว"))] == ["ยา"]
    assert search.find(fold("caf\u0065\u0323")) == set()


def test_nothing_is_found_without_terms() -> None:
    assert TermSearch([]).find("any text") == set()


@given(st.lists(st.text("ab血", min_size=1, max_size=3), max_size=6, unique=True), st.text("ab血 .", max_size=30))
def test_it_finds_what_a_regular_expression_for_each_term_finds(terms: list[str], text: str) -> None:
    def pattern(term: str) -> str:
        return rf"{'(?<![ab])' if term[0] != '血' else ''}{term}{'(?![ab])' if term[-1] != '血' else ''}"

    expected = {place for place, term in enumerate(terms) if re.search(pattern(term), text)}
    assert TermSearch(terms).find(text) == expected


def test_a_list_is_folded_and_every_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes("\ufeffVena  Cava # a big one\n\n# comment\nvena cava\n血管\n".encode())
    assert read_terms(path) == (["vena cava", "血管"], [])
    path.write_bytes(b"vein\n---\n\xff\xfe\n")
    assert read_terms(path)[1] == [
        f"{path} line 2: '---' has no letter or digit",
        f"{path} line 3: not UTF-8; store the file as UTF-8",
    ]
    path.write_bytes(b"# nothing\n")
    assert read_terms(path) == ([], [f"{path}: no term in it; write one per line"])
    assert read_terms(tmp_path / "none.txt") == ([], [f"{tmp_path / 'none.txt'}: No such file or directory"])
