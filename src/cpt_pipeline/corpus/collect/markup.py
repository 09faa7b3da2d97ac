"""Text of XML: paragraphs from block-level elements, collected while the file is parsed.

No tree is built, so memory follows the text and depth costs nothing. Every character outside skipped elements is
kept, also text that stands beside a block inside its parent.
"""

from __future__ import annotations

# fmt: off
_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "emphasis", "footnote", "foreign", "i",
    "image", "img", "ins", "kbd", "link", "mark", "media", "newline", "q", "quote", "s", "samp", "small", "space",
    "span", "strong", "sub", "sup", "term", "tt", "u", "var",
))
# fmt: on
"""Elements of XML and CNXML that stand inside a paragraph; any other starts a new one."""


class ParagraphCollector:
    """A target of `xml.etree.ElementTree.XMLParser`; `close` gives the paragraphs, joined by blank lines."""

    def __init__(self, skip: tuple[str, ...]) -> None:
        self._skip = frozenset(skip)
        self._skipped = 0
        self._current: list[str] = []
        self._paragraphs: list[str] = []

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        """Enter an element."""
        if self._skipped or _local(tag) in self._skip:
            self._skipped += 1
        elif not _is_inline(tag):
            self._break()

    def end(self, tag: str) -> None:
        """Leave an element."""
        if self._skipped:
            self._skipped -= 1
        elif _is_inline(tag):
            self._current.append(" " if _local(tag) in {"br", "newline"} or "MathML" in tag else "")
        else:
            self._break()

    def data(self, text: str) -> None:
        """Take text."""
        if not self._skipped:
            self._current.append(text)

    def close(self) -> str:
        """Give the whole text."""
        self._break()
        return "\n\n".join(self._paragraphs)

    def _break(self) -> None:
        paragraph = " ".join("".join(self._current).split())
        self._current = []
        if paragraph:
            self._paragraphs.append(paragraph)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_inline(tag: str) -> bool:
    return _local(tag) in _INLINE or "MathML" in tag
