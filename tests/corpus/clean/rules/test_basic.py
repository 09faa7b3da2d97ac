"""The rules for any language: literal numbers, and a text for each that breaks it first."""

from __future__ import annotations

import pytest

from cpt_pipeline.corpus.clean.rules.basic import BasicParams, basic_checks
from cpt_pipeline.corpus.clean.rules.measures import Text
from cpt_pipeline.text.tokens import EnglishWords
from tests.corpus.texts import make_text

ENGLISH = EnglishWords()
BAD = {
    "too_short": ("five words " * 9).strip(),
    "too_long": make_text(1, 2_000),
    "few_letters": "12.34 56.78 | " * 20 + "some words at the end",
    "repeated_lines": "\n".join([f"The same line again, word for word.\n{n}" for n in range(20)]),
    "long_words": f"{'abcdefghij' * 3} " * 4,
    "few_distinct_words": " ".join(f"to go on and on and on and on, {word}?" for word in ("never", "ever") * 60),
    "undecodable": make_text(1, 400) + "\ufffd" * 400,
    "repeated_text": " ".join(make_text(2, 100).split()) * 3,
    "top_token_share": " ".join(f"spam {word}" for word in make_text(3, 200).split()),
    "token_share": make_text(4, 400) + " <br>" * 60,
}


def broken(text: str, params: BasicParams) -> list[str]:
    return [check.reason for check in basic_checks(Text(text, ENGLISH), params, {}) if check.detail]


@pytest.mark.parametrize("reason", list(BAD))
def test_each_rule_has_a_text_that_breaks_it_first(reason: str) -> None:
    params = BasicParams(max_characters=5_000, max_token_shares={"<br>": 0.05})
    assert broken(BAD[reason], params)[0] == reason


def test_measures_are_these_numbers() -> None:
    checks = {
        c.reason: c.value
        for c in basic_checks(Text("One two\n\n one two \nthree 4\nOne two", ENGLISH), BasicParams(), {})
    }
    assert checks["too_short"] == 34
    assert checks["few_letters"] == pytest.approx(23 / 24)
    assert checks["repeated_lines"] == pytest.approx(7 / 28)
    assert checks["long_words"] == pytest.approx(24 / 8)
    assert checks["few_distinct_words"] == pytest.approx(5 / 8)


def test_lines_may_repeat_beside_others_and_not_alone() -> None:
    page = "A page of two lines, each of them said once.\nThe other line of this page, a little longer than that."
    twice, refrain = f"{page}\n{page}", "\n".join(f"{word}, have mercy on us." for word in ("Light", "Well"))
    assert broken(twice, BasicParams()) == ["repeated_lines"]
    assert broken(f"{twice}\nAnd a third", BasicParams()) == []
    assert broken(twice, BasicParams(max_repeated_line_share_of_repeats=0.5)) == []
    assert broken(twice, BasicParams(enough_in_distinct_lines=70)) == []
    assert broken(f"{twice}\n{refrain}", BasicParams(max_repeated_line_share=0.3)) == ["repeated_lines"]


def test_limits_are_inclusive() -> None:
    exact = "x" * 9 + "y" + " aaaaaaaaaa" * 9 + " "
    assert len(exact) == 110
    limits = BasicParams(min_characters=110, max_mean_word_characters=10, min_distinct_word_share=0.2)
    assert broken(exact, limits) == []
    assert broken(exact[:-1], limits) == ["too_short"]
