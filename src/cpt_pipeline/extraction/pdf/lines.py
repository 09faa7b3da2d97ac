"""Lines of pages become paragraphs: heads and feet go, cut words are whole again, hard line ends are joined.

All rules look at characters only, for a text layer has no paragraphs and PDFium gives no layout. What follows from
that: two columns come in the order of the file, a formula is flat (no fractions, no exponents), a table is known by
its numbers and its cells have no borders. Widths count a Chinese character as two, as print does.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from cpt_pipeline.text.words import is_cjk

_EDGE_LINES = 3
"""So many lines at the top and at the bottom of a page may be its head and foot."""
_SHORT = 0.6
"""A line below this share of the full width does not run on."""
_ENDED = 0.85
"""A line below this share that ends a sentence ends its paragraph."""
_TABLE_ROWS = 3
_TABLE_CELLS = 3
_MIN_PART = 4

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"[-–—\s|/.·•()\[\]]*#[-–—\s|/.·•()\[\]]*(#[-–—\s|/.·•()\[\]]*)?|[ivxlcdm]{1,7}")
_BULLET = re.compile(r"[•·▪■◦●○◆▶➢*]\s|[–—-]\s|\u3000\u3000")
_NUMBERING = re.compile(
    r"[(（\[]?\d{1,3}[)）\]、．]|\d{1,3}(\.\d{1,3}){0,3}\.?\s|第[\d〇一二三四五六七八九十百]{1,5}[章节条款篇部]"
    r"|[(（]?[一二三四五六七八九十]{1,3}[)）、．]|[A-D][.．、]\s?"
)
_CUT_WORD = re.compile(r"([^\W\d_]+)(?:[\ufffe\u00ad]\s*|-\n\s*)([^\W\d_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NUMBER = re.compile(r"[-+−(]?[$€£¥]?\d[\d,.]*%?\)?|[-–—]")
_MATHS = re.compile(r"[=<>≤≥≠≈≡∝∈∉⊂⊆∪∩∑∏∫∂∇√∞±×÷→⇒↔∀∃∧∨¬\u0370-\u03ff\U0001d400-\U0001d7ff]")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_CLOSERS = "\"'”’)）】」』］]"
_TERMINAL = frozenset(".!?。！？…;；:：")


def body_lines(pages: Sequence[str]) -> tuple[list[list[str]], int]:
    """Give the lines of each page without running heads, feet and page numbers, and how many lines those were.

    A line is one of them if it stands among the first three or the last three of its page and the same, whatever its
    digits, stands there on enough pages: two of two or three, else three and a tenth of all.
    """
    split = [[line for each in page.splitlines() if (line := each.rstrip())] for page in pages]
    counts = Counter(key for lines in split for key in {key for _, key in _edges(lines)})
    enough = 2 if len(pages) <= 3 else max(3, len(pages) // 10)
    running = {key for key, count in counts.items() if count >= enough}
    num_removed = 0
    kept = []
    for lines in split:
        removed = {index for index, key in _edges(lines) if key in running}
        num_removed += len(removed)
        kept.append([line for index, line in enumerate(lines) if index not in removed])
    return kept, num_removed


def _edges(lines: Sequence[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Give index and key of each line at an edge; rows of numbers are no heads, so they have none."""
    size = len(lines)
    for index in sorted({*range(min(_EDGE_LINES, size)), *range(max(size - _EDGE_LINES, 0), size)}):
        folded = _DIGITS.sub("#", " ".join(unicodedata.normalize("NFKC", lines[index]).casefold().split()))
        if _PAGE_NUMBER.fullmatch(folded):
            yield index, ("any", "#")
        elif _LETTERS.search(folded) or any(map(is_cjk, folded)):
            yield index, ("top" if index < _EDGE_LINES else "bottom", folded)


def mend_cut_words(lines: Sequence[str]) -> tuple[str, int]:
    """Join the words that line ends cut, and give the lines as one text, with the number of words joined.

    The hyphen goes where the document has the word without it elsewhere. It stays where the document has it with
    it, or has both parts as words of four letters or more (`computer-chess`). Else it goes.
    """
    text = "\n".join(lines)
    known = frozenset(word.casefold() for word in _WORD.findall(_CUT_WORD.sub(" ", text)))

    def mended(match: re.Match[str]) -> str:
        first, second = match.groups()
        with_hyphen, without = f"{first}-{second}", first + second
        if without.casefold() in known:
            return without
        is_compound = min(len(first), len(second)) >= _MIN_PART and {first.casefold(), second.casefold()} <= known
        return with_hyphen if is_compound or second[0].isupper() or with_hyphen.casefold() in known else without

    text, num_mended = _CUT_WORD.subn(mended, text)
    return text.replace("\u00ad", "").replace("\ufffe", "-"), num_mended


def join_lines(lines: Iterable[str]) -> tuple[list[str], int, int]:
    """Give paragraphs, with the number of tables and of formulas that stand on lines of their own.

    A table is three or more lines in a row with three or more numbers and hardly a word; its rows stay lines of one
    paragraph. A formula is a line with a mathematical sign and at most one word.
    """
    held = [line for line in lines if line.strip()]
    full = _full_width(held)
    paragraphs: list[str] = []
    num_tables = num_formulas = 0
    for kind, grouped in groupby(held, key=_kind):
        group = list(grouped)
        if kind == "numbers" and len(group) >= _TABLE_ROWS:
            num_tables += 1
            paragraphs.append("\n".join(line.strip() for line in group))
        elif kind == "formula":
            num_formulas += 1
            paragraphs.append("\n".join(line.strip() for line in group))
        else:
            paragraphs.extend(_join_prose(group, full))
    return paragraphs, num_tables, num_formulas


def _kind(line: str) -> str:
    words = _LETTERS.findall(line)
    if len([cell for cell in line.split() if _NUMBER.fullmatch(cell)]) >= _TABLE_CELLS and len(words) <= 2:
        return "numbers"
    return "formula" if _MATHS.search(line) and len(words) <= 1 and not any(map(is_cjk, line)) else "prose"


def _join_prose(lines: Sequence[str], full: int) -> Iterator[str]:
    held = ""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        held += line.strip()
        if following is None or _ends_paragraph(line, following, full):
            yield held
            held = ""
        elif not (_is_unspaced(held[-1]) or _is_unspaced(following.lstrip()[0])):
            held += " "


def _ends_paragraph(line: str, following: str, full: int) -> bool:
    ends_sentence = line.rstrip(_CLOSERS + " ")[-1:] in _TERMINAL
    if _BULLET.match(following):
        return True
    if _NUMBERING.match(following.lstrip()) and (ends_sentence or width(line) < _ENDED * full):
        return True
    return width(line) < (_ENDED if ends_sentence else _SHORT) * full


def _full_width(lines: Sequence[str]) -> int:
    """Give the width that a tenth of the lines reach: that of a line that runs on, tables and codes aside."""
    widths = sorted(width(line) for line in lines)
    return widths[(len(widths) - 1) * 9 // 10] if widths else 0


def _is_unspaced(character: str) -> bool:
    """Say whether a script puts no spaces between words: Chinese and Japanese, not Korean."""
    return is_wide(character) and not "\uac00" <= character <= "\ud7a3"


def width(line: str) -> int:
    """Give the width of a line in columns: two for a wide (Chinese, Japanese, Korean) character."""
    return len(line) + sum(map(is_wide, line))


def is_wide(character: str) -> bool:
    """Say whether a character takes two columns."""
    return character > "\u10ff" and unicodedata.east_asian_width(character) in "WF"
