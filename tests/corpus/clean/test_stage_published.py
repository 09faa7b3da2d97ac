"""Published text that says some things again is kept, and pages that say nothing else are not.

`published_pages.txt` holds short texts of twelve kinds, made up before limits were looked at, and spam. Every second
one of a kind, from the first on, chose the limits; the others were looked at once, when all was done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.clean.rules.test_rules import PROSE
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

PAGES = [
    page.split("\n", 1) for page in Path(__file__).with_name("published_pages.txt").read_text("utf-8").split("=== ")[1:]
]
PUBLISHED = [text.rstrip("\n") for kind, text in PAGES if kind != "spam"]
SPAM = [text.rstrip("\n") for kind, text in PAGES if kind == "spam"]
PARALLEL = """老人在河边种了一棵柳树，树下放着一条长凳。
The old man planted a willow by the river, and put a bench under it.
第二年春天，柳树发了芽，孩子们都来看它。
The next spring the willow budded, and the children came to look at it.
孩子们在树下乘凉，老人给他们讲故事。
The children sat in its shade, while the old man told them stories.
老人笑着说，这棵树不是为我种的。
He said with a smile that the tree was not planted for him."""
VERSE = "\n".join(
    f"{one}，\n{two}。"
    for one, two in [
        ("春水绿了柳条黄", "阿姐采茶上山岗"),
        ("茶篮装得三斤半", "不及心里话儿长"),
        ("夏日荷花满池塘", "阿姐浣纱石板旁"),
        ("纱线洗得白如雪", "不及月下好时光"),
        ("秋风吹得稻子香", "阿姐挑担过桥梁"),
        ("担子压得肩头红", "不及离别断人肠"),
    ]
)
TAMIL = """கிராமத்துப் பள்ளிக்கூடத்திற்குப் பின்னால் பழமையான ஆலமரமொன்று நின்றுகொண்டிருக்கிறது. மாலைநேரங்களில் குழந்தைகளனைவரும்
அதனடியில் விளையாடுவார்கள். பெரியவர்கள் திண்ணையிலமர்ந்து செய்தித்தாள்களைப் படித்துக்கொண்டிருப்பார்கள். மழைக்காலத்தில் ஏரிகள்
நிரம்பிவழியும்போது விவசாயிகள் மகிழ்ச்சியடைகிறார்கள். அறுவடைத்திருநாளில் வீடுகள்தோறும் கோலமிடுவார்கள். சந்தைக்குச் செல்பவர்கள் அதிகாலையிலேயே
புறப்பட்டுவிடுவார்கள். பேருந்துநிறுத்தத்தில் தேநீர்க்கடைகளிரண்டு இருக்கின்றன."""


def clean(place: Path, texts: list[str], category: str, channel: str, **rules: Any) -> tuple[list[str], dict[str, str]]:
    """Return the texts that are kept, and why which others are not."""
    given = [*texts, PROSE]
    rows = [
        document(id=str(at), text=text, channel=channel, source="s", license="MIT", category=category)
        for at, text in enumerate(given)
    ]
    params = CleanParams.model_validate(
        {"rules": rules, "language": {"candidates": ["zh", "en", "de", "fr", "la", "ta"]}}
    )
    clean_documents(write_artifact(place / "raw", rows), place / "out", params)
    excluded = {given[int(row["id"])]: row["reason"] for row in read_documents(place / "out/clean_excluded")}
    return [row["text"] for row in read_documents(place / "out/clean_documents")][:-1], excluded


@pytest.mark.feature(16)
@pytest.mark.parametrize("channel", ["domain", "en"])
def test_texts_that_repeat_are_kept_and_pages_of_a_line_or_two_are_not(tmp_path: Path, channel: str) -> None:
    kept, excluded = clean(tmp_path, [*PUBLISHED, *SPAM], "book", channel)
    assert len(PUBLISHED) == 48
    assert [text for text in PUBLISHED if text in excluded] == []
    assert [text for text in SPAM if text not in excluded] == []
    assert len(kept) == len(PUBLISHED)


@pytest.mark.feature(21)
def test_a_long_list_says_enough_whatever_it_repeats(tmp_path: Path) -> None:
    ends = ("gar", "mund", "win", "ley", "ward", "frith", "ric", "stan")
    single = [first + last for first in ("Ald", "Bri", "Cath", "Dun", "Ed", "Far", "Gos", "Hel") for last in ends]
    names = [f"{one} {single[(at + step) % 64]}" for step in range(1, 5) for at, one in enumerate(single)]
    row = "naturalised householder\nbaptised nonconformist\nagricultural labourer"
    short, long = ("\n".join(f"{name}\n{row}" for name in names[::step]) for step in (4, 1))
    assert clean(tmp_path / "1", [short, long], "book", "en")[1] == {short: "repeated_lines"}
    limits = {"basic": {"enough_in_distinct_lines": None}}
    assert clean(tmp_path / "2", [short, long], "book", "en", **limits)[1] == dict.fromkeys(
        [short, long], "repeated_lines"
    )


@pytest.mark.feature(178)
def test_both_languages_of_a_web_page_are_read(tmp_path: Path) -> None:
    assert clean(tmp_path, [PARALLEL], "web", "en") == ([PARALLEL], {})


@pytest.mark.feature(178)
def test_words_of_a_language_that_joins_them_are_long_and_lines_of_verse_short(tmp_path: Path) -> None:
    menu = "\n".join(line.strip("，。") for line in VERSE.split("\n")) + "\n联系我们\n人才招聘\n欢迎光临。"
    kept, excluded = clean(tmp_path, [VERSE, TAMIL, menu], "web", "en", c4={"min_sentences": 4})
    assert (kept, [*excluded.values()]) == ([VERSE, TAMIL], ["chinese_line_punct_ratio"])


def test_a_mark_is_not_the_most_frequent_word(tmp_path: Path) -> None:
    boxes = "\n".join(f"□ {word}\n□ not {word}" for word in PROSE.replace(".", "").split()[:40])
    assert clean(tmp_path, [boxes], "book", "en") == ([boxes], {})
