"""OpenDocument texts (.odt): one record, read as Word files are; its words are told to `markup` as HTML.

Left out: deleted text, comments, hidden text, headers and footers, the index and the numbers of its pages. The numbers
of lists are counted; where a list begins anew is not followed. Notes and text boxes are paragraphs behind the one that
they stand in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from cpt_pipeline.extraction.markup.lists import BULLET
from cpt_pipeline.extraction.markup.markup import ParagraphCollector, TooMuchTextError
from cpt_pipeline.extraction.markup.tables import Span
from cpt_pipeline.extraction.office.params import OfficeParams
from cpt_pipeline.extraction.office.zipped import ZipFault, ZipMembers
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.text.numerals import FORMS_OF_HTML, numeral

_MIMETYPES = ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text-template")
_BLOCKS = {"p": "p", "h": "h1", "list-item": "li", "table": "table", "table-row": "tr", "table-cell": "td"}
_REPEATED = {
    "table-cell": "number-columns-repeated",
    "covered-table-cell": "number-columns-repeated",
    "table-row": "number-rows-repeated",
}
_SKIPPED = frozenset(
    (
        "tracked-changes",
        "annotation",
        "hidden-text",
        "hidden-paragraph",
        "table-of-content",
        "alphabetical-index",
        "note-citation",
        "sequence-decls",
        "forms",
        "ruby-text",
        "page-number",
        "scripts",
        "desc",
        "title",
    )
)
_BESIDE = {"note-body": "footnote", "text-box": "footnote"}
"""What stands in a paragraph and is none of it."""
_MAX_REPEATED = 1000
_MAX_DIGITS = 7
_MAX_STYLES = 20
"""How far a chain of styles is followed; one may name itself."""


def parse_odt(raw: bytes, params: OfficeParams) -> list[Reading]:
    """Return the reading of a file; call it in a sandbox. Reasons: `not_odt`, `encrypted`, `zip_bomb`, `too_large`."""
    try:
        members = ZipMembers(raw, params.zip)
        if "mimetype" in members and (kind := members.read("mimetype").decode("ascii", "replace")) not in _MIMETYPES:
            raise ZipFault("not_zip", f"its type is {kind[:80]}")
        if "META-INF/manifest.xml" in members and b"encryption-data" in members.read("META-INF/manifest.xml"):
            raise ZipFault("encrypted", "needs a password")
        words = _Words(_styles(members), params.max_chars)
        parser = ElementTree.XMLParser(target=words)
        parser.feed(members.read("content.xml"))
        text: Any = parser.close()
    except ZipFault as fault:
        reason = "not_odt" if fault.reason in ("not_zip", "missing_part") else fault.reason
        return [Reading("", reason=reason, detail=fault.detail)]
    except TooMuchTextError:
        return [Reading("", reason="too_large", detail=f"more than max_chars {params.max_chars} characters")]
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return [Reading("", reason="not_odt", detail=str(error)[:200])]
    return [Reading("", str(text), fields=words.counts)]


class _Styles:
    """What the styles of a document mean for its text: scripts, and the numbers of lists."""

    def __init__(self) -> None:
        self._scripts: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self.lists: dict[str, dict[int, tuple[str, str, str]]] = {}
        """Name of a list to the form, prefix and suffix of each of its levels; the form of bullets is ""."""

    def read(self, root: ElementTree.Element) -> None:
        """Take the styles of one part."""
        for style in root.iter():
            name = _value(style.attrib, "name")
            if style.tag.endswith("}style"):
                self._parents[name] = _value(style.attrib, "parent-style-name")
                for each in style.findall("{*}text-properties"):
                    if position := _value(each.attrib, "text-position").split(" ")[0]:
                        is_flat = position in ("0%", "0")
                        self._scripts[name] = "" if is_flat else "sub" if position.startswith(("sub", "-")) else "sup"
            elif style.tag.endswith("}list-style"):
                self.lists[name] = dict(_levels(style))

    def script(self, name: str) -> str:
        """Return `sup`, `sub` or "", as a style or the nearest one that it is based on says."""
        for _ in range(_MAX_STYLES):
            if name in self._scripts:
                return self._scripts[name]
            name = self._parents.get(name, "")
        return ""


def _levels(style: ElementTree.Element) -> Iterator[tuple[int, tuple[str, str, str]]]:
    for kind in ("bullet", "image"):
        for level in style.findall(f"{{*}}list-level-style-{kind}"):
            if (depth := _value(level.attrib, "level")).isdigit():
                yield int(depth), ("", "", "")
    for level in style.findall("{*}list-level-style-number"):
        form, prefix, suffix = (_value(level.attrib, f"num-{name}") for name in ("format", "prefix", "suffix"))
        depth = _value(level.attrib, "level")
        if form and depth.isdigit():
            yield int(depth), (FORMS_OF_HTML.get(form, form), prefix, suffix)


def _styles(members: ZipMembers) -> _Styles:
    found = _Styles()
    for part in ("styles.xml", "content.xml"):
        if part in members:
            found.read(ElementTree.fromstring(members.read(part)))
    return found


class _Words:
    """A target of `XMLParser` that tells OpenDocument to a `ParagraphCollector` as HTML."""

    def __init__(self, styles: _Styles, max_chars: int) -> None:
        self._collector = ParagraphCollector((), max_characters=max_chars)
        self._styles = styles
        self._skipped = 0
        self._in_text = 0
        self._spans: list[str] = []
        self._repeats: list[int] = []
        """How often each row and cell that is open stands there."""
        self._lists: list[tuple[str, int]] = []
        """Style and number of items of each list that is open."""

    @property
    def counts(self) -> dict[str, int]:
        """Counts of tables, formulas and images."""
        return self._collector.counts

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if self._skipped or name in _SKIPPED or _value(attributes, "display") == "none":
            self._skipped += 1
            return
        if name == "covered-table-cell":
            self._cover(_repeated(name, attributes))
        elif name == "list":
            outer = self._lists[-1][0] if self._lists else ""
            self._lists.append((_value(attributes, "style-name") or outer, 0))
        elif name == "span":
            self._spans.append(self._styles.script(_value(attributes, "style-name")))
            self._tell(self._spans[-1])
        elif name in ("line-break", "tab", "s"):
            self._collector.data(" " * min(int(_value(attributes, "c") or 1), _MAX_REPEATED))
        elif name == "image":
            self._tell("img")
            self._collector.end("img")
        elif name in _BESIDE:
            self._tell(_BESIDE[name])
        elif name in _BLOCKS:
            self._in_text += name in ("p", "h")
            self._tell(_BLOCKS[name])
            if name in _REPEATED:
                self._repeats.append(_repeated(name, attributes))
            if name == "list-item":
                self._number()

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if self._skipped:
            self._skipped -= 1
        elif name == "list":
            self._lists.pop()
        elif name == "span":
            if script := self._spans.pop():
                self._collector.end(script)
        elif name in _BESIDE:
            self._collector.end(_BESIDE[name])
        elif name in _BLOCKS:
            self._in_text -= name in ("p", "h")
            self._collector.end(_BLOCKS[name])
            if name in _REPEATED:
                self._repeat(name, self._repeats.pop())

    def data(self, text: str) -> None:
        if not self._skipped and self._in_text:
            self._collector.data(text)

    def close(self) -> str:
        return self._collector.close()

    def _tell(self, name: str) -> None:
        if name:
            self._collector.start(name, {})

    def _cover(self, columns: int) -> None:
        """Take cells that others lie over: they are empty, whatever the file keeps in them."""
        if (table := self._collector.table) is not None:
            table.start_cell(Span(columns))
        self._skipped += 1

    def _repeat(self, name: str, times: int) -> None:
        table = self._collector.table
        if table is not None and name == "table-cell":
            table.repeat_cell(times)
        elif table is not None:
            table.repeat_row(times)

    def _number(self) -> None:
        if not self._lists:
            return
        style, number = self._lists[-1]
        self._lists[-1] = (style, number + 1)
        level = self._styles.lists.get(style, {}).get(len(self._lists))
        if level is not None:
            form, prefix, suffix = level
            written = f"{prefix}{numeral(number + 1, form)}{suffix or '.'} " if form else BULLET
            self._collector.number(written)


def _repeated(name: str, attributes: dict[str, str]) -> int:
    times = _value(attributes, _REPEATED[name])
    return max(int(times[:_MAX_DIGITS]), 1) if times.isdecimal() else 1


def _value(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition("}")[2] == name), "")
