from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.crawl.robots import parse_robots

FILE = """\
User-agent: *
Disallow: /private/
Allow: /private/open   # the longer rule wins
Disallow: /*.pdf$
Crawl-delay: 2.5

User-agent: greedy
User-agent: cptbot
Disallow: /

User-agent: empty
Disallow:
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private/a", False),
        ("/private/open/a", True),
        ("/private", True),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x=1", True),
        ("/a.pdfs", True),
    ],
)
def test_the_longest_rule_that_fits_decides(path: str, allowed: bool) -> None:
    assert parse_robots(FILE, "somebot/1.0 (+https://a.test)").allows(path) is allowed


def test_a_group_that_names_the_crawler_replaces_the_one_for_all() -> None:
    assert not parse_robots(FILE, "CptBot/2.0").allows("/anything")
    assert parse_robots(FILE, "empty").allows("/private/a")
    assert parse_robots(FILE, "cptbot").delay_seconds == 0
    assert parse_robots(FILE, "cptbotany").allows("/anything")


def test_groups_of_one_name_count_together() -> None:
    text = "User-agent: a\nDisallow: /x\nUser-agent: b\nDisallow: /y\nUser-agent: a\nDisallow: /z\n"
    robots = parse_robots(text, "a")
    assert [robots.allows(path) for path in ("/x", "/y", "/z")] == [False, True, False]


def test_the_delay_is_read_and_nonsense_is_not() -> None:
    assert parse_robots(FILE, "other").delay_seconds == 2.5
    for value in ("-1", "nan", "inf", "1e9", "soon", ""):
        assert parse_robots(f"User-agent: *\nCrawl-delay: {value}", "other").delay_seconds == 0
    assert parse_robots("User-agent: *\nCrawl-delay: 999999", "other").delay_seconds == 3600


def test_two_spellings_of_a_path_are_one_path() -> None:
    robots = parse_robots("User-agent: *\nDisallow: /%7ejoe/\nDisallow: /ö\nDisallow: /a%2fb", "other")
    assert [robots.allows(path) for path in ("/~joe/x", "/%C3%B6", "/%c3%b6", "/a%2Fb", "/a/b")] == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_of_two_rules_of_one_length_the_one_that_allows_wins() -> None:
    assert parse_robots("User-agent: *\nDisallow: /a\nAllow: /a", "other").allows("/a")


def test_a_rule_full_of_wildcards_is_matched_in_the_end() -> None:
    robots = parse_robots("User-agent: *\nDisallow: /" + "*a" * 5000 + "b$", "other")
    assert robots.allows("/" + "a" * 20000)  # a matcher that backtracks does not come back from here


@given(st.text(max_size=200), st.text(alphabet="ab*/$.", max_size=12))
def test_any_text_is_readable_and_an_empty_path_is_answered(text: str, path: str) -> None:
    assert parse_robots(text, "bot").allows("/" + path) in (True, False)


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=12))
def test_matching_agrees_with_a_regular_expression(pattern: str, path: str) -> None:
    expected = re.match(re.escape("/" + pattern).replace(r"\*", ".*"), "/" + path) is None
    assert parse_robots(f"User-agent: *\nDisallow: /{pattern}", "bot").allows("/" + path) is expected
    anchored = re.fullmatch(re.escape("/" + pattern).replace(r"\*", ".*"), "/" + path) is None
    assert parse_robots(f"User-agent: *\nDisallow: /{pattern}$", "bot").allows("/" + path) is anchored
