"""Normalise: each step does its own, says so, and does nothing the second time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.repair.normalise import NormaliseParams, normalise, num_replacement_characters

SWITCHES = tuple(name for name in NormaliseParams.model_fields if name != "zh_variant_min_share")
OFF: dict[str, Any] = {name: "keep" if name in ("punctuation_width", "zh_variant") else False for name in SWITCHES}
ALL_ON: dict[str, Any] = dict.fromkeys(SWITCHES, True) | {"punctuation_width": "half", "zh_variant": "t2s"}
DATA = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data"
PIECES = [
    "&amp;",
    "&lt;",
    "&#3",
    "8;",
    "&",
    "amp;",
    "â€™",
    "Ã",
    "©",
    "\x85",
    "\x92",
    "\r",
    "\u200b",
    "e\u0301",
    "Ａ",
    "１",
]
PIECES += [
    "，",
    ",",
    "中",
    "龍",
    "后",
    "℃",
    "º",
    " C",
    "5",
    "kg",
    "㎏",
    "1,234",
    ",567",
    "二〇一",
    "二年",
    "<p",
    ">",
    "<篇名>",
]
PIECES += ["\\x", "\n", " ", "\u3000", "。", "a", "\ufffd", "<b>"]


@pytest.mark.feature(23)
@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        ("html_entities", "Q&amp;amp;A &lt;tag&gt; &#8364;5 &notit; &nosuch;", "Q&A <tag> €5 &notit; &nosuch;"),
        ("encoding_repair", "â€œMy nameâ€\x9d, he said. â€œYes.â€ CafÃ©", "“My name”, he said. “Yes.” Café"),
        ("line_ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("control_characters", "a\x00b\x0cc\x1b[0m\td\x7f", "abc[0m\td"),
        ("control_characters", "N\bNA\bAM\bME\bE of _\b中_\b文, \bx", "NAME of 中文,x"),
        ("invisible_characters", "\ufeffa\u200bb\u2060c", "abc"),
        ("unicode_nfc", "Cafe\u0301", "Café"),
        ("half_width_letters", "２０２４年，ＡＢＣ（ａ）！", "2024年，ABC（a）！"),
        ("trailing_blanks", "\n\na  \n  b\t \n　　中文　\n\n", "a\n  b\n　　中文"),
    ],
)
def test_each_step_is_counted_and_can_be_switched_off(step: str, text: str, expected: str) -> None:
    assert normalise(text, NormaliseParams()) == (expected, [step])
    assert normalise(text, NormaliseParams(**{**OFF, step: True})) == (expected, [step])
    assert step not in normalise(text, NormaliseParams(**{step: False}))[1]


@pytest.mark.feature(24)
@pytest.mark.parametrize(
    ("step", "value", "text", "expected"),
    [
        ("replacement_characters", True, "坏\ufffd字", "坏字"),
        ("punctuation_width", "half", "你好，世界！（是）　“好”。", "你好,世界!(是) “好”。"),
        ("punctuation_width", "full", "你好,世界!是吗?1,5:3 yes,no", "你好，世界！是吗?1,5:3 yes,no"),
        ("zh_variant", "t2s", "龍馬精神，臺灣", "龙马精神，台湾"),
        ("zh_variant", "tw2sp", "滑鼠和程式碼", "鼠标和代码"),
        ("zh_variant", "s2t", "龙马精神", "龍馬精神"),
        ("unit_signs", True, "５㎏、3㎡、37℃、20 º C", "５kg、3m²、37°C、20 °C"),
        ("unit_spaces", True, "重5kg，高 1.8  m", "重5 kg，高 1.8  m"),
        ("thousands_separators", True, "共1,234,567元", "共1234567元"),
        ("zh_years", True, "二〇二四年与二十年", "2024年与二十年"),
        ("markup_leftovers", True, "<篇名>人参\n补<b>气</b>。\\x题跋\\x\na < b > c", "人参\n补气。题跋\na < b > c"),
    ],
)
def test_a_step_that_loses_something_is_off_until_asked_for(step: str, value: Any, text: str, expected: str) -> None:
    assert normalise(text, NormaliseParams(half_width_letters=False)) == (text, [])
    assert normalise(text, NormaliseParams(**{**OFF, step: value})) == (expected, [step])


@pytest.mark.feature(23)
def test_code_and_markdown_are_repaired_only_where_their_meaning_stays() -> None:
    text = "if a &amp;&amp; b:\r\n    s = 'Ａ'  # CafÃ©\u200b <br>\n"
    kept = "if a &amp;&amp; b:\n    s = 'Ａ'  # CafÃ© <br>"
    assert normalise(text, NormaliseParams(**ALL_ON), strong_format=True) == (
        kept,
        ["line_ends", "invisible_characters", "trailing_blanks"],
    )


def test_chinese_punctuation_and_quotes_survive_repair() -> None:
    text = "他说：“中文（全角），不变！”——……\n「臺灣」『書』ﬁ ① ㎏"
    assert normalise(text, NormaliseParams()) == (text, [])


def test_text_in_the_wanted_variant_is_not_converted() -> None:
    simplified = "鼠标和程序的数据，信息网络，" * 20
    params = NormaliseParams(zh_variant="tw2sp")
    assert normalise(simplified, params) == (simplified, [])
    assert normalise("滑鼠和程式的資料", params)[1] == ["zh_variant"]


def test_joiners_of_persian_and_emoji_stay() -> None:
    text = "می\u200cخواهم 👩\u200d🔬"
    assert normalise(text, NormaliseParams()) == (text, [])


def test_replacement_characters_are_counted() -> None:
    assert num_replacement_characters("a\ufffdb\ufffd\ufffd") == 3


@given(st.text())
def test_clean_text_is_not_changed_again(text: str) -> None:
    once, _ = normalise(text, NormaliseParams())
    assert normalise(once, NormaliseParams()) == (once, [])
    assert not set(once) & set("\r\x00\x85\ufeff")


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(["half", "full"]))
def test_all_steps_together_reach_a_fixed_point(text: str, width: str) -> None:
    params = NormaliseParams(**{**ALL_ON, "punctuation_width": width})
    once, _ = normalise(text, params)
    assert normalise(once, params) == (once, [])


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(SWITCHES))
def test_each_step_alone_is_idempotent(text: str, step: str) -> None:
    params = NormaliseParams(**{**OFF, step: ALL_ON[step]})
    once, _ = normalise(text, params)
    assert normalise(once, params) == (once, [])


def test_hostile_lines_take_no_time() -> None:
    blanks = f"a{' ' * 1_000_000}b"
    assert normalise(blanks, NormaliseParams())[0] == blanks
    assert normalise("&" + "amp;" * 300_000, NormaliseParams())[0] == "&"
    assert len(normalise("<b " * 100_000, NormaliseParams(markup_leftovers=True))[0]) == 299_999


@pytest.mark.feature(23)
@pytest.mark.skipif(not DATA.exists(), reason="needs CPT_SHARED")
def test_real_mojibake_is_repaired_and_chinese_books_are_not_touched_by_it() -> None:
    stories, changed = normalise((DATA / "general_en/tiny_stories.txt").read_text()[:200_000], NormaliseParams())
    assert "â€" not in stories
    assert "encoding_repair" in changed
    raw = (DATA / "domain_zh_tcm_gb18030/013-本草纲目.txt").read_bytes()[:300_000]
    assert not {"encoding_repair", "html_entities"} & set(
        normalise(raw.decode("gb18030", "replace"), NormaliseParams())[1]
    )
