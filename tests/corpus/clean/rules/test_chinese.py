"""Chinese rules: real text stays, spam goes, and each limit has a text that breaks it."""

from __future__ import annotations

import random
import re
from functools import lru_cache

import pytest

from cpt_pipeline.corpus.clean.rules.basic import BasicParams
from cpt_pipeline.corpus.clean.rules.chinese import ChineseParams
from cpt_pipeline.corpus.clean.rules.params import RulesParams
from cpt_pipeline.corpus.clean.rules.rules import Judge
from tests.corpus.clean.real_texts import chinese_documents

WORDS = re.findall("..", "股票理财贷款彩票减肥办证发票刻章手机电影下载高清小说美女视频网站优化排名推广价格厂家")
MENU = "首页|公司简介|新闻中心|产品展示|联系我们|在线留言|会员登录|注册|购物车|我的订单|帮助中心|网站地图"
ADVERT = "点击下方链接立即下载，注册即送八十八元现金大礼包，名额有限先到先得！"
GOOD = (
    "模型在继续预训练的时候，会把领域里的知识学进去。不过，如果数据不干净，它也会学到错误的说法，所以清洗是很要紧的。"
)
MORE = "清洗以后还要去重，因为同样的话说得太多，对于模型就成了死记硬背。这两步都做好了，才谈得上训练。"

RARE = [chr(0x5040 + number) + chr(0x5041 + number) for number in range(0, 400, 2)]


@lru_cache
def judge() -> Judge:
    return Judge(RulesParams(basic=BasicParams(enabled=False)))


def reason(text: str, judge: Judge) -> str | None:
    judgement = judge.judge(text, category="web")
    return judgement.verdict[0] if judgement.verdict else None


def key_words(separator: str) -> str:
    return separator.join(random.Random(1).choice(WORDS) for _ in range(120))


SPAM = {
    "chinese_short_doc": "太短了。",
    "chinese_long_sentences": key_words(" "),
    "chinese_too_many_hashes": GOOD + "#" * 10,
    "chinese_too_many_ellipsis": GOOD + "…字" * 20,
    "chinese_stop_characters": (GOOD + MORE).encode().decode("gbk", "replace").replace("銆", "。"),
    "chinese_stop_share": "。".join(RARE) + "。的了",
    "chinese_dup_para_char_frac": "\n\n".join([GOOD] * 3),
    "chinese_dup_line_char_frac": "\n".join([GOOD, *[ADVERT] * 9]),
    "chinese_top_2_gram": GOOD + "哈哈，" * 40,
    "chinese_duplicated_10_n_grams": GOOD + MORE + ADVERT * 8,
    "chinese_line_punct_ratio": "\n".join(re.findall(r"\w{7}", re.sub(r"\W", "", GOOD + MORE))) + "。",
    "chinese_list_ratio": GOOD + "\n" + "\n".join(f"{pair}。" for pair in RARE[:40]),
    "c4_too_few_sentences": MENU + "，的和了，在是不有",
}


@pytest.mark.feature(16)
@pytest.mark.parametrize("name", list(SPAM))
def test_each_rule_has_a_text_that_breaks_it_first(name: str) -> None:
    assert reason(SPAM[name], judge()) == name


def test_good_text_is_kept_as_it_is() -> None:
    judgement = judge().judge(GOOD + MORE, language="zh", category="web")
    assert (judgement.verdict, judgement.text, judgement.script) == (None, GOOD + MORE, "chinese")


@pytest.mark.feature(16)
def test_99_of_100_real_texts_are_kept() -> None:
    for kind, texts in chinese_documents().items():
        judgements = [found for text in texts if (found := judge().judge(text, category="web")).script == "chinese"]
        assert len(judgements) > 0.9 * len(texts), kind
        kept = sum(found.verdict is None for found in judgements)
        assert kept >= 0.99 * len(judgements), kind


def test_real_text_becomes_spam_when_adverts_are_appended_or_it_is_decoded_wrongly() -> None:
    texts = chinese_documents()["encyclopedia"][:100]
    adverts = [text[:400] + "\n" + "\n".join([ADVERT] * 25) for text in texts]
    wrong = [text.encode().decode("gbk", "replace") for text in texts]
    assert sum(reason(text, judge()) is None for text in adverts + wrong) <= 2


def test_policy_lines_are_taken_out_of_chinese_text() -> None:
    judgement = judge().judge(f"{GOOD}\n请阅读本站的隐私政策。\n{MORE}", category="web")
    assert (judgement.verdict, judgement.text) == (None, f"{GOOD}\n{MORE}")
    assert judgement.removed_lines == {"policy": 1}


def test_limits_can_be_switched_off() -> None:
    off = Judge(RulesParams(basic=BasicParams(enabled=False), chinese=ChineseParams(max_mean_sentence_characters=None)))
    assert reason(SPAM["chinese_long_sentences"], off) == "chinese_stop_characters"
