"""What is measured once: lines, paragraphs, characters and the script of a text."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.rules.checks import Check
from cpt_pipeline.corpus.clean.rules.measures import _TABLE_SIZE, Text, repeats
from cpt_pipeline.text.tokens import EnglishWords
from cpt_pipeline.text.words import is_cjk, split_words

ENGLISH = EnglishWords()


def text(content: str, language: str | None = None) -> Text:
    return Text(content, ENGLISH, language)


@given(st.text(st.sampled_from("\n\n\n ab\t"), max_size=20))
def test_lines_and_paragraphs_are_those_of_the_expressions(content: str) -> None:
    assert text(content).lines == re.split("\n+", content)
    assert text(content).paragraphs == re.split("\n{2,}", content.strip())


@settings(deadline=None)
@given(
    st.text(max_size=80) | st.text(st.sampled_from("ab_1 -中文。かー・é٣ि\u0301กี้\u3099\n"), max_size=80),
    st.integers(1, 12),
)
def test_characters_are_counted_as_python_and_split_words_do(content: str, num_words: int) -> None:
    found, words = text(content), split_words(content)
    assert found.num_letters == sum(map(str.isalpha, content))
    assert found.num_solid == len("".join(content.split()))
    assert found.num_alphanumeric == sum(map(str.isalnum, content))
    assert found.mean_word_characters() == pytest.approx(
        sum(character.isalnum() or is_cjk(character) for word in words for character in word) / max(len(words), 1)
    )
    first = words[:num_words]
    assert found.distinct_word_share(num_words) == pytest.approx(len(set(first)) / max(len(first), 1))


def test_no_letter_or_blank_lies_above_the_table() -> None:
    above = map(chr, range(_TABLE_SIZE - 1, sys.maxunicode + 1))
    assert not any(character.isalnum() or character.isspace() for character in above)


@pytest.mark.parametrize(
    ("content", "language", "script"),
    [
        ("Plain words.", None, "english"),
        ("Des mots simples.", "fr", "spaced"),
        ("Des mots très simples.", None, "english"),
        ("Слова по-русски.", None, "spaced"),
        ("Слова по-русски.", "en", "spaced"),
        ("模型通过继续预训练。", "en", "chinese"),
        ("使用 Python 的 pandas 库读取数据并画图。", None, "chinese"),
        ("これは日本語の文章です。漢字もある。", None, "unspaced"),
        ("ข้อความภาษาไทย", None, "unspaced"),
        ("हिन्दी में लिखा पाठ।", "en", "spaced"),
        ("Suomen kieltä.", "und", "spaced"),
        ("An English text about the word 道 and the word 德.", None, "english"),
        ("", None, "english"),
        ("🙂 🙂", None, "spaced"),
    ],
)
def test_script_decides_which_rules_are_asked(content: str, language: str | None, script: str) -> None:
    assert text(content, language).script == script


def test_repeats_count_all_but_the_first() -> None:
    assert repeats(["ab", "c", "ab", "ab"]) == (0.5, 4)
    assert repeats(["ab", "c"]) == (0.0, 0)


def test_detail_names_the_number_and_the_limit_it_broke() -> None:
    assert Check("r", "words", 12, minimum=50).detail == "words 12, at least 50"
    assert Check("r", "share", 0.123456, maximum=0.1).detail == "share 0.1235, at most 0.1"
    assert Check("r", "words", 50, minimum=50, maximum=50).detail is None
    assert Check("r", "words", 0).detail is None
