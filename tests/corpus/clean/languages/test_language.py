"""Language: right on real text, undecided on too little of it, and the same whatever was asked before."""

from __future__ import annotations

import json
import os
from pathlib import Path

import py3langid
import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.languages.language import (
    Language,
    LanguageParams,
    identify,
    judge_language,
    load_identifier,
)
from tests.corpus.clean.language_pages import PAGES
from tests.corpus.clean.more_languages import SEEN, UNKNOWN_SEEN, UNKNOWN_UNSEEN, UNSEEN

DATA = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data"
PARAMS = LanguageParams(allowed=("zh", "en"))
KNOWN = LanguageParams(candidates=tuple(sorted(set(load_identifier(("en",)).labels) - {"zxx"})))
"""Of all languages of the model."""
LINES = (
    ("zh", "根据《民法典》第584条，当事人一方不履行合同义务的，应当赔偿损失。"),
    ("zh", "人參味甘微寒，主補五臟，安精神，定魂魄，止驚悸。"),
    ("zh", "呢个係我哋嘅屋企，你哋几时嚟食饭啊？"),
    ("en", "The court held that the contract was void from the beginning."),
    ("fr", "Sur la plateforme MT4, plusieurs manières d'accéder à ces fonctionnalités sont conçues simultanément."),
    ("de", "Der Vertrag ist von Anfang an nichtig, weil die Form nicht gewahrt wurde."),
    ("es", "El tribunal sostuvo que el contrato era nulo desde el principio."),
    ("ja", "この契約は最初から無効であると裁判所は判断しました。"),
    ("ko", "법원은 계약이 처음부터 무효라고 판결했습니다."),
    ("ru", "Суд постановил, что договор был недействителен с самого начала."),
)

EAST_ASIAN = (
    ("zh", "这首歌的歌名是「さくらさくら」，很多人小时候都唱过。"),
    ("zh", "日语里的「ありがとうございます」是谢谢的意思，「すみません」既可以表示道歉，也可以表示感谢。"),
    ("zh", "他学会的第一句日语是“はじめまして、どうぞよろしくお願いします”，说的时候还是有点紧张。"),
    ("zh", "《となりのトトロ》是一部我看了很多遍的电影。"),
    ("ja", "東京都知事選、現職再選確実"),
    ("ja", "経済産業省、電気料金値上認可"),
    ("ja", "中国語の「你好」は「こんにちは」という意味です。"),
    ("ko", "大韓民國은 民主共和國이다. 大韓民國의 主權은 國民에게 있고, 모든 權力은 國民으로부터 나온다."),
    ("ko", "朝鮮時代의 政治制度와 社會構造를 硏究하였다."),
    ("zh", "国务院发布新规定，下月起施行"),
    ("zh", "颱風來襲，全臺停班停課"),
    ("zh", "老师在黑板上写了「おはよう」和「こんばんは」，让我们跟着读三遍。"),
    ("zh", "便利店的店员总会说“いらっしゃいませ”，后来我才知道那是欢迎光临的意思。"),
    ("zh", "他說「いただきます」是吃飯之前說的話，你們覺得呢？"),
    (
        "zh",
        "动词「食べる」的过去式是「食べた」，否定式是「食べない」，可能式是「食べられる」，请大家把这几个形式背下来。",
    ),
    ("zh", "韩语的“안녕하세요”相当于汉语的“你好”，“감사합니다”是谢谢，我们来练习一下。"),
    ("ja", "台風十四号、九州北部上陸\u3000厳重警戒"),
    ("ja", "国会、来年度予算案可決\u3000歳出総額過去最大"),
    ("ja", "新図書館、来春開館予定"),
    ("ja", "円安進行、輸入企業収益圧迫"),
    ("ko", "本論文은 高麗時代 佛敎建築의 特徵을 考察한 것이다."),
    ("ko", "우리 家族은 每年 秋夕에 故鄕을 訪問한다. 祖父母님께 人事를 드린다."),
    ("ja", "彼は「我是日本人」と中国語で言ったが、発音が悪くて通じなかった。"),
    ("zh", "地方政府公布本年度财政收支情况"),
    ("ja", "地方自治体、財政悪化続"),
)
"""Fourteen of the last ones were written before the rule and not looked at."""


@pytest.mark.feature(17)
@pytest.mark.parametrize(("code", "line"), LINES)
def test_a_line_of_prose_is_recognised(code: str, line: str) -> None:
    found = identify(line, PARAMS)
    assert (found.code, found.second) == (code, None)
    assert 0.5 < found.probability <= 1


@pytest.mark.feature(17)
@pytest.mark.parametrize("code", list(PAGES))
def test_a_page_is_in_its_language_or_in_none_where_that_is_no_candidate(code: str) -> None:
    page = "\n".join(PAGES[code])
    assert identify(page, LanguageParams(candidates=tuple(PAGES))).code == code
    expected = code if code in PARAMS.candidates else "und"
    found = identify(page, PARAMS)
    assert found.code == expected
    assert (judge_language(found, PARAMS) is True) == (code in ("zh", "en"))
    others = tuple(each for each in PAGES if each != code)
    assert identify(page, LanguageParams(candidates=others)).code == "und"


@pytest.mark.feature(17)
@pytest.mark.parametrize("code", [*SEEN, *UNSEEN])
def test_a_page_of_forty_more_languages_is_in_its_own_among_all_that_are_known(code: str) -> None:
    page = "\n".join({**SEEN, **UNSEEN}[code])
    assert identify(page, KNOWN).code == code
    assert identify(page, LanguageParams()).code == "und"


@pytest.mark.feature(17)
@pytest.mark.parametrize("code", ["yi", "ti", "cv", "kl", "haw", "hsb", "sd", "os", "sah", "dv", "iu"])
def test_a_language_that_the_model_does_not_know_is_none_where_its_letters_say_so(code: str) -> None:
    found = identify("\n".join({**UNKNOWN_SEEN, **UNKNOWN_UNSEEN}[code]), KNOWN)
    assert found.code == "und"


@pytest.mark.feature(17)
@pytest.mark.parametrize("code", [*UNKNOWN_SEEN, *UNKNOWN_UNSEEN])
def test_only_low_and_swiss_german_are_taken_for_a_default_candidate(code: str) -> None:
    found = identify("\n".join({**UNKNOWN_SEEN, **UNKNOWN_UNSEEN}[code]), LanguageParams())
    assert found.code == {"gsw": "de", "nds": "de"}.get(code, "und")


@pytest.mark.feature(17)
@pytest.mark.parametrize(("code", "text"), EAST_ASIAN)
def test_chinese_japanese_and_korean_are_told_apart_where_they_quote_one_another(code: str, text: str) -> None:
    assert identify(text, LanguageParams()).code == code


@pytest.mark.feature(17)
@pytest.mark.parametrize("text", ["", "好的", "OK!", "123,456 = 789", "……！！", "https", "图 3.1"])
def test_short_texts_are_undecided_and_kept(text: str) -> None:
    assert identify(text, PARAMS) == Language("und", 0.0)
    assert judge_language(identify(text, PARAMS), PARAMS) is True


@pytest.mark.feature(17)
def test_a_mixed_text_is_named_by_the_part_with_more_words() -> None:
    chinese = "这个函数的返回值是一个列表，其中每个元素都是一个元组，"
    english = "The function returns a list of tuples and every tuple holds a name. "
    mostly_chinese, mostly_english = identify(chinese * 2 + english, PARAMS), identify(chinese + english * 3, PARAMS)
    assert (mostly_chinese.code, mostly_chinese.second) == ("zh", "en")
    assert (mostly_english.code, mostly_english.second) == ("en", "zh")
    assert identify(chinese * 5 + "Python", PARAMS).second is None
    assert judge_language(mostly_english, LanguageParams(allowed=("zh",))) == (
        False,
        "other_language",
        f"en {mostly_english.probability:.2f}",
    )


@pytest.mark.feature(17)
def test_only_allowed_and_certain_languages_stay() -> None:
    assert judge_language(Language("fr", 0.98), PARAMS) == (False, "other_language", "fr 0.98")
    assert judge_language(Language("en", 0.41), PARAMS) == (False, "unsure_language", "en 0.41")
    assert judge_language(Language("en", 0.51), PARAMS) is True
    assert judge_language(Language("fr", 0.98), LanguageParams()) is True


def test_a_language_outside_the_candidates_is_said_and_excluded_where_some_are_allowed() -> None:
    finnish, hindi = (identify("\n".join(PAGES[code]), PARAMS) for code in ("fi", "hi"))
    assert (finnish.code, finnish.instead, hindi.code, hindi.instead) == ("und", "fi", "und", "devanagari")
    assert judge_language(finnish, PARAMS) == (False, "other_language", f"fi {finnish.probability:.2f}")
    assert judge_language(hindi, PARAMS) == (False, "other_language", "devanagari 1.00")
    assert judge_language(hindi, LanguageParams()) is True


def test_languages_in_conf_may_be_written_as_people_write_them() -> None:
    params = LanguageParams.model_validate({"candidates": ["Chinese", "eng_Latn", "中文", "nob"], "allowed": ["cmn"]})
    assert (params.candidates, params.allowed) == (("zh", "en", "no"), ("zh",))
    with pytest.raises(ValueError, match=r"candidates.1\n.*'elvish' is no language; write its ISO 639 code"):
        LanguageParams.model_validate({"candidates": ["en", "elvish"]})


def test_a_variety_that_a_source_names_counts_as_its_language() -> None:
    assert judge_language(Language("yue", 1.0), PARAMS) is True
    both = LanguageParams(candidates=("zh", "yue", "en"), allowed=("zh", "en"))
    assert judge_language(Language("yue", 1.0), both) == (False, "other_language", "yue 1.00")


def test_results_do_not_depend_on_what_was_asked_before() -> None:
    before = [identify(line, PARAMS) for _, line in LINES]
    py3langid.set_languages(["ru"])
    identify("some other text with other candidates", LanguageParams(candidates=("en", "de")))
    assert [identify(line, PARAMS) for _, line in reversed(LINES)] == before[::-1]
    py3langid.set_languages(None)


def test_a_long_text_is_judged_by_its_start_middle_and_end() -> None:
    english = "The court held that the contract was void. " * 100
    other = "Der Vertrag ist von Anfang an nichtig. " * 400
    assert identify(english + other, PARAMS).code == "de"


def test_an_allowed_language_must_be_a_candidate() -> None:
    with pytest.raises(ValueError, match="allowed names sv, not among its candidates"):
        LanguageParams(allowed=("zh", "sv"))


def test_a_language_without_a_model_is_refused() -> None:
    with pytest.raises(ParameterError, match="no model of tlh; there are"):
        identify("a text of some words in a language", LanguageParams(candidates=("en", "tlh")))


@pytest.mark.feature(17)
@pytest.mark.skipif(not DATA.exists(), reason="needs CPT_SHARED")
def test_real_paragraphs_are_recognised_at_a_hundred_characters() -> None:
    articles = json.loads((DATA / "general_zh/cmrc2018_dev.json").read_text())
    articles = articles if isinstance(articles, list) else articles["data"]
    chinese = [str(found) for each in articles for found in _contexts(each)][:300]
    english = [json.loads(line)["text"] for line in (DATA / "general_en/c4_demo.jsonl").open()]
    for code, texts in (("zh", chinese), ("en", english)):
        found = [identify(text[:100], PARAMS).code for text in texts if len(text) >= 100]
        assert found.count(code) >= 0.98 * len(found)
    books = sorted((DATA / "domain_zh_tcm_gb18030").glob("*.txt"))[:6]
    assert {identify(book.read_bytes()[2000:8000].decode("gb18030", "ignore"), PARAMS).code for book in books} == {"zh"}


def _contexts(article: dict[str, object]) -> list[object]:
    if "context_text" in article:
        return [article["context_text"]]
    paragraphs = article["paragraphs"]
    assert isinstance(paragraphs, list)
    return [paragraph["context"] for paragraph in paragraphs]
