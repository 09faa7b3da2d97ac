"""Line noise: what is no prose goes, counted by reason; prose about the same things stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.repair.line_noise import LineNoiseParams, find_noise, remove_noise

DATA = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data"
PARAMS = LineNoiseParams()
NOISE = {
    "adverts": (
        "加微信：abc12345 领取资料",
        "长按识别下方二维码，关注我们",
        "扫描二维码关注公众号",
        "点击下方链接购买",
        "欢迎关注我们的微信公众号“健康生活”",
        "限时优惠，全场五折！",
        "咨询热线：400-820-8820",
        "QQ群：123456789",
        "广告",
        "立即抢购，先到先得",
        "广告合作请联系：ad@example.com",
        "Advertisement",
        "ADVERTISEMENT: story continues below",
        "Subscribe to our weekly newsletter for more tips!",
        "Follow us on Twitter and Facebook",
        "Click here to sign up for our list.",
        "Buy now and save 20%",
        "Use promo code SAVE20 at checkout",
        "Add to cart",
        "Free shipping on all orders over $50!",
    ),
    "copyright": (
        "© 2020 Example Media Ltd. All rights reserved.",
        "Copyright (c) 2019 by Jane Doe",
        "All Rights Reserved.",
        "版权所有 © 2021 某某网",
        "版权所有，翻版必究",
        "本文未经授权，严禁转载",
        "未经书面许可，不得转载、摘编。",
        "京ICP备12345678号-1",
        "转载请注明出处：某某网",
        "No part of this publication may be reproduced in any form.",
    ),
    "contents": (
        "第一章 绪论 ............ 1",
        "第二节　研究方法……………………12",
        "第三章 结果\t27",
        "1.2 Methods ........................ 14",
        "Appendix A    101",
        "Introduction . . . . . . . . . 3",
        "Preface ........ iv",
    ),
    "navigation": (
        "Home | About Us | Contact | Blog",
        "首页 > 新闻中心 > 公司新闻",
        "上一篇：春天来了",
        "返回顶部",
        "Skip to content",
        "Read more »",
        "Log in or Register",
        "当前位置：首页 > 资讯",
        "Leave a Reply",
        "相关阅读：",
    ),
    "links": (
        "https://www.example.com/path?x=1",
        "More: http://example.org/a http://example.org/b",
        "网址：www.example.cn/index.html",
        "• www.example.com",
    ),
    "piled_punctuation": ("==========", "* * * * *", "--------", "～～～～～"[:0] + "____________"),
    "bibliography": (
        "[1] 张三, 李四. 深度学习综述[J]. 计算机学报, 2019, 42(3): 1-20.",
        "[12] Smith J, Doe A. On things. Nature 2019; 12: 33-40.",
    ),
}
PROSE = (
    "他扫描了墙上的二维码，付了两块钱，然后继续往前走，一句话也没有说。",
    "微信是腾讯公司于2011年推出的一款即时通讯软件。",
    "很多商家在节日期间推出优惠活动，消费者应当理性购物。",
    "公众号的出现改变了人们获取新闻的方式。",
    "这家公司的服务热线在故障期间一直无人接听。",
    "广告学是研究广告活动历史、理论与策略的学科。",
    "著作权法规定，未经著作权人许可，复制其作品的行为构成侵权。",
    "版权所有者有权要求赔偿。",
    "未经许可，不得进入施工现场。",
    "转载这篇文章的媒体有三十多家。",
    "第一章讲的是作者的童年，一共只有12页。",
    "第三章 12个孩子的故事",
    "目录学是研究目录工作的一门学问。",
    "目录",
    "他住在首页胡同，离新闻大厦不远。",
    "上一页的内容已经说明了这个问题，这里不再重复。",
    "他想了很久……终于说：“好吧。”",
    "“……”",
    "太好了！！他跳了起来。",
    "数列[1, 2, 3]的和是6。",
    "区间[0,1]上的连续函数一定有界。",
    "详情请见 https://example.com/report 中的第三部分，作者在那里给出了完整的证明过程。",
    "张三（2019年毕业）现在是一名医生。",
    "电话的发明改变了世界。",
    "京ICP是什么意思，很多人并不知道。",
    "The newsletter that my grandmother wrote every month had over four hundred subscribers in three countries.",
    "He asked us to follow him on the path to the river.",
    "The home page of the project is about us and our work.",
    "You can buy a house now, but prices may fall next year if rates go up.",
    "Copyright is a type of intellectual property that gives its owner the exclusive right to copy.",
    "The copyright of the book passed to his widow in 1921.",
    "She reserved all rights to the story for herself.",
    "Chapter 3 describes the 12 methods that were used.",
    "The table of contents lists every chapter of the book.",
    "Contents",
    "The total was 1.5 million in 2019.",
    "Wait... what did you say? Well... nothing.",
    "Really?! That can't be true!!!",
    "The list a[12] holds the thirteenth element of the array.",
    "Paris (France, 1998) was the place of the final.",
    "The prize (Obama, 2009) surprised many observers.",
    "Visit https://example.com/docs to read the manual before you start the machine for the first time.",
    "Cells | Count | Mean | Deviation",
    "Read more books, and you will write better.",
    "Share this cake with your brother.",
    "Tom, Dick and Harry went home - the others stayed.",
    "The advertisement in the window said that they were hiring.",
    "[1] is the first symbol of the tape.",
    "Free shipping was one of the ideas that made the company big.",
    "Next to the search room is the help desk.",
    "|---|---|---|",
    "#### A heading",
    "主要问题：[1, 3, 4, 5, 9]",
    "3. 使用名字和数字的组合：例如 www.example.com/JohnSmith1987（生日年份）",
)


@pytest.mark.feature(22)
@pytest.mark.parametrize(("reason", "line"), [(reason, line) for reason, lines in NOISE.items() for line in lines])
def test_a_line_of_noise_goes_and_is_counted(reason: str, line: str) -> None:
    text = f"第一段。\n{line}\nLast paragraph."
    assert remove_noise(text, PARAMS) == ("第一段。\nLast paragraph.", {reason: 1, f"{reason}_characters": len(line)})


@pytest.mark.feature(22)
@pytest.mark.parametrize("line", PROSE)
def test_prose_about_the_same_things_stays(line: str) -> None:
    assert remove_noise(line, PARAMS) == (line, {})


def test_there_are_enough_examples_of_both_kinds() -> None:
    assert sum(map(len, NOISE.values())) >= 40
    assert len(set(PROSE)) >= 40


@pytest.mark.feature(22)
@pytest.mark.parametrize("reason", tuple(NOISE))
def test_every_rule_can_be_switched_off(reason: str) -> None:
    line = NOISE[reason][0]
    assert remove_noise(line, LineNoiseParams(**{reason: False}))[1][reason] == 0


@pytest.mark.feature(22)
@pytest.mark.parametrize(
    ("text", "expected", "num_removed"),
    [
        ("这是事实。[12]另一个。[3-5]", "这是事实。另一个。", 2),
        ("A fact.[1] Another one,[2][3] and a word[4] of it.", "A fact. Another one, and a word of it.", 3),
        ("It is so (Smith et al., 2019; Doe and Roe, 2001a).", "It is so.", 1),
        ("结果如此（张三等，2019）。", "结果如此。", 1),
        ("He was born in Rome [citation needed] in 1850.", "He was born in Rome in 1850.", 1),
        ("历史[编辑]\n很长。", "历史\n很长。", 1),
    ],
)
def test_citations_go_and_their_sentence_stays(text: str, expected: str, num_removed: int) -> None:
    left, counts = remove_noise(text, PARAMS)
    assert left == expected
    assert counts["citations"] == num_removed
    assert counts["citations_characters"] == len(text) - len(expected)
    assert remove_noise(text, LineNoiseParams(citations=False)) == (text, {})


@pytest.mark.feature(22)
def test_piled_marks_inside_a_line_are_shortened() -> None:
    text = "太好了！！！！！！他说…………好——————真的？！？！？！ Yes!!!!! ______ □□□□□□"
    left, counts = remove_noise(text, PARAMS)
    assert left == "太好了！！！他说……好——真的？！？ Yes!!! ___ □□□□□□"
    assert counts == {"piled_punctuation": 6, "piled_punctuation_characters": len(text) - len(left)}


def test_the_heading_of_a_table_of_contents_goes_with_it() -> None:
    text = "书名\n\n目  录\n\n第一章 绪论 ...... 1\n第二章 方法 ...... 9\n\n正文开始。"
    assert remove_noise(text, PARAMS)[0] == "书名\n\n正文开始。"


def test_a_long_line_that_advertises_too_stays() -> None:
    line = "The company, which was founded in 1901, grew to be the third largest of its kind in the country. " * 2
    assert remove_noise(line + "Subscribe to our newsletter.", PARAMS)[1] == {}


@pytest.mark.feature(22)
def test_phrases_of_the_user_are_added(tmp_path: Path) -> None:
    path = tmp_path / "adverts.txt"
    path.write_text("# ours\n小编推荐\nBest Widgets Ever  # trade mark\n\n", encoding="utf-8")
    params = LineNoiseParams(advert_files=(path,))
    text = "今天小编推荐三家店\nbest widgets ever!\n推荐算法是一个研究方向。"
    assert remove_noise(text, params)[0] == "推荐算法是一个研究方向。"
    assert remove_noise(text, PARAMS)[0] == text


def test_faults_of_the_users_file_name_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "adverts.txt"
    path.write_bytes(b"good phrase\n\xff\xfe\nx\n")
    params = LineNoiseParams(advert_files=(path, tmp_path / "none.txt"))
    with pytest.raises(ParameterError) as caught:
        remove_noise("text", params)
    assert f"{path}:2: not UTF-8" in str(caught.value)
    assert f"{path}:3: 'x' is one character" in str(caught.value)
    assert "none.txt: No such file" in str(caught.value)


PIECES = [
    *(line for lines in NOISE.values() for line in lines),
    *PROSE[:12],
    "",
    "\n",
    "！！",
    "。[1]",
    "(Smith et al., 2019)",
]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["\n", "", "\n\n"]))
def test_text_without_noise_has_none_the_second_time(pieces: list[str], glue: str) -> None:
    left, _ = find_noise(glue.join(pieces), PARAMS)
    assert find_noise(left, PARAMS) == (left, [])


@given(st.text("ab [1]。!=\n-中.", max_size=60))
def test_what_is_left_and_what_went_are_the_text(text: str) -> None:
    left, removed = find_noise(text, PARAMS)
    pieces = "".join(noise.text for noise in removed)
    assert sorted((left + pieces).replace("\n", "")) == sorted(text.replace("\n", ""))


def test_hostile_lines_take_no_time() -> None:
    for line in (
        "." * 200_000,
        "[1]" * 60_000,
        "(Aa et al., " * 20_000,
        "第一章" * 50_000,
        "! ?" * 60_000,
        "©" * 100_000,
    ):
        remove_noise(line, PARAMS)


@pytest.mark.skipif(not DATA.exists(), reason="needs CPT_SHARED")
def test_encyclopedias_and_stories_lose_next_to_nothing() -> None:
    for name in ("wiki_demo.txt", "tiny_stories.txt", "shakesphere.txt"):
        text = (DATA / "general_en" / name).read_text()[:300_000]
        assert len(text) - len(remove_noise(text, PARAMS)[0]) <= 30
