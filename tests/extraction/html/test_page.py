import json
import os
import pickle
import string
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.html.page import PageRefusedError, extract_page, read_page
from cpt_pipeline.extraction.reading import ReadingParams
from cpt_pipeline.extraction.sandbox import Sandbox

SENTENCE = "The committee met on Tuesday and agreed on the plan for the next three years of the project."
# fmt: off
PIECES = (
    "<p>", "</p>", "<table>", "<td>", "<tr>", "<math>", "</math>", "<mi>", "<pre>", "</pre>", "<img>", "<a href=x>",
    "<ul><li>", "<h2>", "<script type='math/tex'>", "</script>", "\ue001", "\ue010", "\0", "text. ", "</table>",
    "<div class='share'>", "<article>", "</article>", "<body>", "<frameset>",
)
# fmt: on
GOLD = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data/html_gold_trafilatura"


def text_of(html: bytes | str) -> str:
    page = extract_page(html)
    assert page is not None
    return page.text


def scores(pages: list[dict[str, list[str]]], texts: list[str]) -> tuple[float, float]:
    """Precision and recall over segments, white space normalised."""
    found = wrong = wanted = 0
    for page, text in zip(pages, texts, strict=True):
        whole = " ".join(text.split())
        found += sum(" ".join(segment.split()) in whole for segment in page["with"])
        wrong += sum(" ".join(segment.split()) in whole for segment in page["without"])
        wanted += len(page["with"])
    return found / (found + wrong), found / wanted


@pytest.mark.feature(15)
@pytest.mark.skipif(not GOLD.exists(), reason="CPT_SHARED does not name the folder of real corpora")
def test_precision_and_recall_on_annotated_pages_are_at_least_those_of_trafilatura() -> None:
    import trafilatura

    gold = json.loads((GOLD / "gold.json").read_text(encoding="utf-8"))
    pages = sorted(gold.values(), key=lambda page: page["file"])
    raws = [(GOLD / "html" / page["file"]).read_bytes() for page in pages]
    ours = [page.text if (page := extract_page(raw)) else "" for raw in raws]
    theirs = [trafilatura.extract(raw, include_comments=False, deduplicate=False) or "" for raw in raws]
    assert len(pages) == 160
    precision, recall = scores(pages, ours)
    assert precision >= 0.90 and recall >= 0.94
    assert recall >= scores(pages, theirs)[1] + 0.02
    unread = [number for number, page in enumerate(pages) if sha256(page["file"].encode()).digest()[0] % 2]
    (precision, recall), (their_precision, their_recall) = (
        scores([pages[number] for number in unread], [texts[number] for number in unread]) for texts in (ours, theirs)
    )
    assert precision >= their_precision - 0.005 and recall >= their_recall + 0.04


def test_an_article_is_kept_and_the_page_around_it_is_not() -> None:
    html = f"""<html lang="en"><body><nav><a href="/">Home</a></nav><div class="cookie-consent">We use cookies.</div>
    <main><h1>A plan</h1><p>{SENTENCE}</p><p>Share this article</p><p>{SENTENCE[::-1]}</p></main>
    <div class="related-posts"><p>{SENTENCE.upper()}</p></div><footer>Imprint</footer></body></html>"""
    assert text_of(html) == f"A plan\n\n{SENTENCE}\n\n{SENTENCE[::-1]}"


def test_a_name_of_boilerplate_on_the_element_that_holds_the_article_costs_nothing() -> None:
    html = (
        f'<body><div class="share"><h1>A plan</h1><p>{SENTENCE}</p></div><div class="share"><p>Tell it</p></div></body>'
    )
    assert text_of(html) == f"A plan\n\n{SENTENCE}"


def test_a_chinese_page_is_read() -> None:
    paragraph = "模型通过继续预训练吸收领域知识，并在一般能力上保持不变，这是本文要说明的主要问题。"
    html = f"""<html lang="zh-CN"><head><meta charset="gb2312"><title>继续预训练</title></head><body>
    <div class="nav"><a href="/">首页</a></div><div class="content"><h1>继续预训练</h1><p>{paragraph}</p>
    <p>来源：新华网</p><p>{paragraph[::-1]}</p><p>责任编辑：张三</p><p>上一篇：没有了</p></div></body></html>"""
    page = extract_page(html.encode("gb2312"))
    assert page is not None
    assert page.text == f"继续预训练\n\n{paragraph}\n\n{paragraph[::-1]}"
    assert (page.language, page.title, page.encoding, page.bad_bytes) == ("zh", "继续预训练", "gbk", 0)


def test_a_table_of_data_becomes_markdown_rows() -> None:
    html = f"""<body><p>{SENTENCE}</p><TABLE border=1><caption>Prices</caption>
    <thead><tr><th>Fruit<th>Price</tr></thead>
    <tr><td><p>Pear</p></td><td>1 | 2 <b>EUR</b></td></tr><tr><td>Plum</td><td></td></tr></table>
    <p>{SENTENCE}</p></body>"""
    page = extract_page(html)
    assert page is not None
    assert page.tables == 1
    assert "\n\n| Fruit | Price |\n|---|---|\n| Pear | 1 \\| 2 EUR |\n| Plum |  |\n\n" in page.text


def test_a_table_that_arranges_the_page_stays_text() -> None:
    column = f"<p>{SENTENCE}</p>" * 6
    page = extract_page(f"<table><tr><td>{column}</td><td>{column}</td></tr><tr><td>a</td><td>b</td></tr></table>")
    assert page is not None
    assert page.tables == 0
    assert page.text.count(SENTENCE) == 12
    assert "|" not in page.text


def test_code_keeps_its_lines_and_loses_line_numbers() -> None:
    code = "def f(x):\n    return x &lt; 1\n\n\nprint(f(2))"
    html = (
        f"<p>{SENTENCE}</p><div><td class=gutter><span class=lineno>1</span></td><pre><code>{code}</code></pre></div>"
    )
    assert "\n\ndef f(x):\n    return x < 1\n\n\nprint(f(2))" in text_of(html)


def test_lists_are_kept_as_items() -> None:
    assert text_of(f"<p>{SENTENCE}</p><ul><li>{SENTENCE}</li><li>Short</li></ul>").endswith(f"- {SENTENCE}\n- Short")


@pytest.mark.feature(134)
def test_formulas_and_images_are_counted_in_the_text_that_is_kept() -> None:
    html = f"""<p>{SENTENCE} <math><mfrac><mi>a</mi><mi>b</mi></mfrac></math> <script type="math/tex">x^2 < y</script>
    <img src=a.png alt="a picture"></p><p>{SENTENCE}</p><p><img src=b.png></p>
    <nav><img src=c.png><math><mi>z</mi></math></nav>"""
    page = extract_page(html)
    assert page is not None
    assert (page.formulas, page.images) == (2, 2)
    assert r"$\frac{a}{b}$ $x^2 < y$" in page.text
    assert "picture" not in page.text


def test_native_tex_is_kept_and_counted_only_where_the_page_loads_a_renderer() -> None:
    body = rf"<p>{SENTENCE} Let $x$ and \(y\) be given.</p>"
    with_renderer = extract_page(f'<head><script src="/mathjax.js"></script></head><body>{body}')
    without = extract_page(body)
    assert with_renderer is not None and without is not None
    assert with_renderer.formulas == 2
    assert without.formulas == 0
    assert r"Let $x$ and \(y\) be given." in without.text == with_renderer.text


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b"<b>" * 10_000_000, "too_large"),
        (b"<p>" * 6_000_000, "too_many_tags"),
    ],
)
def test_a_page_that_would_take_long_is_refused_by_name(html: bytes, reason: str) -> None:
    with pytest.raises(PageRefusedError) as caught:
        extract_page(html)
    assert caught.value.reason == reason
    assert pickle.loads(pickle.dumps(caught.value)).reason == reason


def test_many_tags_that_nest_little_are_no_reason_to_refuse() -> None:
    assert text_of("<ul>" + f"<li><p>{SENTENCE}" * 5_000 + "</ul>").count(SENTENCE) == 5_000


@pytest.mark.parametrize(
    "html",
    [b"", b" \n", b"<html><head><script>let x = '<p>no</p>'</script></head></html>", b"<!-- never closed <p>text</p>"],
)
def test_nothing_but_boilerplate_is_none(html: bytes) -> None:
    assert extract_page(html) is None


def test_nul_unclosed_comments_and_lone_surrogates_cost_no_text() -> None:
    assert text_of(b"<p>a\0b</p><!-- never closed <p>more") == "ab"
    assert text_of("<p>a\ud800b</p>") == "a\ufffdb"
    assert text_of("<p>a\ue001b \ue010c</p>") == "ab c"


@given(st.lists(st.sampled_from(PIECES), max_size=30))
@example(["<table>", "<tr>", "<td>", "<table>", "<tr>", "<td>"])
@settings(max_examples=150, deadline=None)
def test_any_soup_gives_text_without_marks_or_none_and_always_the_same(parts: list[str]) -> None:
    html = "".join(parts)
    page = extract_page(html)
    assert page == extract_page(html)
    if page is not None:
        assert page.text.strip()
        assert not any("\ue000" <= character <= "\ue01f" for character in page.text)


BASES = "✓✗►❯☆♥☎♪他不去水冷火一〇漢字雨茶あアんーｱ한≤≥∈∞∑√→−×÷€£¥—–…·、。「」％①㎡℃αéñ°§яIx5"
TAGS = ("b", "cite", "font", "em", "i", "span", "a", "strong", "code", "var", "u", "small", "mark", "q", "time", "kbd")
FILLER = "委员会星期一开会讨论了新桥的计划，会议决定工程在春天开始，旧桥到年底之前一直对行人开放。"


@st.composite
def inline_pieces(draw: st.DrawFn) -> tuple[str, str]:
    """Markup and the characters it shows."""
    text = "".join(draw(st.lists(st.sampled_from(BASES), min_size=1, max_size=2)))
    written = draw(st.sampled_from([text, "".join(f"&#{ord(each)};" for each in text)]))
    kind = draw(st.sampled_from(["bare", "tag", "ruby", "nested", "comment"]))
    tag, other = draw(st.sampled_from(TAGS)), draw(st.sampled_from(TAGS))
    return {
        "bare": written,
        "tag": f"<{tag}>{written}</{tag}>",
        "ruby": f"<ruby>{written}<rp>(</rp><rt>よみ</rt><rp>)</rp></ruby>",
        "nested": f"<{tag}><{other}> {written}</{other}></{tag}>",
        "comment": f"<!-- x -->{written}<!---->",
    }[kind], text


@pytest.mark.feature(15)
@given(st.lists(inline_pieces(), min_size=1, max_size=12))
@example([("<time><time> 他</time></time>", "他")])
@example([("<b>不</b>", "不"), ("去", "去"), ("<i>n&eacute;</i>", "né"), ("<b>a&nbsp;</b>", "a")])
@settings(max_examples=100, deadline=None)
def test_no_character_between_tags_is_lost(pieces: list[tuple[str, str]]) -> None:
    markup, shown = ("甲".join(each) for each in zip(*pieces, strict=True))
    text = text_of(f"<html><body><article><p>{FILLER}</p><p>{FILLER}始{markup}終</p></article></body></html>")
    assert "".join(text.split()) == f"{FILLER}{FILLER}始{shown}終"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<h2>雨</h2><p>街上的水很深。</p>", "雨\n\n街上的水很深。"),
        ("<ul><li>茶<li><b>水</b></ul>", "- 茶\n- 水"),
        ("<p><span class=dropcap>一</span>天早上</p>", "一天早上"),
        ("<p>a <i>\ue123</i><i>►</i><b>☰</b><b>❯</b>\u200bb</p>", "a ►❯\u200bb"),
        ("<p>On <time>3 May</time> the <a rel=tag href=x>tar</a> was found by <a itemprop=url>Ann</a>, they say.</p>",
         "On 3 May the tar was found by Ann, they say."),
        ("<p>Found it.</p><p>By <a rel=author href=x>Ann</a></p>", "Found it.\n\nBy"),
        ("<p>10<sup>-5</sup> m, H<sub>2</sub>O, x<sup><i>n</i>+1</sup>, 1<sup>st</sup><sup><a href=#n>1</a></sup>.</p>",
         "10^-5 m, H_2O, x^{n+1}, 1st1."),
        ("<p>2<SUP>2<sup>n</sup></SUP> 10<sup><a href=/x>-5</a></sup> r<sup><font>2</font></sup> a&#xe001;b</p>",
         "2^{2^n} 10^-5 r^2 ab"),
        ("<table><tr><th>a<th>b<tr><td>x<td><b>✓</b><tr><td><i>✗</i><td><i>→</i> <i>±</i></table>",
         "| a | b |\n|---|---|\n| x | ✓ |\n| ✗ | → ± |"),
        ("<p><time>3 May</time> was the day of the peace.</p>", "3 May was the day of the peace."),
        ("<p>As <b class=author>Ann</b> says, they met on <time>4 May</time>.</p>", "As Ann says, they met on 4 May."),
        ("<ol><li>aa<li value=5><p>bb</p><li><ul><li>cc</ul></ol><ol type=a start=3><li>dd</ol>",
         "1. aa\n5. bb\n6. cc\nc. dd"),
        ("<ol reversed><!-- <li>no --><li>x<li><pre>y = 1\nz</pre></ol>", "2. x\n1.\n\ny = 1\nz"),
    ],
)  # fmt: skip
def test_what_stands_between_tags_is_written(markup: str, text: str) -> None:
    html = f"<html><body><article><p>{FILLER}</p><p>{FILLER}</p>{markup}<p>{FILLER}</p></article></body></html>"
    assert text_of(html).replace(FILLER, "").strip() == text


def test_icons_in_the_text_are_counted() -> None:
    page = extract_page(f"<p>{SENTENCE} <i>\uf0c9</i> <b>☰</b></p><p><i>\uf0c9</i></p><p>{SENTENCE[::-1]}</p>")
    assert page is not None and page.icons == 3
    assert [line.strip() for line in page.text.split("\n\n")] == [SENTENCE, SENTENCE[::-1]]


@pytest.mark.parametrize(
    "page",
    [
        "<noscript><div></noscript>{}</div>",
        "<form>{}</form>",
        '<div class="gutter">{}</div>',
        '<section id="generating-tags">{}</section>',
        '<div class="section" id="credits">{}</div>',
        "<ul><li>{} See <a href=x>the plan of the committee for the years to come</a>.</ul>",
    ],
)
def test_what_only_looks_like_boilerplate_swallows_no_text(page: str) -> None:
    text = f"<p>{SENTENCE}</p><p>{SENTENCE[::-1]}</p>"
    found = text_of(f"<html><body><div><p>{SENTENCE.upper()}</p>{page.format(text)}</div></body></html>")
    assert SENTENCE.upper() in found and SENTENCE in found and SENTENCE[::-1] in found


@pytest.mark.parametrize(
    "markup",
    [
        "<font color=red><b>" * 4_000,
        "<div><span><i>y</i></div>" * 4_000,
        "<svg>" + "<path d='M0 0'/>" * 7_000 + "</svg>",
        "<div>" * 100_000,
    ],
)
def test_tags_that_are_never_closed_are_taken_as_browsers_take_them(markup: str) -> None:
    assert SENTENCE in text_of(f"{markup}<p>{SENTENCE}</p>")


@given(st.lists(st.text(string.ascii_lowercase, min_size=3, max_size=9), min_size=15, max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_long_paragraph_is_kept_word_by_word(words: list[str]) -> None:
    paragraph = " ".join(words) + "."
    assert text_of(f"<html><body><article><p>{paragraph}</p></article></body></html>") == paragraph


def test_a_reading_says_what_was_found_or_why_there_is_nothing() -> None:
    with Sandbox() as sandbox:
        html = f'<html lang="en"><title>T</title><p>{SENTENCE}</p>'.encode()
        reading = read_page("#3", html, ReadingParams(), sandbox)
        assert (reading.position, reading.text, reading.reason) == ("#3", SENTENCE, None)
        assert reading.fields == {
            "title": "T", "language": "en", "encoding": "utf-8", "bad_bytes": 0,
            "tables": 0, "formulas": 0, "images": 0,
        }  # fmt: skip
        assert read_page("", b"<nav>Home</nav>", ReadingParams(), sandbox).reason == "no_content"
        assert read_page("", b"<p>" * 300_000, ReadingParams(), sandbox).reason == "too_many_tags"
        broken = f'<meta charset="utf-8"><p>{SENTENCE} '.encode() + b"\xff\xfe\xfd" * 40
        assert read_page("", broken, ReadingParams(encoding="utf-8"), sandbox).reason == "undecodable"


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("责任编辑制度是出版单位保证质量的基本制度，编辑应当对书稿逐一审读并签字。", True),
        ("上一篇文章介绍了牛顿力学的基本原理，这一篇我们讨论拉格朗日方程。", True),
        ("版权所有人死亡后五十年内，其继承人享有该权利。", True),
        ("打印机是一种输出设备。", True),
        ("Share prices fell sharply in June.", True),
        ("Published in 1859, it sold out.", True),
        ("责任编辑：张三", False),
        ("上一篇：黄河", False),
        ("版权所有 2020 某公司", False),
        ("© 2020 The Gazette. All rights reserved.", False),
        ("Share this article", False),
    ],
)
def test_a_sentence_is_no_saying_of_a_page(line: str, stays: bool) -> None:
    paragraph = (
        "黄河是中国第二长河，发源于青海省，流经九个省区，最后注入渤海，全长约五千四百六十四公里，是中华文明的发源地。"
    )
    html = f"<body><article><h1>黄河</h1><p>{paragraph}</p><p>{line}</p><p>{paragraph[::-1]}</p></article></body>"
    assert (line in text_of(html)) == stays


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("会议开始，<time>当天</time>结束。", "会议开始，当天结束。"),
        ('据报道，<a rel="author">张三</a>表示反对。', "据报道，张三表示反对。"),
        ('他研究（<a rel="tag">量子力学</a>）多年。', "他研究（量子力学）多年。"),
        ('しかし、<a rel="author">夏目漱石</a>は反対した。', "しかし、夏目漱石は反対した。"),
        ("雌<b>♀</b>雄<b>♂</b>；升<i>♯</i>降<i>♭</i>。", "雌♀雄♂；升♯降♭。"),
    ],
)
def test_a_sentence_in_chinese_or_japanese_loses_no_name_and_no_date(markup: str, text: str) -> None:
    paragraph = (
        "黄河是中国第二长河，发源于青海省，流经九个省区，最后注入渤海，全长约五千四百六十四公里，是中华文明的发源地。"
    )
    html = f"<body><article><h1>黄河</h1><p>{paragraph}</p><p>{markup}</p><p>{paragraph[::-1]}</p></article></body>"
    assert f"\n\n{text}\n\n" in text_of(html)
