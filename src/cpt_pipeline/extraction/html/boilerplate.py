"""What of the lines of a page is text and what is navigation, adverts, comments and other boilerplate.

Of what the parser gives, once elements were skipped by their names (`html_names`), lines that are mostly links, or that
say "Share this" and the like, are dropped. A region that the page marks as its article is taken alone where it holds at
least four fifths of the text. The kinds of rule are those of readability, boilerpipe (Kohlschütter 2010) and jusText;
thresholds were chosen on half of the annotated pages (benchmarks/extraction.py).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cpt_pipeline.extraction.html.marks import (
    ALL_MARKS,
    CELL,
    ICON,
    IMAGE,
    LONE,
    NUMBER,
    NUMBER_END,
    REGION,
    REGION_END,
    ROW,
    TABLE,
    TABLE_END,
)

_ITEM = re.compile(r"\s*<li>")
_HEADING = re.compile(r"<h([1-6])>")
_LINK = re.compile(r"<a [^<>]*>((?:(?!</?a\b).)*)</a>")
_TAG = re.compile(r"<[^<>]*>")
_TABLE_ROW = re.compile(rf"{TABLE}?{ROW}\|")
_NO_COUNT = re.compile(f"[{REGION}{REGION_END}{ROW}{CELL}{TABLE}{TABLE_END}]+")
_NUMBERED = re.compile(f"{NUMBER}([^{NUMBER_END}]*){NUMBER_END} *")
_PICTURES = re.compile(f"[{IMAGE}{ICON}]")
_CODE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_ENDS = tuple(".!?…。！？”»\"')）")
_SAYINGS = re.compile(
    r"""(?ix)\W{0,5}(?:
    (?:share|tweet|print|e-?mail|drucken|teilen|partager|compartir|condividi|imprimir|udost[eę]pnij)\b.{0,30}
    |.{0,40}\b(?:teilen|share|partager|compartir|condividi)\b.{0,20}[:!]
    |\d*\s?(?:comments?|kommentare?|commentaires?|comentarios?)\b.{0,30}
    |(?:leave|post|write)\sa\s(?:reply|comment).{0,20}|(?:read|see|view|show|load)\s(?:more|also|all)\b.{0,20}
    |mehr\s(?:zum\sthema|lesen|infos).{0,20}|weiterlesen.{0,20}
    |(?:foto|photo|bild|image|credit|quelle|source)s?(?:\sby)?:.{0,60}
    |©.*|\(c\).*|copyright\b.*|all\srights\sreserved.*|alle\srechte\svorbehalten.*
    |(?:tags?|schlagw(?:o|ö)rte?r?|kategorien?|categor(?:y|ies)|topics|filed\sunder)\b:?.{0,60}
    |(?:posted|published)\s(?:in|by|on)\b.{0,60}
    |advertisement|anzeige|werbung|reklama|publicit[ée]|publicidad
    |(?:vor|zur)(?:ige|ück|heriger)\b.{0,40}|n.chster\s(?:artikel|beitrag)|(?:previous|next)\s(?:post|article|story)
    |das\sk.nnte\s.{0,6}\s?auch\sinteressieren.*|(?:related|recommended)\b.{0,30}|.hnliche\s.{0,30}
    |(?:lire|voir)\saussi.{0,20}|zobacz\stak.e.{0,10}|empfohlene\s.{0,20}|you\s(?:may|might)\salso\slike.{0,20}
    |分享到?.{0,20}|责任编辑[:：].*|編輯[:：].*|编辑[:：].*|来源[:：].{0,20}|來源[:：].{0,20}|[上下]一[篇页](?:[:：].*)?|版[权權]所有(?![权權人者]).*
    |相[关關](?:阅读|文章|新闻|推荐|閱讀|新聞|推薦).{0,10}|打印.{0,10}|[点點][击擊].{0,20}|扫一扫.{0,20}|[返回]{2}(?:首页|顶部)
    )"""
)
_SENTENCE_ENDS = tuple("。！？.!?")
"""A line that ends like a sentence says something: `打印机是一种输出设备。`, `Share prices fell sharply in June.`"""
_RIGHTS = re.compile(r"(?i)©|copyright|all rights reserved|alle rechte|版[权權]所有(?![权權人者])|\.{3}$|…$")
_REGION_SHARE = 0.8
_SHORT_CHARACTERS = 80
_SHORT_BYTES = 80
"""Sizes of lines are in UTF-8 bytes, for a Chinese character says about as much as three Latin ones."""


class Line(NamedTuple):
    """A line of the parser's output; `text` is still escaped as in HTML."""

    text: str
    level: int = 0
    """1 to 6 of a heading, else 0."""
    link_share: float = 0.0
    verbatim: bool = False
    """Code or a row of a table: kept as it is."""
    label: str = ""
    """What stands before an item of a list: `-` or its number."""
    after_gap: bool = False
    """An empty line stands before it."""

    @property
    def num_bytes(self) -> int:
        """Size in UTF-8."""
        return len(self.text) if self.text.isascii() else len(self.text.encode())

    @property
    def weight(self) -> int:
        """Size if this is a piece of running text, else 0."""
        if self.verbatim:
            return len(self.text)
        size = self.num_bytes
        is_text = size >= _SHORT_BYTES or (size > 30 and self.text.endswith(_ENDS))
        return size if is_text and self.link_share < 0.4 else 0


def read_lines(text: str) -> tuple[list[Line], list[tuple[int, int]]]:
    """Give the lines of the parser's output, and begin and end of the marked regions in them."""
    lines: list[Line] = []
    begun: list[int] = []
    regions: list[tuple[int, int]] = []
    for piece in _CODE.split(text):
        is_code = piece.startswith("<pre>")
        gap = True
        for raw in (piece[5:-6].strip("\n") if is_code else piece).split("\n"):
            num_before = len(lines)
            line = _read_code(raw, gap) if is_code else _read_line(raw, gap)
            gap = line is None and (gap or not raw.strip())
            if line is not None:
                lines.append(line)
            elif lines and _PICTURES.search(raw):
                lines[-1] = lines[-1]._replace(text="".join(_PICTURES.findall(raw)) + lines[-1].text)
            if REGION in raw or REGION_END in raw:
                _note_regions(raw, num_before, len(lines), begun, regions)
    return lines, regions


def main_lines(lines: list[Line], regions: list[tuple[int, int]]) -> list[Line]:
    """Give the lines of the smallest region that holds four fifths of the text, without those that are boilerplate."""
    begin, end = _choose(lines, regions)
    kept = [line for line in _with_labels(lines[begin:end]) if not _is_boilerplate(line)]
    result: list[Line] = []
    for line in reversed(kept):
        if line.level and (not result or 0 < result[-1].level <= line.level):
            continue  # a heading with nothing under it
        result.append(line)
    return result[::-1]


def _read_line(raw: str, after_gap: bool) -> Line | None:
    label = "-" if "<li>" in raw and _ITEM.match(raw) else ""
    if raw.isascii():
        text = (_TAG.sub("", raw) if "<" in raw else raw).strip()
    else:
        raw = raw.replace(LONE, "")
        text = (_TAG.sub("", raw) if "<" in raw else raw).strip()
        if _TABLE_ROW.match(text):
            return Line(text, verbatim=True, after_gap=after_gap)
        text = _NO_COUNT.sub("", text)
        numbered = _NUMBERED.match(text)
        label = numbered[1] if numbered else label
        text = _NUMBERED.sub(r"\1 ", text[numbered.end() :] if numbered else text)
        if not (text.strip(IMAGE + ICON + " ") or numbered):
            return None
    if "\t" in text:
        text = " ".join(text.split())  # cells of a table that arranges the page
    if not (text or label.strip("-")):
        return None
    heading = _HEADING.search(raw) if "<h" in raw else None
    return Line(
        text.strip(),
        level=int(heading[1]) if heading else 0,
        link_share=_link_share(raw, text) if "<a " in raw and text else 0.0,
        label=label,
        after_gap=after_gap,
    )


def _with_labels(lines: list[Line]) -> list[Line]:
    """Give the lines, each number that stands alone before the line that follows it."""
    result: list[Line] = []
    for line in lines:
        label = "" if not result or result[-1].text else result[-1].label
        if label and not line.verbatim and line.label in ("", "-"):
            result[-1] = line._replace(label=label, after_gap=result[-1].after_gap)
        else:
            result.append(line)
    return result


def _read_code(raw: str, after_gap: bool) -> Line:
    return Line(_TAG.sub("", ALL_MARKS.sub("", raw)).rstrip(), verbatim=True, after_gap=after_gap)


def _link_share(raw: str, text: str) -> float:
    return min(1.0, sum(len(_TAG.sub("", linked)) for linked in _LINK.findall(raw)) / len(text))


def _note_regions(raw: str, num_before: int, num_after: int, begun: list[int], regions: list[tuple[int, int]]) -> None:
    seen = 0
    for number, mark in enumerate(raw):
        if mark == REGION:
            begun.append(num_before)
        elif mark == REGION_END and begun:
            seen = seen or (1 if _TAG.sub("", raw[:number]).strip(REGION + REGION_END + " ") else 2)
            regions.append((begun.pop(), num_after if seen == 1 else num_before))


def _choose(lines: list[Line], regions: list[tuple[int, int]]) -> tuple[int, int]:
    weights = [line.weight for line in lines]
    total = sum(weights)
    for begin, end in sorted(regions, key=lambda region: (region[1] - region[0], region)):
        held = sum(weights[begin:end])
        if held >= _REGION_SHARE * total and held > 200:
            return begin, end
    return 0, len(lines)


def _is_boilerplate(line: Line) -> bool:
    if line.verbatim:
        return False
    if line.link_share > 0.8 or (line.link_share > 0.5 and line.num_bytes < 70):
        return True
    if line.text.rstrip().endswith(_SENTENCE_ENDS) and not _RIGHTS.search(line.text):
        return False
    return len(line.text) < _SHORT_CHARACTERS and _SAYINGS.fullmatch(line.text) is not None
