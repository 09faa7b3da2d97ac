"""All rules over one text: datatrove's chain on real pages, categories, languages, and verdicts for people."""

from __future__ import annotations

from functools import lru_cache

import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.corpus.clean.rules.basic import BasicParams
from cpt_pipeline.corpus.clean.rules.fineweb import FinewebParams
from cpt_pipeline.corpus.clean.rules.params import CategoryParams, RulesParams, reasons
from cpt_pipeline.corpus.clean.rules.rules import Judge
from tests.corpus.clean.real_texts import english_documents

ALL = RulesParams()
PROSE = (
    "The mill stood at the end of the village, and it had not turned for years. Children were told to keep away from"
    " it. One of them did not listen. He went inside with a lamp, to see what had become of the stones. There was"
    " nothing but dust and an old chair. So he sat down, and he waited for the wind to rise again."
)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(ALL)


@pytest.mark.feature(16)
def test_chain_gives_what_datatroves_four_filters_give_on_real_texts() -> None:
    judge = Judge(RulesParams(basic=BasicParams(enabled=False)))
    blocks = [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False)]
    prefixes = ("gopher_", "", "c4_", "fineweb_")
    texts, reasons_seen = english_documents(80), set()
    for text in texts:
        document, expected = Document(text=text, id=""), None
        for prefix, block in zip(prefixes, [*blocks, FineWebQualityFilter()], strict=True):
            if (result := block.filter(document)) is not True:
                expected = prefix + result[1]
                break
        found = judge.judge(text, language="en", category="web")
        assert (found.verdict[0] if found.verdict else None) == expected
        assert expected is not None or found.text == document.text
        reasons_seen.add(expected)
    assert len(reasons_seen) >= 4
    assert None in reasons_seen


def test_verdict_says_the_number_and_the_limit(judge: Judge) -> None:
    verdict = judge.judge(
        "Only a few words stand in this text, and so it is not kept, although it is well written and long."
    ).verdict
    assert verdict == ("too_short", "characters 97, at least 100")
    assert judge.judge(PROSE.replace(".", ""), category="web").verdict == (
        "c4_too_few_sentences",
        "sentences 1, at least 5",
    )


def test_kept_document_has_all_measures_and_an_excluded_one_those_up_to_its_reason(judge: Judge) -> None:
    kept, short = judge.judge(PROSE), judge.judge("short")
    assert kept.verdict is None
    assert [*kept.measures][:: len(kept.measures) - 1] == ["too_short", "fineweb_list_ratio"]
    assert kept.measures["gopher_short_doc"] == 66
    assert list(short.measures) == ["too_short"]


def test_fineweb_looks_at_what_c4_leaves(judge: Judge) -> None:
    menu = "\n".join(["About us", "Contact", "Privacy", "Shop", "Jobs", "Press"])
    found = judge.judge(f"{menu}\n{PROSE}", category="web")
    assert (found.verdict, found.text) == (None, PROSE)
    assert found.removed_lines == {"too_few_words": 6}
    assert found.measures["fineweb_short_line_ratio"] == 0


@pytest.mark.feature(21)
def test_limits_of_a_category_are_its_own() -> None:
    params = RulesParams(
        by_category={
            "forum": CategoryParams(limits={"basic.min_characters": 5, "gopher_quality.min_doc_words": 3}),
            "legal": CategoryParams(exclude=("c4",), without=("too_short", "gopher_short_doc")),
            "free": CategoryParams(without=("basic", "gopher_quality", "c4", "fineweb")),
        }
    )
    judge = Judge(params)
    text = "I am so glad that all of you and the others came to help me with this question at last."
    found = {name: judge.judge(text, category=name).verdict for name in (None, "news", "forum", "legal", "free")}
    assert found[None] == found["news"] == ("too_short", "characters 87, at least 100")
    assert found["forum"] == found["legal"] == ("c4_too_few_sentences", "sentences 1, at least 5")
    assert found["free"] is None


@pytest.mark.feature(20)
@pytest.mark.parametrize("category", ["code", "json", "table"])
def test_code_and_data_are_not_judged_as_prose(judge: Judge, category: str) -> None:
    table = "\n".join(f"    {number}: 0x{number:04x}," for number in range(200))
    assert judge.judge(table).verdict is not None
    assert judge.judge(table, category=category).verdict is None
    assert judge.judge("x", category=category).verdict == ("too_short", "characters 1, at least 100")


@pytest.mark.parametrize(
    ("by_category", "said"),
    [
        ({"x": {"without": ("gopher_shrot_doc",)}}, "gopher_shrot_doc"),
        ({"x": {"limits": {"c4.sentences": 3}}}, r"c4\.sentences"),
        ({"x": {"limits": {"c4.enabled": False}}}, "write the family into exclude, count or without"),
        ({"x": {"count": ("c4",), "exclude": ("c4",)}}, "by_category.x names c4 twice"),
        ({"x": {"limits": {"c4.min_sentences": "many"}}}, "valid"),
    ],
)
def test_what_a_category_names_must_exist(by_category: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RulesParams.model_validate({"by_category": by_category})


def test_family_that_is_off_measures_nothing() -> None:
    found = Judge(RulesParams(fineweb=FinewebParams(enabled=False))).judge(PROSE)
    assert not any(name.startswith("fineweb") for name in found.measures)


def test_other_languages_are_asked_what_needs_no_words(judge: Judge) -> None:
    russian = (
        "Мельница стояла на краю деревни. Она не работала много лет. Дети туда не ходили. Один пошёл. Там была пыль."
    )
    assert judge.judge(russian, language="ru").verdict is None
    repeated = judge.judge("\n".join([russian] * 3), language="ru").verdict
    assert repeated is not None
    assert repeated[0] == "repeated_lines"


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=200),
    st.sampled_from([None, "code", "dialogue", "unheard of"]),
    st.sampled_from([None, "en", "zh"]),
)
def test_any_text_gets_a_verdict_with_a_known_reason(text: str, category: str | None, language: str | None) -> None:
    params = RulesParams(basic=BasicParams(min_characters=0, min_letter_share=0, min_distinct_word_share=0))
    found = _judge(str(params)).judge(text, category=category, language=language)
    assert set(found.measures) <= set(reasons(params))
    assert found.verdict is None or found.verdict[0] in found.measures


@lru_cache
def _judge(params: str) -> Judge:
    return Judge(RulesParams.model_validate_json(params))
