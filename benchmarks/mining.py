"""Domain text found in a big general corpus by `clean.classify`: `python benchmarks/mining.py` with CPT_SHARED set.

Two domains (anatomy in English, medicine in Chinese) are learnt from two thirds of their books against general text of
three sources. Looked through are the other books, domain text of kinds never trained on (clinical abstracts, modern
questions on old medicine), and general text, most of it of sources never trained on either. All text is cut to passages
of one length with single spaces and questions are joined to passages, so that neither length nor layout gives anything
away. Prints, for both domains and several probabilities, precision, false alarms, and recall by source, with intervals
of 95 %; what precision would be if one passage of a hundred were of the domain; and what became of every source. A
second run learns from 200 of the abstracts as well.

Labels are those of the sources: a passage on digestion among the instructions counts as a false alarm.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.corpus.clean.stage import clean_documents
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.collect.stage import collect_documents
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.models.classifier_report import wilson_interval
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import DocumentWriter, document, read_documents

EN, ZH, GENERAL = "anatomy-en", "medicine-zh", "general"
CHARACTERS = {EN: 600, ZH: 200}
MOST, MOST_KNOWN = 400, 2_000
"""Passages of a source that is looked through, and of one to learn from."""
THRESHOLDS = (0.0, 0.5, 0.7, 0.9, 0.95, 0.99)
LICENSE = "unknown, allowed because it is only read here, for a check"
SECTION = re.compile(r"\b[A-Z][A-Z ,/&-]{3,}[.:] ?")
MODERN = ("traditional_chinese_medicine",)
OTHER_SUBJECTS = ("world_history", "chinese_literature", "elementary_chinese", "elementary_mathematics")

Texts = dict[str, tuple[str, str, list[str]]]
"""Source to its true channel, its language (a key of CHARACTERS) and its texts."""
Answer = tuple[str, str, str, str, float]
"""Source, language, true channel, likeliest channel, its probability."""


def main() -> None:
    data = Path(os.environ["CPT_SHARED"]) / "data"
    with tempfile.TemporaryDirectory() as place:
        books = read_books(data, Path(place) / "books")
        looked_through = mixed_texts(data, books)
        for name, more in {"books": {}, "books and 200 abstracts": abstracts_to_learn_from(data)}.items():
            print(f"\n=== learnt from {name}")
            found = mine(Path(place) / name, {**known_texts(data, books), **more}, looked_through)
            for domain in (EN, ZH):
                print_domain(domain, [row for row in found if row[1] == domain])
            print_sources(found)


def mine(place: Path, known: Texts, looked_through: Texts) -> list[Answer]:
    """Clean everything as one corpus and read what each passage that was looked through was found to be."""
    with DocumentWriter(place / "raw") as writer:
        for texts, keep_channel in ((known, True), (looked_through, False)):
            for row in rows(texts, keep_channel=keep_channel):
                writer.write(row)
    params = CleanParams.model_validate({"classify": {"sources": tuple(looked_through), "min_probability": 0.0}})
    channels = ChannelsParams(roles=dict.fromkeys((EN, ZH), "domain"))
    report = clean_documents(place / "raw", place / "out", params, channels, CleanRunParams())
    assert report.classify is not None
    print(f"excluded {report.excluded}; on examples never trained on {report.classify.classifier.accuracy}")
    return list(answers(place / "out" / "clean_documents", looked_through))


def read_books(data: Path, place: Path) -> dict[str, list[str]]:
    """Read both sets of books with the tool itself; give texts by source, sorted by name."""
    kinds = {"anatomy": "domain_en_anatomy/*.cnxml", "tcm": "domain_zh_tcm_gb18030/*.txt"}
    sources = [
        {"kind": "files", "name": name, "channel": name, "path": data / pattern, "license": LICENSE}
        for name, pattern in kinds.items()
    ]
    params = CollectParams.model_validate({"sources": sources, "max_bad_share": 0.5})
    channels = ChannelsParams(roles=dict.fromkeys(kinds, "domain"))
    collect_documents(place / "out", params, channels, SuiteParams(), LicensePolicyParams(), EngineParams())
    found: dict[str, list[str]] = {name: [] for name in kinds}
    for row in read_documents(place / "out" / "raw_documents"):
        found[row["source"]].append(row["text"])
    return found


def known_texts(data: Path, books: dict[str, list[str]]) -> Texts:
    """Give what the classifier is trained on: two books of three, and general text."""
    return {
        "anatomy-books": (EN, EN, thirds(books["anatomy"], (0, 1))),
        "tcm-books": (ZH, ZH, thirds(books["tcm"], (0, 1))),
        "c4": (GENERAL, EN, thirds(jsonl(data / "general_en/c4_demo.jsonl"), (0, 1))),
        "wiki": (GENERAL, EN, thirds(paragraphs(data / "general_en/wiki_demo.txt"), (0, 1))),
        "cmrc": (GENERAL, ZH, thirds(cmrc(data), (0, 1))),
    }


def mixed_texts(data: Path, books: dict[str, list[str]]) -> Texts:
    """Give what is looked through; the sources of the first five lines were trained on, by other texts."""
    demos = data / "datajuicer_demos"
    math = jsonl(data / "instruct/gsm8k_train.jsonl", "question")
    return {
        "anatomy-books-new": (EN, EN, thirds(books["anatomy"], (2,))),
        "tcm-books-new": (ZH, ZH, thirds(books["tcm"], (2,))),
        "c4-new": (GENERAL, EN, thirds(jsonl(data / "general_en/c4_demo.jsonl"), (2,))),
        "wiki-new": (GENERAL, EN, thirds(paragraphs(data / "general_en/wiki_demo.txt"), (2,))),
        "cmrc-new": (GENERAL, ZH, thirds(cmrc(data), (2,))),
        "abstracts": (EN, EN, abstracts(data)[200:]),
        "tcm-questions": (ZH, ZH, [questions(data, MODERN)]),
        "stories": (GENERAL, EN, paragraphs(data / "general_en/tiny_stories.txt")),
        "shakespeare": (GENERAL, EN, paragraphs(data / "general_en/shakesphere.txt")),
        "gsm8k": (GENERAL, EN, [" ".join(math)]),
        "alpaca-en": (GENERAL, EN, [" ".join(alpaca(data / "instruct/alpaca_en_demo.json"))]),
        "common-crawl": (GENERAL, EN, jsonl(demos / "data_mixture__data__redpajama-cc-2023-06-refined.jsonl")),
        "stackexchange": (GENERAL, EN, jsonl(demos / "process_code_data__data__stack_exchange.jsonl")),
        "arxiv": (GENERAL, EN, jsonl(demos / "process_sci_data__data__arxiv.jsonl")),
        "grants": (GENERAL, EN, jsonl(demos / "data_mixture__data__the-pile-nih-refined.jsonl")),
        "patents": (GENERAL, EN, jsonl(demos / "data_mixture__data__the-pile-uspto-refined.jsonl")),
        "alpaca-zh": (GENERAL, ZH, [" ".join(alpaca(data / "instruct/alpaca_zh_demo.json"))]),
        "other-questions": (GENERAL, ZH, [questions(data, OTHER_SUBJECTS)]),
    }


def rows(texts: Texts, *, keep_channel: bool) -> Iterator[dict[str, Any]]:
    """Cut into passages; what is looked through comes as general text."""
    for source, (channel, language, found) in texts.items():
        for number, text in enumerate(
            sample(passages(found, CHARACTERS[language]), MOST_KNOWN if keep_channel else MOST)
        ):
            yield document(
                id=f"{source}/{number}",
                text=text,
                channel=channel if keep_channel else GENERAL,
                source=source,
                license=LICENSE,
                category="reference",
            )


def passages(texts: Iterable[str], characters: int) -> Iterator[str]:
    for text in texts:
        plain = " ".join(text.split())
        for start in range(0, len(plain) - characters + 1, characters):
            yield plain[start : start + characters].strip()


def sample(found: Iterable[str], most: int) -> list[str]:
    unique = sorted(set(found))
    return sorted(random.Random(1).sample(unique, min(most, len(unique))))


def thirds(texts: list[str], which: tuple[int, ...]) -> list[str]:
    return [text for number, text in enumerate(texts) if number % 3 in which]


def jsonl(path: Path, key: str = "text") -> list[str]:
    return [json.loads(line)[key] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def paragraphs(path: Path) -> list[str]:
    """Give a file in 60 pieces, cut between lines, so that it can be divided."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    size = -(-len(lines) // 60)
    return [" ".join(lines[start : start + size]) for start in range(0, len(lines), size)]


def cmrc(data: Path) -> list[str]:
    given = json.loads((data / "general_zh/cmrc2018_dev.json").read_text(encoding="utf-8"))
    return [paragraph["context"] for each in given["data"] for paragraph in each["paragraphs"]]


def alpaca(path: Path) -> list[str]:
    given = json.loads(path.read_text(encoding="utf-8"))
    return [f"{each['instruction']} {each['input']} {each['output']}" for each in given]


def abstracts(data: Path) -> list[str]:
    return [abstract(each) for each in jsonl(data / "benchmarks/pubmed_qa_labeled.jsonl", "context")]


def abstracts_to_learn_from(data: Path) -> Texts:
    return {"abstracts-known": (EN, EN, abstracts(data)[:200])}


def abstract(context: str) -> str:
    """Give an abstract of PubMedQA without its headings and the question below it."""
    return SECTION.sub("", context.removeprefix("Context:").split("\nQuestion:")[0])


def questions(data: Path, subjects: Iterable[str]) -> str:
    lines = []
    for subject in subjects:
        with (data / f"benchmarks/cmmlu_test/{subject}.csv").open(encoding="utf-8-sig", newline="") as stream:
            lines += [
                f"{row['Question']} {row['A']}，{row['B']}，{row['C']}，{row['D']}。" for row in csv.DictReader(stream)
            ]
    random.Random(2).shuffle(lines)
    return " ".join(lines)


def answers(directory: Path, texts: Texts) -> Iterator[Answer]:
    for row in read_documents(directory):
        if row["source"] in texts:
            channel, language, _ = texts[row["source"]]
            probability = json.loads(row["metadata"])["channel_probability"]
            yield row["source"], language, channel, row["channel"], probability


def print_domain(domain: str, found: list[Answer]) -> None:
    """Precision over all text of the language; recall by source."""
    true = {name: [row for row in found if row[0] == name] for name in {row[0] for row in found if row[2] == domain}}
    false = [row for row in found if row[2] != domain]
    num_true = sum(map(len, true.values()))
    print(f"\n{domain}: {num_true} passages of the domain among {len(found)}")
    for threshold in THRESHOLDS:
        taken = {name: num_taken(some, domain, threshold) for name, some in sorted(true.items())}
        num_false, num_right = num_taken(false, domain, threshold), sum(taken.values())
        rare = 0.01 * num_right / num_true
        rare /= max(rare + 0.99 * num_false / len(false), 1e-12)
        print(f"from {threshold}: precision {share(num_right, num_right + num_false)}, {rare:.2f} at 1 in 100")
        print(f"    false alarms {share(num_false, len(false))}")
        for name, number in taken.items():
            print(f"    recall {name} {share(number, len(true[name]))}")


def num_taken(found: Iterable[Answer], domain: str, threshold: float) -> int:
    return sum(row[3] == domain and row[4] >= threshold for row in found)


def share(part: int, whole: int) -> str:
    if not whole:
        return "-"
    low, high = wilson_interval(part, whole)
    return f"{part / whole:.3f} ({low:.3f} to {high:.3f}; {part} of {whole})"


def print_sources(found: list[Answer]) -> None:
    taken: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for source, _, channel, likeliest, probability in found:
        taken[source][f"{channel} {'' if likeliest == channel else 'NOT '}found"] += 1
        taken[source]["of a domain, from 0.9 on"] += likeliest != GENERAL and probability >= 0.9
    print()
    for source, counts in taken.items():
        print(f"{source:20} {dict(counts)}")


if __name__ == "__main__":
    main()
