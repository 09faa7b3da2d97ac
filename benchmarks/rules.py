"""English words and the rules against datatrove's own blocks: `python benchmarks/rules.py` with CPT_SHARED set.

Words: `load_word_tokenizer("eng").word_tokenize`. Chain: GopherRepetitionFilter, GopherQualityFilter, C4QualityFilter
(`filter_no_terminal_punct=False`, as FineWeb runs it), FineWebQualityFilter, with their defaults, one document after
the other. The same documents go to both. First it is counted how many come out the same (words; the reason, or the text
that is left), then both sides run in turn. CPU seconds, median of 3; "cold" remembers nothing, "warm" has seen them.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import os
import re
import statistics
import sysconfig
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.utils.word_tokenizers import load_word_tokenizer

from cpt_pipeline.corpus.clean.rules.basic import BasicParams
from cpt_pipeline.corpus.clean.rules.params import RulesParams
from cpt_pipeline.corpus.clean.rules.rules import Judge
from cpt_pipeline.text.tokens import EnglishWords

FILTERS = (
    ("gopher_", GopherRepetitionFilter()),
    ("", GopherQualityFilter()),
    ("c4_", C4QualityFilter(filter_no_terminal_punct=False)),
    ("fineweb_", FineWebQualityFilter()),
)
"""What this project puts before datatrove's reason, and the filter."""
Outcome = tuple[str | None, str | None]
"""The reason, or the text that is left."""


def read_documents(shared: Path) -> dict[str, list[str]]:
    """Read web pages, stories, encyclopedia and the docstrings of the standard library."""
    folder = shared / "data" / "general_en"
    pages = [json.loads(line)["text"] for line in (folder / "c4_demo.jsonl").read_text("utf-8").splitlines()]
    stories = (folder / "tiny_stories.txt").read_text("utf-8", "replace")
    wiki = (folder / "wiki_demo.txt").read_text("utf-8", "replace")
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return {
        "web pages (C4)": pages,
        "stories": cut(stories, 2_000),
        "encyclopedia": cut(wiki, 4_000),
        "Python docs": [text for path in modules if (text := docs(path))],
    }


def cut(text: str, num_characters: int) -> list[str]:
    """Cut a text into documents at the ends of lines or sentences."""
    documents, first = [], 0
    for found in re.finditer(r"\n+|(?<=[.!?]) ", text):
        if found.start() - first >= num_characters:
            documents.append(text[first : found.start()])
            first = found.end()
    return [*documents, text[first:]]


def docs(path: Path) -> str:
    """Give the docstrings of a module."""
    tree = ast.parse(path.read_bytes())
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)]
    return "\n\n".join(inspect.cleandoc(text) for text in found if text)


def run_datatrove(text: str) -> Outcome:
    """Ask datatrove's filters in turn."""
    document = Document(text=text, id="")
    for prefix, block in FILTERS:
        result = block.filter(document)
        if result is not True:
            return prefix + result[1], None
    return None, document.text


def run_ours(judge: Judge, text: str) -> Outcome:
    """Ask the rules."""
    judgement = judge.judge(text, language="en", category="web")
    return (judgement.verdict[0], None) if judgement.verdict else (None, judgement.text)


def make_judge() -> Judge:
    """Make a judge that has seen nothing, of datatrove's four families."""
    return Judge(RulesParams(basic=BasicParams(enabled=False)))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Time one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(sides: dict[str, Callable[[], object]], num_runs: int) -> dict[str, float]:
    """Run all sides in turn, and give the median of each."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(num_runs):
        for name, work in sides.items():
            times[name].append(cpu_seconds(work))
    return {name: statistics.median(found) for name, found in times.items()}


def print_table(title: str, times: dict[str, float], megabytes: float) -> None:
    """Print seconds, speed and the ratio to the first row."""
    peer = next(iter(times.values()))
    print(f"\n{title}\n| | CPU s | MB/s | ratio |\n|---|---|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds:.3f} | {megabytes / seconds:.2f} | {peer / seconds:.1f}x |")


def main() -> None:
    """Check parity, then time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--documents", type=int, default=10_000, help="at most so many of each kind")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    kinds = {name: texts[: options.documents] for name, texts in read_documents(Path(os.environ["CPT_SHARED"])).items()}
    texts = [text for found in kinds.values() for text in found]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts)} documents, {megabytes:.2f} MB:", ", ".join(f"{len(v)} {k}" for k, v in kinds.items()))

    spacy_words, words, judge = load_word_tokenizer("eng"), EnglishWords(), make_judge()
    same = sum(spacy_words.word_tokenize(text) == words.words(text) for text in texts)
    print(f"words: {same} of {len(texts)} documents have identical words")
    theirs, ours = [run_datatrove(text) for text in texts], [run_ours(judge, text) for text in texts]
    differ = [(number, a[0], b[0]) for number, (a, b) in enumerate(zip(theirs, ours, strict=True)) if a != b]
    print(f"chain: {len(texts) - len(differ)} of {len(texts)} documents have the same reason, or are left the same")
    for number, reason, other in differ:
        print(f"  document {number}: {reason or 'kept'} there, {other or 'kept'} here")
    reasons = Counter(reason or "kept" for reason, _ in ours)
    print("  reasons:", ", ".join(f"{name} {count}" for name, count in reasons.most_common()))

    times = compare(
        {
            "datatrove": lambda: [spacy_words.word_tokenize(text) for text in texts],
            "cold": lambda: list(map(EnglishWords().words, texts)),
            "warm": lambda: list(map(words.words, texts)),
        },
        options.runs,
    )
    print_table("words", times, megabytes)

    def cold() -> object:
        fresh = make_judge()
        return [run_ours(fresh, text) for text in texts]

    times = compare(
        {
            "datatrove": lambda: list(map(run_datatrove, texts)),
            "cold": cold,
            "warm": lambda: [run_ours(judge, text) for text in texts],
        },
        options.runs,
    )
    print_table("chain", times, megabytes)


if __name__ == "__main__":
    main()
