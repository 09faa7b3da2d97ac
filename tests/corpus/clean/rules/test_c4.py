"""C4: datatrove's reason, lines and counts for any text."""

from __future__ import annotations

from functools import lru_cache

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.rules.c4 import C4Lines, C4Params, c4_checks, read_c4_lines
from cpt_pipeline.corpus.clean.rules.measures import Text
from cpt_pipeline.text.tokens import EnglishWords

PIECES = [
    "One more sentence.",
    "Two. Three!",
    "x",
    "a {b} c",
    "JavaScript is needed here",
    "see the privacy policy",
    "[12]",
]
PIECES += [
    "Java[1]Script in disguise",
    "Lorem Ipsum dolor sit",
    "y" * 1001,
    "he said so...",
    "[citation needed]",
    "\n",
    "\n",
    "\n",
]
PIECES += ["  ", "\x85", "use[edit] cookies now"]


@lru_cache
def english() -> EnglishWords:
    return EnglishWords()


def run(text: str, params: C4Params, language: str = "en") -> tuple[str | None, C4Lines]:
    found = read_c4_lines(Text(text, english(), language), params)
    return next((check.reason for check in c4_checks(found, params) if check.detail), None), found


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map(" ".join), st.booleans())
@example("One. Two. Three. Four. Five now.\nJava[1]Script in disguise", False)
def test_reason_and_text_are_those_of_datatrove(text: str, terminal: bool) -> None:
    block, document = C4QualityFilter(filter_no_terminal_punct=terminal), Document(text=text, id="")
    result = block.filter(document)
    reason, found = run(text, C4Params(require_terminal_punctuation=terminal))
    assert reason == (None if result is True else f"c4_{result[1]}")
    if result is True:
        assert found.text == document.text
        names = {f"line-filter-{name}": count for name, count in found.removed.items()}
        assert names == {name: stat.total for name, stat in block.stats.stats.items() if name.startswith("line-filter")}


def test_lines_are_taken_out_and_counted_by_reason() -> None:
    kept = "First one. Second one. Third one. Fourth one. Fifth one."
    reason, found = run(
        f"Home\n{kept}[3]\nPlease enable JavaScript to go on\nRead our privacy policy first", C4Params()
    )
    assert (reason, found.text) == (None, kept)
    assert found.removed == {"too_few_words": 1, "javascript": 1, "policy": 1}


def test_sentences_are_counted_no_further_than_the_limit() -> None:
    reason, found = run("\n".join(["One sentence here. And two."] * 10), C4Params(min_sentences=3))
    assert (reason, found.num_sentences) == (None, 4)
    assert run("One sentence here.", C4Params(min_sentences=2))[0] == "c4_too_few_sentences"
    assert run("One sentence here.", C4Params(min_sentences=None))[0] is None


def test_other_languages_end_sentences_with_their_own_marks() -> None:
    params = C4Params(min_sentences=10, min_words_per_line=0)
    assert run("第一句。第二句！第三句？（括号）", params, "zh")[1].num_sentences == 4
