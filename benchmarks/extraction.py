"""Extraction of HTML on annotated pages: ours beside trafilatura and resiliparse, with CPU time in the same run.

`python benchmarks/extraction.py [folder]`; the folder (default $CPT_SHARED/data/html_gold_trafilatura) holds
`gold.json` (per page, segments that its text must and must not contain) and `html/`. A segment counts as found if it
is in the text after white space is made one space, as in trafilatura's own evaluation: recall is the share of wanted
segments found, precision that of wanted ones among all found. The rules were chosen on the even half of the pages in
sorted order; the odd half was only ever scored. Then: the same text as trafilatura's (F1 of words, median), and how
much of tables and code is kept.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import lxml.html
import trafilatura
from datatrove.pipeline.extractors import Trafilatura
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from cpt_pipeline.corpus.collect.html import extract_page

Extract = Callable[[bytes], str]
NUM_ROUNDS = 3


class GoldPage(NamedTuple):
    """A page and its segments."""

    raw: bytes
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


def load(folder: Path) -> list[GoldPage]:
    """Give the pages in the order of their file names."""
    gold: dict[str, dict[str, Any]] = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    pages = sorted(gold.values(), key=lambda page: page["file"])
    return [
        GoldPage((folder / "html" / page["file"]).read_bytes(), tuple(page["with"]), tuple(page["without"]))
        for page in pages
    ]


def ours(raw: bytes) -> str:
    """Extract with this package."""
    page = extract_page(raw)
    return page.text if page else ""


def resiliparse(raw: bytes) -> str:
    """Extract with resiliparse's own rules."""
    return extract_plain_text(bytes_to_str(raw, detect_encoding(raw) or "utf-8"), main_content=True)


def with_trafilatura(**options: Any) -> Extract:
    """Extract with trafilatura, without comments and without its process-wide memory of paragraphs."""
    return lambda raw: trafilatura.extract(raw, include_comments=False, deduplicate=False, **options) or ""


def with_datatrove() -> Extract:
    """Extract as datatrove's block does (precision, deduplicate), without the process that it starts per page."""
    block = Trafilatura()
    return lambda raw: block.extract(bytes_to_str(raw, detect_encoding(raw) or "utf-8")) or ""


EXTRACTORS: dict[str, Extract] = {
    "datatrove Trafilatura": with_datatrove(),
    "trafilatura": with_trafilatura(),
    "trafilatura precision": with_trafilatura(favor_precision=True),
    "trafilatura recall": with_trafilatura(favor_recall=True),
    "trafilatura fast": with_trafilatura(fast=True),
    "resiliparse main": resiliparse,
    "ours": ours,
}


def normalised(text: str) -> str:
    """Make all white space one space."""
    return " ".join(text.split())


def counts(page: GoldPage, text: str) -> tuple[int, int, int]:
    """Count wanted found, unwanted found, wanted missed."""
    text = normalised(text)
    found = sum(normalised(segment) in text for segment in page.wanted)
    return found, sum(normalised(segment) in text for segment in page.unwanted), len(page.wanted) - found


def scores(counted: list[tuple[int, int, int]]) -> tuple[float, float, float]:
    """Give precision, recall, F1."""
    found, wrong, missed = (sum(column) for column in zip(*counted, strict=True))
    return found / (found + wrong), found / (found + missed), 2 * found / (2 * found + wrong + missed)


def timed(extract: Extract, pages: list[GoldPage]) -> tuple[float, list[str]]:
    """Give CPU seconds and the texts."""
    start = time.process_time()
    texts = [extract(page.raw) for page in pages]
    return time.process_time() - start, texts


def words_f1(text: str, reference: str) -> float:
    """Give the F1 of the words of two texts, as bags."""
    ours, theirs = Counter(text.split()), Counter(reference.split())
    common = (ours & theirs).total()
    return 2 * common / (ours.total() + theirs.total()) if common else float(not text and not reference)


def kept_parts(raw: bytes) -> Iterator[tuple[str, str]]:
    """Give the cells of data tables and the lines of code of a page, outside of menus and forms."""
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    tree = lxml.html.document_fromstring(bytes_to_str(raw, detect_encoding(raw) or "utf-8").encode(), parser=parser)
    outside = "not(ancestor::nav or ancestor::footer or ancestor::aside or ancestor::form or ancestor::header)"
    for table in tree.xpath(f"//table[{outside} and not(.//table) and count(.//tr) > 1 and .//tr[count(td|th) > 1]]"):
        linked = sum(len(normalised(link.text_content())) for link in table.iter("a"))
        if linked <= len(normalised(table.text_content())) / 2:
            cells = (normalised(cell.text_content()) for cell in table.xpath(".//td|.//th"))
            yield from (("cells", cell) for cell in cells if len(cell) > 1)
    for code in tree.xpath(f"//pre[{outside}]"):
        lines = (normalised(line) for line in code.text_content().splitlines())
        yield from (("code lines", line) for line in lines if len(line) > 5)


def kept_shares(pages: list[GoldPage], texts: list[str]) -> dict[str, str]:
    """Give per kind how many parts there are and the share that is in the texts; a line of code must be a line."""
    kept: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for page, text in zip(pages, texts, strict=True):
        lines = {normalised(line) for line in text.splitlines()}
        whole = normalised(text.replace("\\|", "|"))
        for kind, part in kept_parts(page.raw):
            there[kind] += 1
            kept[kind] += part in whole if kind == "cells" else part in lines
    return {kind: f"{kept[kind] / there[kind]:.3f} of {there[kind]} {kind}" for kind in sorted(there)}


def main() -> None:
    """Print the tables."""
    logging.disable(logging.CRITICAL)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else f"{os.environ['CPT_SHARED']}/data/html_gold_trafilatura")
    pages = load(folder)
    seconds: dict[str, list[float]] = {name: [] for name in EXTRACTORS}
    texts: dict[str, list[str]] = {}
    for _ in range(NUM_ROUNDS):
        for name, extract in EXTRACTORS.items():
            spent, texts[name] = timed(extract, pages)
            seconds[name].append(spent)
    slowest = statistics.median(seconds["datatrove Trafilatura"])
    print(f"{len(pages)} pages: precision, recall, F1; even (chosen on); odd (held out); ms/page; ratio; F1 of words")
    for name in EXTRACTORS:
        counted = [counts(page, text) for page, text in zip(pages, texts[name], strict=True)]
        halves = (counted, counted[::2], counted[1::2])
        columns = [" ".join(f"{score:.4f}" for score in scores(half)) for half in halves]
        spent = statistics.median(seconds[name])
        same = statistics.median(map(words_f1, texts[name], texts["trafilatura"]))
        print(f"{name:22} {'   '.join(columns)}  {1000 * spent / len(pages):7.2f} {slowest / spent:6.1f}  {same:.3f}")
    for name in ("trafilatura", "resiliparse main", "ours"):
        print(f"{name:22} kept: {kept_shares(pages, texts[name])}")


if __name__ == "__main__":
    main()
