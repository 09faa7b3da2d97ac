"""EPUB files: one record per item of the spine, which is a chapter in most books, in reading order.

A chapter and not a book is the record, because the pages around a book (rights, adverts, lists) can then be told from
its chapters by the filters, one broken chapter costs one record, and memory follows a chapter. The whole runs in a
sandbox. Text, tables, formulas and pictures go by the rules of `markup`. No layout, no fonts, no scripts.
"""

from __future__ import annotations

import datetime
import html.entities
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.extraction.encoding.decode import decode
from cpt_pipeline.extraction.markup.markup import ParagraphCollector, TooMuchTextError
from cpt_pipeline.extraction.office.zipped import ZipFault, ZipMembers, ZipParams, resolve
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONT_METHODS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways to hide fonts, which free books use too; any other method is a lock (EPUB 3.3, 4.2.6.3.2)."""
_SKIPPED = ("head", "script", "style")
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_AMPLIFIED = 43
"""XML_ERROR_AMPLIFICATION_LIMIT_BREACH of expat 2.4 and later: entities gave 100 times the bytes of the file."""
_XML_ENTITIES = (b"amp", b"lt", b"gt", b"quot", b"apos")


class EpubParams(Params):
    """Caps of EPUB files."""

    zip: ZipParams = ZipParams()
    max_chapter_bytes: int = Field(16 << 20, ge=1)
    """A longer chapter is excluded as `too_large`, also one that entities make longer."""


@dataclass(frozen=True)
class _Book:
    folder: str
    chapters: tuple[tuple[str, bool], ...]
    """Reference and whether it is the table of contents, in reading order."""
    about: dict[str, str]


def read_epub(raw: bytes, params: EpubParams, sandbox: Sandbox) -> Iterator[Reading]:
    """Give a reading per item of the spine, at "#1", "#2" and so on.

    Reasons of a chapter: `empty`, `missing_part`, `damaged_part`, `too_large`, `table_of_contents`,
    `unsupported_format`. Reasons of the whole file, at "": `not_epub`, `encrypted`, `zip_bomb`, `too_large`, and those
    of the sandbox.
    """
    try:
        yield from sandbox.call(parse_epub, raw, params)
    except SandboxError as error:
        yield Reading("", reason=error.reason, detail=error.detail)


def parse_epub(raw: bytes, params: EpubParams) -> list[Reading]:
    """Give the readings of `read_epub`; call it in a sandbox."""
    try:
        members = ZipMembers(raw, params.zip)
        book = _open(members)
        chapters = (
            _read_chapter(members, book, f"#{number}", reference, is_contents, params)
            for number, (reference, is_contents) in enumerate(book.chapters, 1)
        )
        return [replace(chapter, work="", is_continued=True) for chapter in chapters]
    except ZipFault as fault:
        reason = "not_epub" if fault.reason in ("not_zip", "missing_part") else fault.reason
        return [Reading("", reason=reason, detail=fault.detail)]
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return [Reading("", reason="not_epub", detail=str(error)[:200])]


def _open(members: ZipMembers) -> _Book:
    roots = ElementTree.fromstring(members.read(_CONTAINER)).findall(".//{*}rootfile")
    folder = roots[0].get("full-path", "") if roots else ""
    package = ElementTree.fromstring(members.read(folder))
    items = {item.get("id"): item for item in package.findall("./{*}manifest/{*}item")}
    spine = [items.get(each.get("idref")) for each in package.findall("./{*}spine/{*}itemref")]
    chapters = tuple(
        (item.get("href", ""), "nav" in item.get("properties", "").split()) if item is not None else ("", False)
        for item in spine
    )
    if not chapters:
        raise ValueError("the spine is empty")
    _refuse_locked(members, {resolve(folder, reference) for reference, _ in chapters})
    return _Book(folder, chapters, _about(package))


def _refuse_locked(members: ZipMembers, chapters: set[str | None]) -> None:
    if _ENCRYPTION not in members:
        return
    for locked in ElementTree.fromstring(members.read(_ENCRYPTION)).iter():
        if locked.tag.endswith("}EncryptedData"):
            method, target = locked.find("{*}EncryptionMethod"), locked.find(".//{*}CipherReference")
            is_font = method is not None and method.get("Algorithm") in _FONT_METHODS
            if target is not None and not is_font and resolve("", target.get("URI", "")) in chapters:
                raise ZipFault("encrypted", f"{target.get('URI')} is locked")


def _about(package: ElementTree.Element) -> dict[str, str]:
    found = {name: (package.findtext(f"./{{*}}metadata/{{*}}{name}") or "").strip() for name in ("title", "language")}
    date = (package.findtext("./{*}metadata/{*}date") or "").strip()[:10]
    with suppress(ValueError):  # a year alone, a place, nothing
        found["published"] = datetime.date.fromisoformat(date).isoformat()
    return {name: " ".join(value.split()) for name, value in found.items() if value}


def _read_chapter(
    members: ZipMembers, book: _Book, position: str, reference: str, is_contents: bool, params: EpubParams
) -> Reading:
    name = resolve(book.folder, reference)
    if is_contents:
        return Reading(position, reason="table_of_contents", detail=reference)
    if name is None or name not in members:
        return Reading(position, reason="missing_part", detail=reference or "named nowhere in the manifest")
    if not name.lower().endswith((".xhtml", ".html", ".htm", ".xml")):
        return Reading(position, reason="unsupported_format", detail=name)
    try:
        raw = members.read(name)
        if len(raw) > params.max_chapter_bytes:
            raise TooMuchTextError("the chapter is longer than max_chapter_bytes")
        text, counts = chapter_text(raw, params.max_chapter_bytes)
    except TooMuchTextError as error:
        return Reading(position, reason="too_large", detail=f"{name}: {error}")
    except ZipFault as fault:
        if fault.reason != "not_zip":  # locked or a bomb: no chapter of such a book is read
            raise
        return Reading(position, reason="damaged_part", detail=fault.detail)
    if not text:
        return Reading(position, reason="empty", detail=name, fields=counts)
    return Reading(position, text, fields={**book.about, **counts})


def chapter_text(raw: bytes, max_characters: int) -> tuple[str, dict[str, int]]:
    """Give the text of an XHTML document and its counters; one that is no XML is read as HTML, and so counted."""
    collector = ParagraphCollector(_SKIPPED, max_characters=max_characters)
    parser = ElementTree.XMLParser(target=collector)
    try:
        parser.feed(_ENTITY.sub(_character, raw))
        text: Any = parser.close()
        return text, dict(collector.counts)
    except TooMuchTextError:
        raise
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        if getattr(error, "code", None) == _AMPLIFIED:
            raise TooMuchTextError("entities multiply") from None
        return _html_text(raw, max_characters)


def _character(match: re.Match[bytes]) -> bytes:
    """Give an entity of HTML as the number of its character, for XML knows five names only."""
    named = html.entities.html5.get(f"{match[1].decode()};")
    if named is None or match[1] in _XML_ENTITIES:
        return match[0]
    return "".join(f"&#{ord(each)};" for each in named).encode()


def _html_text(raw: bytes, max_characters: int) -> tuple[str, dict[str, int]]:
    from lxml import etree

    collector = ParagraphCollector(_SKIPPED, max_characters=max_characters)
    try:
        parser = etree.HTMLParser(target=collector, encoding="utf-8")
        text: str = etree.fromstring(decode(raw).text.encode(), parser)
    except etree.ParseError:
        text = ""
    return text, {**collector.counts, "repaired_chapters": 1}
