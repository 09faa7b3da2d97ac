import pytest

from cpt_pipeline.extraction.html.head import read_head


@pytest.mark.parametrize(
    ("tags", "day"),
    [
        ('<meta property="article:published_time" content="2020-01-23T10:00:00+01:00">', "2020-01-23"),
        ('<meta content="2019/05/03" name="citation_publication_date">', "2019-05-03"),
        ("<meta itemprop=datePublished content=2018-07>", "2018-07"),
        ('<script type="application/ld+json">{"datePublished": "2021-12-31T00:00:00Z"}</script>', "2021-12-31"),
        ('<time class="entry-date" datetime="2017-02-03">3 Feb</time>', "2017-02-03"),
        ('<meta name="date" content="yesterday"><meta name="pubdate" content="2016-02-30">', None),
        ('<meta name="date" content="2015-01-01"><meta name="pubdate" content="2016-03-01">', "2016-03-01"),
        ("<p>Published on 2014-01-01</p>", None),
    ],
)
def test_the_day_of_publication_is_what_the_tags_declare(tags: str, day: str | None) -> None:
    assert read_head(f"<html><head>{tags}</head>").published == day


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ('<html class="x" lang="zh-Hans-CN">', "zh"),
        ("<html xml:lang='DE'>", "de"),
        ("<html lang=zh_CN>", "zh"),
        ('<html lang="English">', "en"),
        ('<html lang="cn"><meta http-equiv="content-language" content="zh-CN">', "zh"),
        ('<html lang="cn"><meta name="language" content="en, fr">', None),
        ('<html><meta http-equiv="Content-Language" content="fr-FR">', "fr"),
        ('<html><meta property="og:locale" content="en_US">', "en"),
        ('<html><a lang="it">', None),
    ],
)
def test_the_language_is_the_code_of_the_first_tag_that_names_one(source: str, language: str | None) -> None:
    assert read_head(source).language == language


def test_the_title_of_the_article_beats_that_of_the_window() -> None:
    both = '<title>A &amp; B - Site</title><meta property="og:title" content=" A &amp;\n B ">'
    assert read_head(both).title == "A & B"
    assert read_head("<title>A &amp; B - Site</title>").title == "A & B - Site"
    assert read_head("<p>no head").title is None


def test_a_head_that_never_ends_takes_no_time() -> None:
    assert read_head("<meta " + "a" * 5_000_000) == (None, None, None)
