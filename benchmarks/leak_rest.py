"""What stays of a planted item when its passage is cut: `python benchmarks/leak_rest.py` with CPT_SHARED set.

Items of five real benchmarks, of the half that `leaks.py` does not tune on, stand in clean text with their choices,
the answer and a reason (a clean passage of about 600 characters) in six layouts. Counted are pages in which
a choice or part of the reason is left, and the clean characters that go with the passage.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import leak_material
from leak_material import is_unseen

from cpt_pipeline.corpus.dedup.decontamination.cuts import Sentences, cut, merge_spans
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, LeakParams
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.words import is_cjk

PLANTED = 60
SETS = ("arc_easy", "piqa", "cmmlu", "cmmlu_law", "cmmlu_med")


def listed(item: BenchmarkItem, mark: str = ". ", between: str = "\n") -> str:
    return between.join(f"{label}{mark}{choice}" for label, choice in zip("ABCDEFGH", item.choices, strict=False))


def words(item: BenchmarkItem) -> tuple[str, str]:
    """Return the words for answer and reason in the item's language."""
    return ("答案：", "【解析】") if any(map(is_cjk, item.prompt)) else ("Answer: ", "Explanation: ")


Layout = Callable[[BenchmarkItem, str, str], str]
LAYOUTS: dict[str, Layout] = {
    "paragraphs": lambda item, answer, reason: (
        "\n\n" + "\n\n".join([item.prompt, listed(item), answer, reason]) + "\n\n"
    ),
    "lines": lambda item, answer, reason: "\n" + "\n".join([item.prompt, listed(item), answer, reason]) + "\n",
    "choices first": lambda item, answer, reason: "\n" + "\n".join([listed(item), item.prompt, answer, reason]) + "\n",
    "in a row": lambda item, answer, reason: f"\n12. {item.prompt} {listed(item, ') ', ' ')}\n{answer}\n{reason}\n",
    "without labels": lambda item, answer, reason: f"\n{item.prompt} {', '.join(item.choices)}\n{answer}\n{reason}\n",
    "reason at the end": lambda item, answer, reason: f"\n{item.prompt}\n{listed(item)}\n",
}


def page(item: BenchmarkItem, layout: str, host: str, reason: str) -> str:
    """Plant an item after the first half of a text."""
    answer_word, reason_word = words(item)
    answer, whole = answer_word + "ABCDEFGH"[item.answer], reason_word + reason
    start, end = host[: len(host) // 2].rstrip(), host[len(host) // 2 :].lstrip()
    behind = f"\n{answer}\n{whole}" if layout == "reason at the end" else ""
    return f"{start}{LAYOUTS[layout](item, answer, whole)}{end}{behind}"


def rest(index: BenchmarkIndex, text: str, item: BenchmarkItem) -> str | None:
    """Return what is left of a text; None where the item is not found."""
    counts, params = index.count(), LeakParams()
    found = index.look(text, counts)
    rarity = index.rarity(counts.counts, 1)
    mine = [each for each in found if (leak := index.judge(each, rarity)) and leak.name == (item.benchmark, item.id)]
    if not mine:
        return None
    sentences = Sentences(text)
    spans = [
        span
        for each in mine
        for span in sentences.around_item(each.start, each.end, params.margin_characters, index.choices(each.item))
    ]
    return cut(text, merge_spans(spans))


def measure(index: BenchmarkIndex, items: list[BenchmarkItem], hosts: list[str], reasons: list[str]) -> None:
    for layout in LAYOUTS:
        num_found = num_choices = num_reasons = lost = 0
        for number, item in enumerate(items):
            host, reason = hosts[number % len(hosts)], reasons[number % len(reasons)]
            kept = rest(index, page(item, layout, host, reason), item)
            if kept is None:
                continue
            num_found += 1
            long = [each for each in item.choices if len(each) >= (4 if is_cjk(each[:1]) else 12)]
            num_choices += any(each in kept and each not in host for each in long)
            num_reasons += any(reason[place : place + 40] in kept for place in range(0, len(reason) - 40, 20))
            lost += max(len(host) - len(kept), 0)
        print(
            f"    {layout:18} {num_found:4} found, with a choice {num_choices:4}, with a reason {num_reasons:4}, "
            f"clean characters lost {lost / max(num_found, 1):6.0f}"
        )


def main() -> None:
    shared = os.environ.get("CPT_SHARED")
    if not shared:
        sys.exit("CPT_SHARED must name the folder of real corpora")
    items = [item for item in leak_material.read_items(Path(shared)) if item.benchmark in SETS]
    texts = leak_material.read_texts(Path(shared), None)
    index = BenchmarkIndex(items, LeakParams())
    chance = random.Random(5)
    for name in SETS:
        mine = [item for item in items if item.benchmark == name and is_unseen(item.benchmark + item.id)]
        kind = "cmrc" if name.startswith("cmmlu") else "c4"
        clean = [each.text for each in texts[kind] if is_unseen(kind + each.name)]
        hosts = [f"{one[:1500]}\n\n{two[:1500]}" for one, two in zip(clean[:40], clean[40:80], strict=True)]
        reasons = [" ".join(each.split())[:600] for each in clean[80:]]
        print(name)
        measure(index, chance.sample(mine, PLANTED), hosts, reasons)


if __name__ == "__main__":
    main()
