"""HTML to text: the article of a page with its tables, code and formulas, without the rest of the page.

resiliparse parses and prints in native code; what is boilerplate is said to it as selectors (`html_names`), and
what its plain text would lose travels as marks in the source (`html_marks`, `html_formulas`, `html_inline`,
`html_lists`). Its own main-content rules come on top; where these leave almost nothing of what there is, the page is
printed once more without them, and at last without the rules by name. Where little is found of much, trafilatura is
asked too (`html_second_opinion`). By rule: tables are Markdown rows, formulas LaTeX between dollars, scripts `^` and
`_`, items have their numbers, code keeps its lines, images leave nothing, alternative texts and captions included;
tables, formulas and images are counted.
"""

from __future__ import annotations

import html as html_entities
from collections.abc import Sequence
from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from cpt_pipeline.extraction.html import formulas as html_formulas
from cpt_pipeline.extraction.html.boilerplate import Line, main_lines, read_lines
from cpt_pipeline.extraction.html.depth import limit_depth
from cpt_pipeline.extraction.html.encoding import decode_page, refuse_undecodable
from cpt_pipeline.extraction.html.head import read_head
from cpt_pipeline.extraction.html.inline import (
    keep_sentences,
    shield_lone_characters,
    write_scripts,
)
from cpt_pipeline.extraction.html.lists import write_lists
from cpt_pipeline.extraction.html.marks import (
    ALL_MARKS,
    CODED_MARKS,
    ICON,
    IMAGE,
    LETTER,
    REGION,
    REGION_END,
    TABLE,
    bare_marks,
    deepen,
    lower_tags,
    mark_images,
    without_unseen,
)
from cpt_pipeline.extraction.html.names import ALWAYS_SKIPPED, page_names, region_selectors, skipped_selectors
from cpt_pipeline.extraction.html.notes import place_notes
from cpt_pipeline.extraction.html.second_opinion import better_of
from cpt_pipeline.extraction.html.tables import mark_tables, write_tables
from cpt_pipeline.extraction.reading import Reading, ReadingParams
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError
from cpt_pipeline.extraction.text_files import count_markdown

_MAX_CHARACTERS = 20 << 20
_MAX_TAGS = 250_000
_MAX_REGIONS = 3
_LITTLE_BYTES = 1500
_LITTLE_SHARE = 0.3
_SURE_SHARE = 0.5
"""Of the running text of the page; with less, the rules are not trusted alone (`html_second_opinion`)."""
_HIDDEN_SHARE = 0.1
"""Nor are they where the running text is less than this of all that the page shows."""


class PageRefusedError(ValueError):
    """A page is too large to be parsed; `reason` is fit for an exclusion."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Page:
    """The text of a page and what it says of itself; the counts are of what is in the text."""

    text: str
    title: str | None
    published: str | None
    """ISO date."""
    language: str | None
    tables: int
    formulas: int
    images: int
    icons: int = 0
    """Glyphs of icon fonts and signs of menus that were left out."""
    encoding: str | None = None
    """None for a page that was text already."""
    bad_bytes: int = 0


def extract_page(html: bytes | str, *, url: str | None = None, encoding: str | None = None) -> Page | None:
    """Give the article of a page; None where there is nothing but boilerplate.

    Bytes are read in `encoding` unless a byte order mark says otherwise; without one, or with a name that no codec
    has, it is what the page declares, or found (`html_encoding`). `url` is not looked at. Raises `PageRefusedError`
    before a parse that would take long; what still may, belongs into a sandbox.
    """
    decoded = decode_page(html, encoding) if isinstance(html, bytes) else None
    source = decoded.text if decoded else _without_surrogates(str(html))
    source = lower_tags(source)
    _refuse_costly(source)
    lines = _article(limit_depth(without_unseen(source)))
    marked = _join(lines)
    text = html_entities.unescape(ALL_MARKS.sub("", marked)).strip()
    if not text:
        return None
    head = read_head(source)
    has_tex = ("$" in text or "\\(" in text) and ("mathjax" in source or "MathJax" in source or "katex" in source)
    return Page(
        text=text,
        title=head.title,
        published=head.published,
        language=head.language,
        tables=marked.count(TABLE),
        formulas=count_markdown(text)["formulas"] if has_tex else marked.count(html_formulas.MARK),
        images=marked.count(IMAGE),
        icons=marked.count(ICON),
        encoding=decoded.encoding if decoded else None,
        bad_bytes=decoded.num_bad_bytes if decoded else 0,
    )


def read_page(
    position: str, raw: bytes, params: ReadingParams, sandbox: Sandbox, *, encoding: str | None = None
) -> Reading:
    """Make a reading of a page's bytes, parsed in the sandbox.

    Reasons: `no_content`, `undecodable`, `too_large`, `too_many_tags`, and those of the sandbox.
    """
    try:
        page = sandbox.call(extract_page, raw, encoding=params.encoding or encoding)
    except (PageRefusedError, SandboxError) as error:
        return Reading(position, reason=error.reason, detail=error.detail)
    if page is None:
        return Reading(position, reason="no_content", detail="nothing but boilerplate")
    fields = {
        "title": page.title, "published": page.published, "language": page.language, "encoding": page.encoding,
        "bad_bytes": page.bad_bytes, "tables": page.tables, "formulas": page.formulas, "images": page.images,
        "icons": page.icons or None,
    }  # fmt: skip
    reading = Reading(position, page.text, fields={name: value for name, value in fields.items() if value is not None})
    return refuse_undecodable(reading, len(raw), params)


def _without_surrogates(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _refuse_costly(source: str) -> None:
    if len(source) > _MAX_CHARACTERS:
        raise PageRefusedError("too_large", f"{len(source)} characters of HTML; {_MAX_CHARACTERS} are parsed")
    num_tags = source.count("<")
    if num_tags > _MAX_TAGS:
        raise PageRefusedError("too_many_tags", f"{num_tags} tags; {_MAX_TAGS} are parsed")


def _article(source: str) -> list[Line]:
    prepared = _prepared(source)
    tree = HTMLTree.parse(_marked(prepared))
    if tree.body is None:
        return []
    names = page_names(source)
    _mark_regions(tree, region_selectors(names))
    skipped = skipped_selectors(names)
    lines = _print(tree, skipped, main_content=True)
    if _weight(lines) >= _LITTLE_BYTES:
        return lines
    visible = _visible_bytes(tree)
    if _weight(lines) > _SURE_SHARE * visible:
        return lines
    all_lines = _print(tree, ALWAYS_SKIPPED, main_content=False)
    there = _weight(all_lines)
    if not lines or _weight(lines) < _LITTLE_SHARE * there:
        lines = _print(tree, skipped, main_content=False)
        lines = lines if lines and _weight(lines) >= _LITTLE_SHARE * there else all_lines
    is_sure = _weight(lines) > _SURE_SHARE * there and there > _HIDDEN_SHARE * visible
    return lines if is_sure or _weight(lines) >= _LITTLE_BYTES else better_of(lines, prepared)


def _visible_bytes(tree: HTMLTree) -> int:
    text = extract_plain_text(tree, preserve_formatting=False, main_content=False, alt_texts=False)
    return len(text.encode("utf-8", "replace"))


def _weight(lines: list[Line]) -> int:
    return sum(line.weight for line in lines)


def _prepared(source: str) -> str:
    """Write what is text of its own (formulas, scripts) as text, and take away what is never parsed."""
    has_marks = not source.isascii() and b"\xee\x80" in source.encode()  # a third of the time of a search for them
    clean = ALL_MARKS.sub("", source) if has_marks else source
    clean = CODED_MARKS.sub("", clean) if "&#" in clean else clean
    clean = clean.replace("\0", "") if "\0" in clean else clean
    return write_scripts(html_formulas.write_formulas(clean))


def _marked(prepared: str) -> str:
    marked = mark_tables(mark_images(write_lists(keep_sentences(place_notes(prepared)))))
    return deepen(shield_lone_characters(marked))


def _mark_regions(tree: HTMLTree, selectors: list[str]) -> None:
    document = tree.document
    assert document is not None
    for selector in selectors:
        found = document.query_selector_all(selector)
        if len(found) <= _MAX_REGIONS:
            for element in list(found):
                element.prepend(document.create_text_node(REGION + LETTER))
                element.append(document.create_text_node(REGION_END + LETTER))


def _print(tree: HTMLTree, skipped: Sequence[str], *, main_content: bool) -> list[Line]:
    printed = extract_plain_text(
        tree,
        preserve_formatting="minimal_html",
        main_content=main_content,
        alt_texts=False,
        links=True,
        skip_elements=skipped,
    )
    return main_lines(*read_lines(write_tables(bare_marks(printed))))


def _join(lines: list[Line]) -> str:
    parts: list[str] = []
    after_heading = False
    for line in lines:
        parts.append("\n\n" if line.after_gap or line.level or after_heading else "\n")
        parts.append(f"{line.label} {line.text}".strip() if line.label else line.text)
        after_heading = line.level > 0
    return "".join(parts)
