"""The patterns of line noise: no keyword filter hides a match, and none is a sentence's word alone."""

from __future__ import annotations

import re

import pytest

from cpt_pipeline.corpus.clean.repair.noise_patterns import (
    ADVERT_KEYWORDS,
    ADVERTS,
    COPYRIGHT,
    COPYRIGHT_KEYWORDS,
    NAVIGATION_ITEMS,
    NAVIGATION_LINES,
)
from tests.corpus.clean.repair.test_line_noise import NOISE


@pytest.mark.parametrize("line", NOISE["adverts"])
def test_every_advert_holds_a_keyword(line: str) -> None:
    assert re.search(ADVERTS, line, re.IGNORECASE)
    assert any(word in line.lower() for word in ADVERT_KEYWORDS)


@pytest.mark.parametrize("line", NOISE["copyright"])
def test_every_notice_of_rights_holds_a_keyword(line: str) -> None:
    assert COPYRIGHT.search(line)
    assert any(word in line.lower() for word in COPYRIGHT_KEYWORDS)


def test_keywords_and_items_are_in_the_case_in_which_they_are_sought() -> None:
    for word in (*ADVERT_KEYWORDS, *COPYRIGHT_KEYWORDS, *NAVIGATION_ITEMS):
        assert word == word.lower().strip()


def test_navigation_lines_are_whole_lines() -> None:
    assert NAVIGATION_LINES.fullmatch("返回首页")
    assert NAVIGATION_LINES.fullmatch("Load more comments")
    assert not NAVIGATION_LINES.fullmatch("Read more books")
