"""Items of real benchmarks in the form the pipeline reads, and the disguises in which tests plant them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.words import is_cjk


def read_gsm8k(shared: Path) -> list[BenchmarkItem]:
    """Read the test half of GSM8K; a wrong answer stands beside the right one."""
    lines = (shared / "data" / "benchmarks" / "gsm8k_test.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    answers = [row["answer"].rsplit("#### ", 1)[1] for row in rows]
    return [
        _item("gsm8k", str(number), row["question"], (answer, "none of these"), 0)
        for number, (row, answer) in enumerate(zip(rows, answers, strict=True))
    ]


def read_cmmlu(shared: Path) -> list[BenchmarkItem]:
    """Read all subjects of CMMLU, ids as `<subject>/<row>`."""
    items = []
    for path in sorted((shared / "data" / "benchmarks" / "cmmlu_test").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                choices = tuple(row[letter] for letter in "ABCD")
                name = f"{path.stem}/{row['']}"
                items.append(_item("cmmlu", name, row["Question"], choices, "ABCD".index(row["Answer"])))
    return items


def _item(benchmark: str, name: str, prompt: str, choices: tuple[str, ...], answer: int) -> BenchmarkItem:
    return BenchmarkItem(id=name, benchmark=benchmark, ability="any", prompt=prompt, choices=choices, answer=answer)


def answered(item: BenchmarkItem) -> str:
    """Give the prompt and the right answer."""
    return f"{item.prompt} {item.choices[item.answer]}"


def listed(item: BenchmarkItem, order: int = 1) -> str:
    """Give the prompt and all choices under letters; with order -1 the last choice first."""
    lines = [f"{letter}. {choice}" for letter, choice in zip("ABCD", item.choices[::order], strict=False)]
    return "\n".join([item.prompt, *lines])


DISGUISES: dict[str, Callable[[BenchmarkItem], str]] = {
    "verbatim": answered,
    "upper case": lambda item: answered(item).upper(),
    "lower case": lambda item: answered(item).lower(),
    "title case": lambda item: answered(item).title(),
    "doubled spaces": lambda item: answered(item).replace(" ", "  "),
    "spaced characters": lambda item: "".join(f"{each} " if is_cjk(each) else each for each in answered(item)),
    "no spaces by Chinese": lambda item: _unspaced(answered(item)),
    "line breaks": lambda item: "\n".join(answered(item).split(" ")),
    "broken characters": lambda item: "".join(f"{each}\n" if is_cjk(each) else each for each in answered(item)),
    "full width": lambda item: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in answered(item)),
    "choices listed": listed,
    "choices reversed": lambda item: listed(item, -1),
}


def _unspaced(text: str) -> str:
    kept = []
    for place, each in enumerate(text):
        beside = text[max(place - 1, 0)] + text[min(place + 1, len(text) - 1)]
        if each != " " or not any(map(is_cjk, beside)):
            kept.append(each)
    return "".join(kept)
