"""Benchmark items in text: `python benchmarks/leaks.py` with CPT_SHARED set (three minutes).

Items are planted into real text in fourteen disguises and must be found as themselves; clean real texts of eleven kinds
must not be accused. The rules were chosen on items and documents of one half by a hash, of law, school, arithmetic,
science, statutes, encyclopedia, web and stories. By default only the other half is measured, and beside it all of what
was never looked at: questions on medicine, passages, abstracts and everyday tasks; medicine, anatomy, journal articles
and, with `--debian FOLDER` (debian-handbook unpacked there), a manual in three scripts. `--tuned` measures the half
the rules were chosen on; no figure of it stands anywhere. `--show` prints what is accused and what is missed.

Then the time of a survey's parts: folding, signature, sketch, and the search for 15 thousand items.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import leak_material
from leak_material import DISGUISES, Text, is_unseen

from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, Candidate, Leak, LeakParams, SeedCounts
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.shared_text import sketch
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.folding import fold

PLANTED = 200
"""Items of each benchmark."""
HALVED_ITEMS = {"cmmlu", "cmmlu_law", "gsm8k_test", "svamp", "arc_easy"}
HALVED_TEXTS = {"statutes", "cmrc", "c4", "wiki", "stories"}
"""What the rules were chosen on, by halves."""
Accused = dict[str, list[Leak]]


class Measured:
    """Items, clean texts, and what was seen in the texts."""

    def __init__(self, items: list[BenchmarkItem], texts: dict[str, list[Text]]) -> None:
        self.items, self.texts = items, texts
        self.index = BenchmarkIndex(items, LeakParams())
        self.counts = self.index.count()
        self._seen = {name: [self._look(each.text) for each in group] for name, group in texts.items()}

    def accused(self, name: str) -> Accused:
        """Return the documents of a kind that lose a passage, and for which items."""
        rarity = self.index.rarity(self.counts.counts, self.counts.num_documents)
        judged = [[self.index.judge(each, rarity) for each in seen] for seen in self._seen[name]]
        found = {
            text.name: [leak for leak in leaks if leak] for text, leaks in zip(self.texts[name], judged, strict=True)
        }
        return {text: leaks for text, leaks in found.items() if leaks}

    def missed(self, items: list[BenchmarkItem], disguise: str, hosts: list[str]) -> list[BenchmarkItem]:
        """Return the items that are not found in a corpus of the clean texts and one text for each of them."""
        counts = self.index.count()
        counts.counts[:], counts.num_documents = self.counts.counts, self.counts.num_documents
        planted = []
        for number, item in enumerate(items):
            host = hosts[number % len(hosts)]
            text = f"{host[:800]}\n{DISGUISES[disguise](item)}\n{host[800:]}"
            planted.append((item, self._look(text, counts)))
        rarity = self.index.rarity(counts.counts, counts.num_documents)
        names = [{leak.name for each in seen if (leak := self.index.judge(each, rarity))} for _, seen in planted]
        return [item for (item, _), found in zip(planted, names, strict=True) if (item.benchmark, item.id) not in found]

    def _look(self, text: str, counts: SeedCounts | None = None) -> list[Candidate]:
        found = self.index.look(text, counts or self.counts)
        (counts or self.counts).end_document()
        return found


def choose(items: list[BenchmarkItem], texts: dict[str, list[Text]], *, tuned: bool) -> Measured:
    """Take the half that is asked for, and with the unseen one all that was never looked at."""
    kept = [
        item
        for item in items
        if (is_unseen(item.benchmark + item.id) != tuned if item.benchmark in HALVED_ITEMS else not tuned)
    ]
    parts = {}
    for name, group in texts.items():
        if name in HALVED_TEXTS:
            parts[name] = [each for each in group if is_unseen(name + each.name) != tuned]
        elif not tuned:
            parts[name] = group
    return Measured(kept, parts)


def print_accused(measured: Measured, *, show: bool) -> None:
    print(f"\naccused, of clean documents; {len(measured.items):,} items guarded")
    for name, group in measured.texts.items():
        found = measured.accused(name)
        print(f"{name:16}{len(found):6,} of {len(group):6,}")
        for text, leaks in found.items() if show else ():
            print(f"    {text}: " + " | ".join(map(str, leaks[:4])))


def print_recall(measured: Measured, *, show: bool) -> None:
    groups: defaultdict[str, list[BenchmarkItem]] = defaultdict(list)
    for item in measured.items:
        groups[item.benchmark].append(item)
    chance = random.Random(1)
    samples = {name: chance.sample(group, min(PLANTED, len(group))) for name, group in sorted(groups.items())}
    hosts = [each.text for name in ("cmrc", "c4") for each in measured.texts[name][:40]]
    print("\nfound, of planted items\n" + "\n".join(_rows(measured, samples, hosts, show)))
    print("\nitems too short to search:", measured.index.unguarded)


def _rows(measured: Measured, samples: dict[str, list[BenchmarkItem]], hosts: list[str], show: bool) -> Iterator[str]:
    yield " " * 18 + "".join(f"{name[:9]:>11}" for name in samples)
    yield f"{'planted':18}" + "".join(f"{len(sample):11}" for sample in samples.values())
    for disguise in DISGUISES:
        cells = []
        for name, sample in samples.items():
            chinese = name.startswith("cmmlu")
            if disguise in leak_material.CHINESE_ONLY and not chinese:
                cells.append(" " * 11)
                continue
            missed = measured.missed(sample, disguise, hosts)
            cells.append(f"{1 - len(missed) / len(sample):11.3f}")
            if show:
                for item in missed[:5]:
                    print(f"    missed {disguise}, {name}: {item.prompt[:100]!r} {item.choices[item.answer][:40]!r}")
        yield f"{disguise:18}" + "".join(cells)


def measure_speed(items: list[BenchmarkItem], texts: dict[str, list[Text]], repeats: int = 3) -> None:
    index = BenchmarkIndex(items, LeakParams())
    counts, signer = index.count(), Signer(MinHashParams())
    print(f"\nCPU milliseconds per megabyte of folded text, best of {repeats}; {len(items):,} items")
    for name in ("c4", "anatomy", "cmrc", "statutes", "tcm"):
        plain = [each.text for each in texts[name][:300]]
        folded = [fold(text) for text in plain]
        size = sum(len(text.encode()) for text in folded) / 1e6
        steps: dict[str, tuple[Callable[[str], Any], list[str]]] = {
            "fold": (fold, plain),
            "sign": (signer.sign, folded),
            "sketch": (sketch, folded),
            "search": (lambda text: index.look(text, counts, folded=text), folded),
        }
        cells = []
        for step, (work, given) in steps.items():
            work(given[0])
            best = min(_seconds(work, given) for _ in range(repeats))
            cells.append(f"{step} {best / size * 1e3:6.1f}")
        print(f"{name:10}", "   ".join(cells))


def _seconds(work: Callable[[str], Any], given: list[str]) -> float:
    started = time.process_time()
    for text in given:
        work(text)
    return time.process_time() - started


def main() -> None:
    shared = os.environ.get("CPT_SHARED")
    if not shared:
        sys.exit("CPT_SHARED must name the folder of real corpora")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debian", type=Path, help="folder in which Debian's packages are unpacked")
    parser.add_argument("--tuned", action="store_true", help="the half on which the rules were chosen")
    parser.add_argument("--show", action="store_true", help="print what is accused and what is missed")
    options = parser.parse_args()
    items, texts = leak_material.read_items(Path(shared)), leak_material.read_texts(Path(shared), options.debian)
    measured = choose(items, texts, tuned=options.tuned)
    print_accused(measured, show=options.show)
    print_recall(measured, show=options.show)
    if not options.tuned:
        measure_speed(items, texts)


if __name__ == "__main__":
    main()
