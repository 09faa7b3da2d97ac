"""What `leaks.py` measures with: items of real benchmarks, ways to disguise them, and clean text of many kinds."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import xxhash
from opencc import OpenCC

from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.words import is_cjk

MEDICAL = {
    "anatomy",
    "clinical_knowledge",
    "college_medical_statistics",
    "college_medicine",
    "genetics",
    "human_sexuality",
    "nutrition",
    "professional_medicine",
    "traditional_chinese_medicine",
    "virology",
}
"""Subjects of CMMLU on which nothing was tuned."""
_BLANK = re.compile(r"[(（]\s*[)）]|_{2,}|﹍+|＿+")
_PUNCTUATION = re.compile(r"[^\w\s⺀-⿕]|_")  # radicals stand for characters in some files


class Text(NamedTuple):
    """A clean document."""

    name: str
    text: str


def is_unseen(name: str) -> bool:
    """Return whether an item or a document is of the half that no rule was chosen on."""
    return xxhash.xxh3_64_intdigest(f"half:{name}") % 2 == 1


def read_items(shared: Path) -> list[BenchmarkItem]:
    """Read ten benchmarks, each with its own names of fields; CMMLU as three: law, medicine and the rest."""
    place = shared / "data" / "benchmarks"
    made = []
    for path in sorted(place.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        made += [_item(path.stem, number, row) for number, row in enumerate(rows)]
    for path in sorted([*(place / "cmmlu_test").glob("*.csv"), *(place / "cmmlu_law_test").glob("*.csv")]):
        name = "cmmlu_law" if "law" in path.parent.name else "cmmlu_med" if path.stem in MEDICAL else "cmmlu"
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                choices = tuple(row[letter] for letter in "ABCD")
                made.append(_made(name, f"{path.stem}/{row['']}", row["Question"], choices, row["Answer"]))
    return made


def _item(benchmark: str, number: int, row: dict[str, Any]) -> BenchmarkItem:
    prompt = row.get("query") or row.get("question") or row["context"]
    if "choices" in row:
        return _made(benchmark, str(number), prompt, tuple(row["choices"]), "ABCDEFGH"[row["gold"]])
    answer = str(row.get("continuation") or row["answer"]).rsplit("#### ", 1)[-1]
    return _made(benchmark, str(number), prompt, (answer, "none of these"), "A")


def _made(benchmark: str, name: str, prompt: str, choices: tuple[str, ...], answer: str) -> BenchmarkItem:
    return BenchmarkItem(
        id=name, benchmark=benchmark, ability="any", prompt=prompt, choices=choices, answer="ABCDEFGH".index(answer)
    )


def _answered(item: BenchmarkItem) -> str:
    return f"{item.prompt} {item.choices[item.answer]}"


def _listed(item: BenchmarkItem, order: int = 1) -> str:
    lines = [f"{letter}. {choice}" for letter, choice in zip("ABCDEFGH", item.choices[::order], strict=False)]
    return "\n".join([item.prompt, *lines])


def _spaced(text: str) -> str:
    """Put a space behind every Chinese character, and take every second one out between words."""
    apart = "".join(f"{each} " if is_cjk(each) else each for each in text)
    return re.sub(r"(\w+) +(\w+) +", r"\1  \2\n", apart)


def _repunctuated(text: str) -> str:
    """Put other marks in the place of all, and one behind every seventh word or character."""
    bare = _PUNCTUATION.sub("-", text)
    numbers = iter(range(10**6))
    return re.sub(r"[一-鿿]|[A-Za-z]+", lambda found: found.group() + (";" if next(numbers) % 7 == 6 else ""), bare)


def _filled(item: BenchmarkItem) -> str:
    """Put the answer into the question's blank, or behind it where there is none."""
    answer = item.choices[item.answer]
    filled, count = _BLANK.subn(lambda _: answer, item.prompt, count=1)
    return filled if count else _answered(item)


def _twelfth(text: str, other: str) -> str:
    """Replace every twelfth character that is no space by one of `other`."""
    kept, number = [], 0
    for each in text:
        number += not each.isspace()
        swapped = number % 12 == 0 and not each.isspace()
        kept.append(other[number // 12 % len(other)] if swapped else each)
    return "".join(kept)


_traditional, _taiwan = OpenCC("s2t"), OpenCC("s2twp")
DISGUISES: dict[str, Callable[[BenchmarkItem], str]] = {
    "verbatim": _answered,
    "upper": lambda item: _answered(item).upper(),
    "title": lambda item: _answered(item).title(),
    "re-spaced": lambda item: _spaced(_answered(item)),
    "re-punctuated": lambda item: _repunctuated(_answered(item)),
    "question only": lambda item: item.prompt,
    "blank filled": _filled,
    "choices listed": _listed,
    "choices reversed": lambda item: _listed(item, -1),
    "12th: letter": lambda item: _twelfth(_answered(item), "某甲乙" if is_cjk(item.prompt[:1]) else "qxz"),
    "12th: mark": lambda item: _twelfth(_answered(item), "*"),
    "12th: question": lambda item: _twelfth(item.prompt, "某甲乙" if is_cjk(item.prompt[:1]) else "qxz"),
    "traditional": lambda item: _traditional.convert(_answered(item)),
    "Taiwan's words": lambda item: _taiwan.convert(_answered(item)),
}


CHINESE_ONLY = {"traditional", "Taiwan's words"}


class _Words(HTMLParser):
    """The text of a page without its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _page(path: Path) -> str:
    parser = _Words()
    parser.feed(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(part.strip() for part in parser.parts if part.strip())


def read_texts(shared: Path, debian: Path | None) -> dict[str, list[Text]]:
    """Read clean texts: statutes, medicine, encyclopedia, web, books, and manuals where Debian's are unpacked."""
    data = shared / "data"
    english = data / "general_en"
    texts = {
        "statutes": list(_files(data / "domain_zh_law", "*.md")),
        "cmrc": list(_cmrc(data / "general_zh" / "cmrc2018_dev.json")),
        "c4": _lines(english / "c4_demo.jsonl"),
        "wiki": list(_pieces(english / "wiki_demo.txt")),
        "stories": list(_pieces(english / "tiny_stories.txt")),
        "anatomy": [Text(name, _untagged(text)) for name, text in _files(data / "domain_en_anatomy", "*.cnxml")],
        "journal": [Text(name, _untagged(text)) for name, text in _files(data / "journal_jats", "*.nxml")],
        "tcm": [each for path in sorted((data / "domain_zh_tcm_gb18030").glob("*.txt")) for each in _pieces(path)],
    }
    if debian is not None:
        pages = sorted((debian / "debian-handbook").rglob("html/*/*.html"))
        for language in ("zh-CN", "zh-TW", "en-US"):
            mine = [path for path in pages if path.parent.name == language]
            texts[f"handbook {language}"] = [Text(path.name, _page(path)) for path in mine]
    return texts


def _files(folder: Path, pattern: str) -> Iterator[Text]:
    for path in sorted(folder.glob(pattern)):
        yield Text(path.name, path.read_text(encoding="utf-8", errors="replace"))


def _pieces(path: Path, size: int = 4_000) -> Iterator[Text]:
    encoding = "gb18030" if "gb18030" in path.parent.name else "utf-8"
    text = path.read_bytes().decode(encoding, "replace")
    for start in range(0, len(text), size):
        yield Text(f"{path.name}/{start}", text[start : start + size])


def _cmrc(path: Path) -> Iterator[Text]:
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for number, paragraph in enumerate(article["paragraphs"]):
            yield Text(f"{article['title']}/{number}", paragraph["context"])


def _lines(path: Path) -> list[Text]:
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    return [Text(f"{path.name}/{number}", row["text"]) for number, row in enumerate(rows)]


def _untagged(text: str) -> str:
    return " ".join(part.rsplit(">", 1)[-1] for part in text.split("<"))
