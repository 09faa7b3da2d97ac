"""Extraction of HTML on annotated pages: ours beside trafilatura and resiliparse, with CPU time in the same run.

`python benchmarks/extraction.py [folder]`; the folder (default $CPT_SHARED/data/html_gold_trafilatura) holds
`gold.json` (per page, segments that its text must and must not contain) and `html/`. A segment counts as found if it
is in the text after white space is made one space, as in trafilatura's own evaluation: recall is the share of wanted
segments found, precision that of wanted ones among all found. The first rules were chosen on the even half of the pages
in sorted order, the later ones on the half whose names have an even digest; pages of neither half were only ever
scored. Extractors take turns page by page, so load falls on all alike. Then: the same text as trafilatura's (F1 of
words, median), and how much of tables and code is kept.

`python benchmarks/extraction.py --manuals FOLDER`: another kind of page, the HTML of unpacked documentation packages
(Sphinx, DocBook, Publican), whose gold is known from how it is made: three paragraphs or items of each page, drawn by
digest, against three entries of its navigation that stand nowhere else. Pages with an odd digest chose no rule.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
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

from cpt_pipeline.extraction.html.page import extract_page

Extract = Callable[[bytes], str]
NUM_ROUNDS = 3
NUM_RESAMPLES = 4000
PAGES_PER_FOLDER, MAX_MANUAL_PAGES = 5, 400
NAVIGATION = (
    "//nav|//footer|//*[@role='navigation' or @class='related' or @class='header' or @id='sidebar' or @class='mininav'"
    " or contains(@class,'sidebar') or contains(@class,'navheader') or contains(@class,'navfooter')"
    " or contains(@class,'docnav') or contains(@class,'footer')]"
)


class GoldPage(NamedTuple):
    """A page and its segments."""

    name: str
    raw: bytes
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


def load(folder: Path) -> list[GoldPage]:
    """Give the pages in the order of their file names."""
    gold: dict[str, dict[str, Any]] = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    pages = sorted(gold.values(), key=lambda page: page["file"])
    return [
        GoldPage(
            page["file"], (folder / "html" / page["file"]).read_bytes(), tuple(page["with"]), tuple(page["without"])
        )
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


def by_digest(names: list[str]) -> list[str]:
    """Give the names in an order that says nothing of them."""
    return sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).digest())


def is_unread(name: str) -> bool:
    """Say whether a page is in the half that the later rules were not chosen on."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def read_manuals(folder: Path) -> Iterator[GoldPage]:
    """Yield pages of manuals with their segments, at most so many of a folder."""
    files = [file for file in folder.rglob("*.htm*") if file.is_file() and 3_000 < file.stat().st_size < 400_000]
    kept: Counter[Path] = Counter()
    for name in by_digest([file.relative_to(folder).as_posix() for file in files]):
        kept[(folder / name).parent] += 1
        if kept[(folder / name).parent] > PAGES_PER_FOLDER or kept.total() > MAX_MANUAL_PAGES * 4:
            continue
        page = _manual_page(name, (folder / name).read_bytes())
        if len(page.wanted) == 3:
            yield page


def _manual_page(name: str, raw: bytes) -> GoldPage:
    parser = lxml.html.HTMLParser(encoding="utf-8")
    tree = lxml.html.document_fromstring(raw.decode("utf-8", "replace").encode(), parser=parser)
    for unseen in tree.xpath("//script|//style|//rt|//rp|//noscript"):
        unseen.drop_tree()
    around = tree.xpath(NAVIGATION)
    entries = [normalised(each.text_content()) for part in around for each in part.xpath(".//a|.//p|.//li|.//h3")]
    for part in around:
        if part.getparent() is not None:
            part.drop_tree()
    whole = normalised(tree.text_content())
    texts = []
    for block in tree.xpath("//p[not(.//p)]|//li[not(.//p or .//li)]|//dd[not(.//p or .//li)]"):
        text = normalised(block.text_content())
        linked = sum(len(normalised(link.text_content())) for link in block.iter("a"))
        if len(text.encode()) >= 90 and linked < len(text) / 2 and not block.xpath(".//sup|.//sub|.//img"):
            texts.append(text[:30] if max(text) > "\u3000" else text[:60])
    entries = [entry for entry in entries if 8 <= len(entry) <= 80 and entry not in whole]
    return GoldPage(name, raw, tuple(by_digest(texts)[:3]), tuple(by_digest(entries)[:3]))


def in_turns(extractors: dict[str, Extract], pages: list[GoldPage]) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Give CPU seconds and texts of each; they take turns page by page."""
    seconds = dict.fromkeys(extractors, 0.0)
    texts: dict[str, list[str]] = {name: [] for name in extractors}
    for page in pages:
        for name, extract in extractors.items():
            start = time.process_time()
            texts[name].append(extract(page.raw))
            seconds[name] += time.process_time() - start
    return seconds, texts


def difference(ours: list[tuple[int, int, int]], theirs: list[tuple[int, int, int]]) -> str:
    """Give the difference of two F1 with its interval of 95 %, by bootstrap over pages."""
    drawn = random.Random(0)
    found = []
    for _ in range(NUM_RESAMPLES):
        chosen = [drawn.randrange(len(ours)) for _ in ours]
        found.append(scores([ours[n] for n in chosen])[2] - scores([theirs[n] for n in chosen])[2])
    found.sort()
    low, high = found[NUM_RESAMPLES // 40], found[-NUM_RESAMPLES // 40]
    return f"{scores(ours)[2] - scores(theirs)[2]:+.4f} [{low:+.4f}, {high:+.4f}]"


def print_manuals(folder: Path) -> None:
    """Print what is kept of manuals, on the half that was looked at and on the other."""
    extractors = {name: EXTRACTORS[name] for name in ("trafilatura", "ours")}
    for half in (False, True):
        pages = [page for page in read_manuals(folder) if is_unread(page.name) == half]
        seconds, texts = in_turns(extractors, pages)
        counted = {name: [*map(counts, pages, texts[name])] for name in extractors}
        shown = "; ".join(
            f"{name} " + " ".join(f"{score:.4f}" for score in scores(counted[name])) for name in extractors
        )
        ratio = seconds["trafilatura"] / seconds["ours"]
        print(f"{'unread' if half else 'looked at'}: {len(pages)} pages: precision, recall, F1: {shown}; ", end="")
        print(f"F1 {difference(counted['ours'], counted['trafilatura'])}; {ratio:.1f} times as fast")


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
    if sys.argv[1:2] == ["--manuals"]:
        print_manuals(Path(sys.argv[2]))
        return
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else f"{os.environ['CPT_SHARED']}/data/html_gold_trafilatura")
    pages = load(folder)
    rounds = [in_turns(EXTRACTORS, pages) for _ in range(NUM_ROUNDS)]
    texts = rounds[0][1]
    seconds = {name: statistics.median(spent[name] for spent, _ in rounds) for name in EXTRACTORS}
    unread = [number for number, page in enumerate(pages) if is_unread(page.name)]
    counted = {name: [*map(counts, pages, texts[name])] for name in EXTRACTORS}
    groups = ([*range(len(pages))], unread, [number for number in unread if number % 2])
    print("precision, recall, F1 of " + ", ".join(f"{len(group)} pages" for group in groups), end="")
    print(" (all, later rules not chosen on, no rules chosen on); ms/page; times as fast as trafilatura; F1 of words")
    for name in EXTRACTORS:
        scored = [scores([counted[name][number] for number in group]) for group in groups]
        columns = "   ".join(" ".join(f"{score:.4f}" for score in each) for each in scored)
        same = statistics.median(map(words_f1, texts[name], texts["trafilatura"]))
        speed = f"{1000 * seconds[name] / len(pages):7.2f} {seconds['trafilatura'] / seconds[name]:6.2f}"
        print(f"{name:22} {columns}  {speed}  {same:.3f}")
    for group in groups:
        both = ([counted[name][number] for number in group] for name in ("ours", "trafilatura"))
        print(f"F1 of ours over trafilatura's on {len(group)} pages: {difference(*both)}")
    for name in ("trafilatura", "resiliparse main", "ours"):
        print(f"{name:22} kept: {kept_shares(pages, texts[name])}")


if __name__ == "__main__":
    main()
