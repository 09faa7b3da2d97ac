"""What a page says of itself: title, language, day of publication, from its tags alone.

The text is not searched for dates (that is most of the cost of other extractors); a page that does not declare its
day has none.
"""

from __future__ import annotations

import html
import re
from contextlib import suppress
from typing import NamedTuple

from cpt_pipeline.extraction.records import iso_date
from cpt_pipeline.text.language_tags import NotALanguageError, read_language

_SEARCHED_CHARACTERS = 100_000
_META = re.compile(r"<meta\s[^<>]*>")
_ATTRIBUTE = re.compile(r"""([a-zA-Z:-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_LANGUAGE = re.compile(r"""<html\b[^<>]*?\s(?:xml:)?lang\s*=\s*["']?([^"'<>\s]{2,40})""")
_TITLE = re.compile(r"<title\b[^<>]*>([^<]{1,2000})")
_LINKED_DATA = re.compile(r'"datePublished"\s*:\s*"([^"]{4,40})"')
_TIME = re.compile(r"""<time\b[^<>]*\bdatetime\s*=\s*["']([^"'<>]{4,40})["']""")
_DATE_NAMES = (
    "article:published_time", "og:published_time", "datepublished", "citation_publication_date", "citation_date",
    "dc.date.issued", "dcterms.issued", "dc.date", "dcterms.date", "parsely-pub-date", "sailthru.date", "pubdate",
    "publishdate", "publish-date", "published_time", "publication_date", "date",
)  # fmt: skip
_LANGUAGE_NAMES = ("content-language", "og:locale", "dc.language", "language")


class Head(NamedTuple):
    """None stands for what is not said; `published` is an ISO date, `language` a code (`zh`)."""

    title: str | None
    language: str | None
    published: str | None


def read_head(source: str) -> Head:
    """Read the tags of the first 100,000 characters; the names of tags are in lower case."""
    begin = source[:_SEARCHED_CHARACTERS]
    said = _said(begin[: begin.find("</head")] if "</head" in begin else begin)
    title = _TITLE.search(begin)
    return Head(
        title=_clean(said.get("og:title") or (title[1] if title else "")),
        language=_language(begin, said),
        published=_published(begin, said),
    )


def _said(begin: str) -> dict[str, str]:
    """Give what the meta elements say, by their names in lower case; the first of a name counts."""
    said: dict[str, str] = {}
    for tag in _META.findall(begin):
        attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag)}
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        name = name or attributes.get("http-equiv")
        if name and attributes.get("content"):
            said.setdefault(name.lower(), attributes["content"])
    return said


def _published(begin: str, said: dict[str, str]) -> str | None:
    for name in _DATE_NAMES:
        if (day := _day(said.get(name))) is not None:
            return day
    found = _LINKED_DATA.search(begin) or _TIME.search(begin)
    return _day(found[1]) if found else None


def _day(text: str | None) -> str | None:
    return iso_date(text.strip().replace("/", "-")) if text else None


def _language(begin: str, said: dict[str, str]) -> str | None:
    """Return the first language that is named; what is none (`cn`, `en, fr`) names nothing."""
    attribute = _LANGUAGE.search(begin)
    for tag in (attribute[1] if attribute else "", *(said.get(name, "") for name in _LANGUAGE_NAMES)):
        with suppress(NotALanguageError):
            if code := read_language(tag):
                return code
    return None


def _clean(title: str) -> str | None:
    return " ".join(html.unescape(title).split()) or None
