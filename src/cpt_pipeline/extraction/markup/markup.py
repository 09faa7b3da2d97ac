"""Text of XML: paragraphs from block-level elements, collected while the file is parsed.

No tree is built, so memory follows the text and depth costs nothing. Every character outside skipped elements is
kept, also text that stands beside a block inside its parent. By rule: a table (CALS or HTML) becomes Markdown rows,
MathML becomes LaTeX between dollars, an image leaves nothing; all three are counted. Superscripts follow `scripts`, the
items of ordered lists begin with their numbers, code keeps its lines, and of a ruby the base stays. A note that stands
in a paragraph is a paragraph behind it. Of the readings of TEI one is text, and deleted text is none.

Which elements are blocks is known of HTML, JATS, TEI, DocBook and CNXML. An element that is in neither list stands
inside a paragraph where one is open, or where text stands before it, and else is a paragraph.
"""

from __future__ import annotations

from typing import Any

from cpt_pipeline.extraction.markup.inline import Readings, Scripts, is_note
from cpt_pipeline.extraction.markup.lists import ListNumbers
from cpt_pipeline.extraction.markup.mathml import FormulaBuilder
from cpt_pipeline.extraction.markup.spans import ColumnNames
from cpt_pipeline.extraction.markup.tables import Table

# fmt: off
_INLINE = frozenset((
    # HTML
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blink", "br", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "ins", "kbd", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    # JATS
    "italic", "bold", "monospace", "overline", "roman", "sans-serif", "sc", "underline", "xref", "ext-link", "uri",
    "email", "named-content", "styled-content", "inline-formula", "inline-graphic", "chem-struct", "milestone-start",
    "milestone-end", "break", "target", "alternatives", "tex-math", "related-article",
    "inline-supplementary-material", "private-char",
    # TEI
    "hi", "persName", "placeName", "orgName", "geogName", "name", "rs", "ref", "ptr", "term", "foreign", "emph",
    "gloss", "lb", "pb", "cb", "milestone", "date", "num", "measure", "sic", "corr", "add", "unclear", "supplied",
    "gap", "seg", "w", "pc", "c", "anchor", "said", "soCalled", "mentioned", "distinct", "note", "quote", "choice",
    "orig", "reg", "expan", "lem", "rdg", "subst", "ex", "am",
    # DocBook, CNXML
    "emphasis", "footnote", "image", "link", "newline", "space", "ulink", "literal", "command", "option", "filename",
    "function", "parameter", "replaceable", "userinput", "computeroutput", "varname", "envar", "constant", "classname",
    "methodname", "type", "citetitle", "firstterm", "glossterm", "phrase", "subscript", "superscript", "wordasword",
    "trademark", "keycap", "guilabel", "guimenu", "guibutton", "application", "productname", "inlinemediaobject",
    "indexterm", "olink", "remark",
))
_PARAGRAPHS = frozenset((
    "p", "para", "simpara", "ab", "l", "head", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "line", "verse-line", "kwd",
    "speaker", "stage", "address", "byline",
))
"""Elements that hold text and nothing but text: what stands in one and is no block belongs to its line."""
_TITLES = frozenset(("title", "article-title", "subtitle", "alt-title", "attrib", "bibl", "label"))
"""Inside a paragraph (of TEI, of a citation) a part of it, outside one a paragraph of their own."""
_CITATIONS = frozenset(("element-citation", "mixed-citation", "nlm-citation", "citation", "biblStruct", "name-group"))
"""Paragraphs whose pieces (surname, year, volume) stand apart by their elements alone."""
_BLOCKS = frozenset((
    "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hr", "html", "li", "main", "menu", "nav", "ol", "section",
    "summary", "ul", "pre", "table", "tbody", "thead", "tfoot", "tr", "td", "th",
    "abstract", "ack", "app", "app-group", "back", "boxed-text", "contrib", "contrib-group", "aff", "def", "def-item",
    "def-list", "disp-formula", "disp-formula-group", "disp-quote", "fig", "fig-group", "fn", "fn-group", "front",
    "list", "list-item", "preformat", "ref-list", "sec", "speech", "statement", "supplementary-material", "table-wrap",
    "table-wrap-foot", "title-group", "verse-group", "kwd-group",
    "TEI", "text", "item", "lg", "sp", "epigraph", "opener", "closer", "salute", "signed", "trailer", "div1", "div2",
    "div3", "listBibl", "figDesc", "castList", "floatingText", "eg",
    "book", "chapter", "appendix", "sect1", "sect2", "sect3", "sect4", "example", "informalexample", "note-block",
    "itemizedlist", "orderedlist", "variablelist", "varlistentry", "listitem", "simplelist", "member", "procedure",
    "step", "programlisting", "screen", "literallayout", "synopsis", "mediaobject", "informaltable", "tgroup", "row",
    "cell", "colspec", "spanspec", "array", "entrytbl",
    "entry", "warning", "tip", "important", "caution", "sidebar", "exercise", "problem", "solution", "rule", "equation",
))
# fmt: on
_PREFORMATTED = frozenset(("pre", "preformat", "programlisting", "screen", "literallayout", "synopsis", "eg"))
_BREAKS = frozenset(("br", "newline", "lb", "pb", "cb", "break", "milestone"))
_IMAGES = frozenset(("image", "img", "graphic", "inline-graphic", "imagedata"))
_TABLES = frozenset(("table", "informaltable", "array", "entrytbl"))
_GROUPS = frozenset(("thead", "tbody", "tfoot", "tgroup"))
_ROWS = frozenset(("row", "tr"))
_CELLS = frozenset(("entry", "entrytbl", "td", "th", "cell"))
_READINGS = frozenset(("rt", "rp", "rtc"))
_ARTICLE_TEXT = frozenset(("title-group", "abstract", "trans-abstract", "kwd-group"))
"""What JATS tells of an article that is text; the rest are numbers, dates, names and addresses, an element each."""
_TEX = "tex-math"
_NOTE = "note in a paragraph"
_TEI = ("TEI", "TEI.2", "teiCorpus")


class TooMuchTextError(ValueError):
    """Entities have made more text than the file may have."""


class ParagraphCollector:
    """A target of `xml.etree.ElementTree.XMLParser`; `close` gives the paragraphs, joined by blank lines."""

    def __init__(self, skip: tuple[str, ...], *, max_characters: int | None = None) -> None:
        self.counts = {"tables": 0, "formulas": 0, "images": 0}
        self._skip = frozenset(skip)
        self._left = max_characters
        self._skipped = self._rubies = self._preformatted = 0
        self._current: list[str] = []
        self._has_text = False
        self._paragraphs: list[str] = []
        self._formula: FormulaBuilder | None = None
        self._tables: list[Table] = []
        self._columns = ColumnNames()
        self._lists = ListNumbers()
        self._open: list[str | None] = []
        """Names of the elements that are open, None for one that stands inside a paragraph."""
        self._contexts: list[frozenset[str] | None] = []
        """Of each open block: `_PARAGRAPHS`, `_TITLES` or `_CITATIONS` if it is one of them."""
        self._scripts = Scripts()
        self._readings = Readings()
        self._notes: list[str] = []
        """Paragraphs of the notes that stand in the paragraph that is open."""
        self._outer: list[tuple[Any, ...]] = []
        """Of each note that is open, what is open around it."""
        self._is_tei = False
        self._tex = 0
        self._alternatives: list[bool] = []
        """Of each open `alternatives` of JATS: whether one of its formulas was taken."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        name = _local(tag)
        self._is_tei = self._is_tei or name in _TEI
        if self._skipped or name in self._skip or self._is_no_text(name) or self._is_told_already(tag):
            self._skipped += 1
        elif self._formula is not None or _is_formula(tag):
            self._formula = self._formula or FormulaBuilder()
            self._formula.start(name, attributes)
        elif self._is_in_line() and is_note(name, attributes):
            self._open.append(_NOTE)
            self._start_note()
        elif self._stands_inside(name):
            self._open.append(None)
            self._start_inside(name, attributes)
        else:
            self._open.append(name)
            self._start_block(name, attributes)
        self.counts["images"] += not self._skipped and self._formula is None and name in _IMAGES

    def end(self, tag: str) -> None:
        """Leave an element."""
        name = _local(tag)
        if self._skipped:
            self._skipped -= 1
        elif self._formula is not None:
            self._end_of_formula(self._formula.end())
        elif (opened := self._open.pop()) is None:
            self._end_inside(name)
        elif opened is _NOTE:
            self._end_note()
        else:
            self._end_block(name)

    def data(self, text: str) -> None:
        """Take text."""
        if self._left is not None:
            self._left -= len(text)
            if self._left < 0:
                raise TooMuchTextError("the text is longer than the file may be")
        if self._formula is not None and not self._skipped:
            self._formula.data(text)
        elif not self._skipped:
            self._current.append(text)
            self._has_text = self._has_text or not text.isspace()

    def close(self) -> str:
        """Return the whole text."""
        while self._outer:
            self._end_note()
        self._finish()
        return "\n\n".join(self._paragraphs)

    def _finish(self) -> None:
        self._break()
        while self._tables:
            self._flush_table()
        self._add(self._lists.take_label())

    @property
    def table(self) -> Table | None:
        """The table that is open; None inside a table in it, all of whose text is that of a cell."""
        return self._tables[0] if len(self._tables) == 1 else None

    def number(self, written: str) -> None:
        """Let the next paragraph begin with the number of a list item, as it is written, blank included."""
        self._lists.number(written)

    def _is_no_text(self, name: str) -> bool:
        """Return whether an element is no text: how a ruby is read or an article found, deleted, another reading."""
        is_about = bool(self._open) and self._open[-1] == "article-meta" and name not in _ARTICLE_TEXT
        is_deleted = self._is_tei and name == "del"
        return is_about or is_deleted or (self._rubies > 0 and name in _READINGS) or self._readings.is_left_out(name)

    def _is_told_already(self, tag: str) -> bool:
        """Return whether an element is a formula that stands beside it in another notation, of which one is enough."""
        if not self._alternatives or self._formula is not None or not (_local(tag) == _TEX or _is_formula(tag)):
            return False
        told, self._alternatives[-1] = self._alternatives[-1], True
        return told

    def _is_in_line(self) -> bool:
        """Return whether text that came now would go on with a line that is no citation's."""
        return self._has_text or (bool(self._contexts) and self._contexts[-1] in (_PARAGRAPHS, _TITLES))

    def _stands_inside(self, name: str) -> bool:
        """Return whether an element belongs to the paragraph that it stands in."""
        if self._preformatted or name in _INLINE or (name == "app" and self._is_tei):
            return True
        is_in_paragraph = bool(self._contexts) and self._contexts[-1] is not None
        if name in _BLOCKS or name in _PARAGRAPHS or name in _CITATIONS:
            return False
        return is_in_paragraph or (self._has_text and name not in _TITLES)

    def _start_inside(self, name: str, attributes: dict[str, str]) -> None:
        self._scripts.start(name, attributes, self._current)
        self._readings.start(name, self._current)
        if name == "ruby":
            self._rubies += 1
        elif name == "alternatives":
            self._alternatives.append(False)
        elif name == _TEX:
            self._tex = len(self._current)
        elif name in _BREAKS and attributes.get("break") != "no":
            self.data("\n" if self._preformatted else " ")

    def _end_inside(self, name: str) -> None:
        self._scripts.end(name, self._current)
        self._readings.end(name, self._current)
        if name == "ruby":
            self._rubies -= 1
        elif name == "alternatives":
            self._alternatives.pop()
        elif name == _TEX:
            self._current[self._tex :] = [_tex_formula("".join(self._current[self._tex :]))]
            self.counts["formulas"] += 1
        elif self._contexts and self._contexts[-1] is _CITATIONS:
            self._current.append(" ")

    def _start_block(self, name: str, attributes: dict[str, str]) -> None:
        self._break()
        groups = (_PARAGRAPHS, _TITLES, _CITATIONS)
        self._contexts.append(next((group for group in groups if name in group), None))
        self._lists.start(name, attributes)
        self._start_of_table(name, attributes)
        self._preformatted += name in _PREFORMATTED

    def _end_block(self, name: str) -> None:
        self._contexts.pop()
        if name == "label":
            self._lists.label(self._taken())
            return
        self._break()
        self._preformatted -= name in _PREFORMATTED
        self._add(self._lists.end(name))
        self._end_of_table(name)

    def _taken(self) -> str:
        """Return the text of the paragraph that is open, which ends."""
        raw = "".join(self._current)
        self._current, self._has_text = [], False
        self._scripts.forget()
        self._readings.forget()
        if self._preformatted and not self._tables:
            return raw.strip("\n").rstrip() if raw.strip() else ""
        return " ".join(raw.split())

    def _break(self) -> None:
        """End a paragraph, or a piece of the cell that is open."""
        if paragraph := self._taken():
            self._add(self._lists.take() + paragraph)
        for note in self._notes:
            self._add(note)
        self._notes = []

    def _start_note(self) -> None:
        """Begin a text of its own."""
        self._outer.append((
            self._current, self._has_text, self._contexts, self._paragraphs, self._notes, self._tables, self._lists,
            self._preformatted, self._scripts, self._readings,
        ))  # fmt: skip
        self._current, self._has_text, self._contexts, self._paragraphs, self._notes = [], False, [], [], []
        # in a cell it holds nothing but lines, as a cell does: a table around it gives tables and code in it no rows
        self._tables = [Table()] if self._tables else []
        self._lists, self._preformatted = ListNumbers(), 0
        self._scripts, self._readings = Scripts(), Readings()

    def _end_note(self) -> None:
        """Leave a note; its paragraphs wait for the end of that which it stands in."""
        self._finish()
        paragraphs = self._paragraphs
        (
            self._current, self._has_text, self._contexts, self._paragraphs, self._notes, self._tables, self._lists,
            self._preformatted, self._scripts, self._readings,
        ) = self._outer.pop()  # fmt: skip
        self._notes += paragraphs

    def _add(self, paragraph: str) -> None:
        if paragraph and self._tables:
            self._tables[0].add(paragraph)
        elif paragraph:
            self._paragraphs.append(paragraph)

    def _end_of_formula(self, latex: str | None) -> None:
        if latex is not None:
            self._formula = None
            self._current.append(latex)
            self._has_text = True
            self.counts["formulas"] += 1

    def _start_of_table(self, name: str, attributes: dict[str, str]) -> None:
        """Enter an element of a table; what is inside a table in a cell of another is that cell's text."""
        if (table := self.table) is not None:
            self._columns.start(name, attributes)
            if name in _GROUPS:
                table.start_group(name)
            elif name in _ROWS:
                table.start_row()
            elif name in _CELLS:
                table.start_cell(self._columns.span(attributes))
        if name in _TABLES:
            self._columns = self._columns if self._tables else ColumnNames()
            self._tables.append(Table())
            self.counts["tables"] += 1

    def _end_of_table(self, name: str) -> None:
        if self._tables and name in _TABLES:
            self._flush_table()
        elif (table := self.table) is not None and name in _ROWS:
            table.end_row()
        elif table is not None and name in _GROUPS:
            table.start_group()

    def _flush_table(self) -> None:
        """Leave a table; one inside a cell of another has given its text to that cell."""
        table = self._tables.pop()
        if not self._tables:
            self._paragraphs += table.paragraphs()


def _tex_formula(document: str) -> str:
    """Return the formula of a `tex-math` of JATS, which often is a whole document of LaTeX around it."""
    body = document.partition(r"\begin{document}")[2].partition(r"\end{document}")[0] or document
    formula = " ".join(body.split())
    return formula if formula.startswith(("$", r"\(", r"\[", r"\begin")) or not formula else f"${formula}$"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_formula(tag: str) -> bool:
    return "MathML" in tag or _local(tag) == "math"
