"""Benchmark leaks: `python benchmarks/leaks.py` with CPT_SHARED set (four minutes).

Seven real benchmarks are guarded. Recall: items planted into real text in thirteen disguises, found as the planted
item. False alarms: clean real texts of twelve sources, cut into documents of 4,000 characters, that are accused;
`--show` prints them. Both for several settings of LeakParams. Then the speed of the search, beside the form it
replaced: a regular expression for the words, a look-up of each word, and tuples of numbers in a dictionary.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import pydoc_data.topics
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cpt_pipeline.corpus.dedup.folding import fold
from cpt_pipeline.corpus.dedup.leaks import BenchmarkIndex, LeakParams, item_words
from cpt_pipeline.corpus.words import is_cjk, split_words
from cpt_pipeline.formats.benchmarks import BenchmarkItem

CHARACTERS = 4_000
PLANTED_PER_BENCHMARK = 50
PRESENT = LeakParams()
FIELDS = ("ngram_words", "ngram_cjk_characters", "min_words", "min_prompt_words", "min_prompt_cjk_characters")
SETTINGS = (
    (6, 10, 5, 6, 9),
    (8, 13, 5, 8, 13),
    (8, 13, 6, 6, 9),
    (9, 13, 6, 6, 9),
    (10, 13, 5, 10, 13),
    (10, 13, 6, 5, 7),
    (10, 13, 6, 6, 9),
    (10, 13, 6, 8, 11),
    (10, 10, 6, 6, 9),
    (10, 16, 8, 8, 11),
    (13, 13, 13, 13, 13),
)


def read_items(shared: Path) -> list[BenchmarkItem]:
    """Read the seven benchmarks, each with its own names of fields."""
    place = shared / "data" / "benchmarks"
    made = []
    for path in sorted(place.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        made += [_item(path.stem, number, row) for number, row in enumerate(rows)]
    for path in sorted((place / "cmmlu_test").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                choices = tuple(row[letter] for letter in "ABCD")
                made.append(_made("cmmlu", f"{path.stem}/{row['']}", row["Question"], choices, row["Answer"]))
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


def _listed(item: BenchmarkItem, order: int = 1) -> str:
    lines = [f"{letter}. {choice}" for letter, choice in zip("ABCDEFGH", item.choices[::order], strict=False)]
    return "\n".join([item.prompt, *lines])


def _answered(item: BenchmarkItem) -> str:
    return f"{item.prompt} {item.choices[item.answer]}"


def _spaced(text: str) -> str:
    return "".join(f"{each} " if is_cjk(each) else each for each in text)


def _full_width(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


def _unspaced(text: str) -> str:
    """Take out the spaces beside Chinese characters."""
    kept = []
    for place, each in enumerate(text):
        around = text[max(place - 1, 0)] + text[min(place + 1, len(text) - 1)]
        if each != " " or not any(map(is_cjk, around)):
            kept.append(each)
    return "".join(kept)


def _altered(text: str) -> str:
    """Replace every sixteenth word."""
    words = list(re.finditer(r"\w", text) if is_cjk(text[:1]) else re.finditer(r"\w+", text))
    for word in reversed(words[15::16]):
        text = f"{text[: word.start()]}换{text[word.end() :]}"
    return text


DISGUISES: dict[str, Callable[[BenchmarkItem], str]] = {
    "verbatim": _answered,
    "upper": lambda item: _answered(item).upper(),
    "lower": lambda item: _answered(item).lower(),
    "title": lambda item: _answered(item).title(),
    "doubled": lambda item: _answered(item).replace(" ", "  "),
    "spaced": lambda item: _spaced(_answered(item)),
    "unspaced": lambda item: _unspaced(_answered(item)),
    "broken": lambda item: "\n".join(_answered(item).split(" ")),
    "width": lambda item: _full_width(_answered(item)),
    "altered": lambda item: _altered(_answered(item)),
    "bare": lambda item: item.prompt,
    "listed": _listed,
    "reversed": lambda item: _listed(item, -1),
}


def read_sources(shared: Path) -> dict[str, list[str]]:
    """Read clean texts; GSM8K's training half is what comes nearest to a benchmark and is none."""
    data = shared / "data"
    english, chinese = data / "general_en", data / "general_zh" / "cmrc2018_dev.json"
    read = {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in sorted(english.glob("*.txt"))}
    texts = {name: _cut(text) for name, text in read.items()}
    texts["c4"] = [json.loads(line)["text"] for line in (english / "c4_demo.jsonl").open(encoding="utf-8")]
    anatomy = sorted((data / "domain_en_anatomy").glob("*.cnxml"))
    texts["anatomy"] = [part for path in anatomy for part in _cut(_without_tags(path.read_text(encoding="utf-8")))]
    texts["python_docs"] = list(pydoc_data.topics.topics.values())
    articles = json.loads(chinese.read_text(encoding="utf-8"))["data"]
    texts["cmrc"] = [each["context"] for article in articles for each in article["paragraphs"]]
    books = sorted((data / "domain_zh_tcm_gb18030").glob("*.txt"))
    texts["tcm"] = [part for path in books for part in _cut(path.read_bytes().decode("gb18030", "replace"))]
    for name in ("alpaca_en", "alpaca_zh"):
        rows = json.loads((data / "instruct" / f"{name}_demo.json").read_text(encoding="utf-8"))
        texts[name] = [f"{row['instruction']}\n{row['input']}\n{row['output']}" for row in rows]
    lines = (data / "instruct" / "gsm8k_train.jsonl").read_text(encoding="utf-8").splitlines()
    texts["gsm8k_train"] = [json.loads(line)["question"] for line in lines]
    return texts


def _cut(text: str) -> list[str]:
    return [text[start : start + CHARACTERS] for start in range(0, len(text), CHARACTERS)]


def _without_tags(text: str) -> str:
    return " ".join(part.rsplit(">", 1)[-1] for part in text.split("<"))


def measure_recall(items: list[BenchmarkItem], index: BenchmarkIndex, hosts: list[str]) -> dict[str, dict[str, float]]:
    """Give the share of planted items that are found as themselves, by benchmark and disguise."""
    groups: defaultdict[str, list[BenchmarkItem]] = defaultdict(list)
    for item in items:
        groups[item.benchmark].append(item)
    chance = random.Random(1)
    shares: dict[str, dict[str, float]] = {}
    for name, group in sorted(groups.items()):
        sample = chance.sample(group, min(PLANTED_PER_BENCHMARK, len(group)))
        shares[name] = {}
        for disguise, change in DISGUISES.items():
            found = 0
            for number, item in enumerate(sample):
                host = hosts[number % len(hosts)]
                text = f"{host[:2_000]}\n{change(item)}\n{host[2_000:]}"
                found += (item.benchmark, item.id) in {
                    (each.benchmark, each.item) for each in index.find_all(fold(text))
                }
            shares[name][disguise] = found / len(sample)
    return shares


def count_accused(index: BenchmarkIndex, folded: dict[str, list[str]], show: bool) -> dict[str, int]:
    counts = {}
    for source, texts in folded.items():
        accused = [found for text in texts if (found := index.find_all(text))]
        counts[source] = len(accused)
        for found in accused if show else []:
            print(f"  {source}: " + " | ".join(map(str, found[:3])))
    return counts


class SimpleIndex:
    """The form that was replaced: words by a regular expression, n-grams as tuples of numbers in a dictionary."""

    def __init__(self, items: list[BenchmarkItem], params: LeakParams) -> None:
        self._numbers: dict[str, int] = {}
        self._sequences: dict[int, dict[tuple[int, ...], str]] = defaultdict(dict)
        for item in items:
            words = item_words(item)
            if len(words) < params.min_words:
                continue
            cjk = sum(map(is_cjk, words)) * 2 > len(words)
            length = min(len(words), params.ngram_cjk_characters if cjk else params.ngram_words)
            numbers = [self._numbers.setdefault(word, len(self._numbers) + 1) for word in words]
            for start in range(len(words) - length + 1):
                self._sequences[length].setdefault(tuple(numbers[start : start + length]), item.id)

    def find(self, folded: str) -> str | None:
        found = np.fromiter((self._numbers.get(word, 0) for word in split_words(folded)), np.int64)
        unknown = np.concatenate([[0], np.cumsum(found == 0)])
        for length, sequences in sorted(self._sequences.items()):
            alike = np.flatnonzero(unknown[length:] == unknown[:-length]) if found.size >= length else []
            for start in alike:
                if name := sequences.get(tuple(found[start : start + length].tolist())):
                    return name
        return None


def measure_speed(items: list[BenchmarkItem], folded: dict[str, list[str]], repeats: int) -> None:
    chosen = random.Random(1).sample(items, min(5_000, len(items)))
    indexes = {"simple": SimpleIndex(chosen, PRESENT), "compiled": BenchmarkIndex(chosen, PRESENT)}
    print(f"\nspeed, {len(chosen)} items, MB of folded text per CPU second, median of {repeats}\n")
    for source in ("c4", "wiki_demo", "tcm"):
        texts = folded[source][:300]
        size = sum(len(text.encode()) for text in texts) / 1e6
        speeds = {}
        for name, index in indexes.items():
            seconds = []
            for _ in range(repeats):
                started = time.process_time()
                for text in texts:
                    index.find(text)
                seconds.append(time.process_time() - started)
            speeds[name] = size / float(np.median(seconds))
        ratio = speeds["compiled"] / speeds["simple"]
        print(f"{source:12} simple {speeds['simple']:8.1f}   compiled {speeds['compiled']:8.1f}   {ratio:6.1f}x")


def _rows(table: dict[str, dict[str, Any]], form: str) -> Iterator[str]:
    columns = list(next(iter(table.values())))
    yield " " * 26 + "".join(f"{column[:11]:>12}" for column in columns)
    for name, row in table.items():
        yield f"{name:26}" + "".join(f"{format(row[column], form):>12}" for column in columns)


def main() -> None:
    shared = os.environ.get("CPT_SHARED")
    if not shared:
        sys.exit("CPT_SHARED must name the folder of real corpora")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print what is accused under the defaults")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    items, sources = read_items(Path(shared)), read_sources(Path(shared))
    folded = {name: [fold(text) for text in texts] for name, texts in sources.items()}
    print("items", dict(Counter(item.benchmark for item in items)))
    print("documents", {name: len(texts) for name, texts in sources.items()})
    hosts = [*sources["c4"][:30], *sources["cmrc"][:30]]
    recall, accused = {}, {}
    for setting in SETTINGS:
        name = " / ".join(map(str, setting))
        index = BenchmarkIndex(items, LeakParams(**dict(zip(FIELDS, setting, strict=True))))
        shares = measure_recall(items, index, hosts)
        recall[name] = {each: float(np.mean([row[each] for row in shares.values()])) for each in DISGUISES}
        recall[name]["unguarded"] = sum(index.unguarded.values()) / len(items)
        accused[name] = count_accused(index, folded, show=False)
    print("\nrecall, mean of the benchmarks;", " / ".join(FIELDS), "\n", *_rows(recall, ".3f"), sep="\n")
    print("\naccused documents\n", *_rows(accused, "d"), sep="\n")
    index = BenchmarkIndex(items, PRESENT)
    print("\nrecall under the defaults\n", *_rows(measure_recall(items, index, hosts), ".3f"), sep="\n")
    print("\nunguarded", index.unguarded)
    if options.show:
        count_accused(index, folded, show=True)
    measure_speed(items, folded, options.repeats)


if __name__ == "__main__":
    main()
