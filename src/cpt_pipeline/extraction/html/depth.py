"""Elements nested deeper than the parser can take in time, made shallow as browsers do: their tags go, the text stays.

Matching selectors in nested elements costs the square of the depth, and a page whose `<font>` is never closed nests
each in the one before. An end tag is paired with its begin, as in a tree; what a parser closes by itself (paragraphs,
items, cells, void elements, self-closed ones of SVG and MathML) is no depth.
"""

from __future__ import annotations

import re
from collections import Counter

_MAX_BLOCKS = 480
_MAX_INLINE = 32
"""So many elements of a line may be open at once, for paragraphs open all of them anew; browsers keep 512 in all."""
_FEW_TAGS = 6_000
"""With fewer, no depth is slow, and it is not measured."""
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)"
    r"|<(?P<end>/?)(?!(?:p|li|t[drh]|d[td]|option|br|img|hr|input|meta|link|wbr|col|source|area|base|embed|param|track)"
    r"\b)(?P<name>[a-z][^\s<>/]*)[^<>]*?(?P<closed>/?)>",
    re.DOTALL,
)
# fmt: off
_INLINE = frozenset((
    "a", "abbr", "acronym", "b", "big", "cite", "code", "em", "font", "i", "kbd", "label", "nobr", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
))
# fmt: on
_FOREIGN = ("svg", "math")
_BREAK = "<br>"


def limit_depth(source: str) -> str:
    """Return the source with no element deeper than a browser keeps it; tags of deeper blocks become line breaks."""
    return _Limiter().run(source) if source.count("<") > _FEW_TAGS else source


class _Limiter:
    def __init__(self) -> None:
        self._open: list[str] = []
        self._num_inline = 0
        self._left_out: Counter[str] = Counter()
        """Elements that are open and whose tags went."""

    def run(self, source: str) -> str:
        pieces, last = [""], 0
        for tag in _TAG.finditer(source):
            name = tag["name"]
            if name is None or (tag["closed"] and any(each in self._open for each in _FOREIGN)):
                continue
            if self._end(name) if tag["end"] else self._start(name):
                text = source[last : tag.start()]
                if text.strip() or pieces[-1] != _BREAK:
                    pieces += [text, "" if name in _INLINE else _BREAK]
                last = tag.end()
        return "".join([*pieces, source[last:]])

    def _start(self, name: str) -> bool:
        """Enter an element; say whether its tag must go."""
        is_inline = name in _INLINE
        if self._num_inline >= _MAX_INLINE if is_inline else len(self._open) - self._num_inline >= _MAX_BLOCKS:
            self._left_out[name] += 1
            return True
        self._open.append(name)
        self._num_inline += is_inline
        return False

    def _end(self, name: str) -> bool:
        """Leave an element and, if it is a block, all in it; say whether its tag must go."""
        if self._left_out[name]:
            self._left_out[name] -= 1
            return True
        if name not in self._open:
            return False
        place = len(self._open) - 1 - self._open[::-1].index(name)
        left = [self._open.pop(place)] if name in _INLINE else self._open[place:]
        if name not in _INLINE:
            del self._open[place:]
            self._left_out.clear()
        self._num_inline -= sum(each in _INLINE for each in left)
        return False
