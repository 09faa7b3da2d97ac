"""Collect, clean and dedup on real text in both languages, with the corpus card and the cleaning report as a page.

    CPT_SHARED=... python benchmarks/real_corpus.py --out /somewhere

Books in GB18030, a textbook in XML, web pages, WARC files, PDFs, encyclopedia, stories, instructions, conversations;
the questions of GSM8K and CMMLU are guarded. What is switched off by default is on: a scorer of web text (learnt from
encyclopedia against advertising), web pages that belong to a domain, dialogues, phrases, shuffled documents,
passages, copies by meaning, coverage of terms. Prints what every stage kept and why not the rest; writes
`corpus.html`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.params import Report
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.corpus.clean.stage import clean_documents
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.collect.stage import collect_documents
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupRunParams
from cpt_pipeline.corpus.dedup.stage import dedup_documents
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.reporting.report import render_report

UNKNOWN = "unknown, allowed because it is only read here, for a check"
ROLES = {"medicine-zh": "domain", "anatomy-en": "domain", "zh": "general", "en": "general"}
SOURCES: tuple[dict[str, Any], ...] = (
    {
        "name": "medical-books",
        "channel": "medicine-zh",
        "path": "domain_zh_tcm_gb18030/*.txt",
        "license": UNKNOWN,
        "category": "book",
        "language": "zh",
        "max_document_characters": 4000,
    },
    {"name": "textbook", "channel": "anatomy-en", "path": "domain_en_anatomy/*.cnxml", "license": "CC-BY-4.0"},
    {
        "name": "encyclopedia-zh",
        "channel": "zh",
        "path": "general_zh/cmrc2018_dev.json",
        "license": "CC-BY-SA-4.0",
        "records": "data.paragraphs",
        "text_field": "context",
    },
    {
        "name": "instructions-zh",
        "channel": "zh",
        "path": "instruct/alpaca_zh_demo.json",
        "license": "CC-BY-NC-4.0",
        "template": "{instruction}\n{input}\n{output}",
    },
    {
        "name": "encyclopedia-en",
        "channel": "en",
        "path": "general_en/wiki_demo.txt",
        "license": "CC-BY-SA-4.0",
        "max_document_characters": 8000,
    },
    {"name": "web-en", "channel": "en", "path": "general_en/c4_demo.jsonl", "license": "ODC-By-1.0", "category": "web"},
    {"name": "pages", "channel": "en", "path": "html_gold_trafilatura/html/*", "license": UNKNOWN},
    {"name": "crawl", "channel": "en", "path": "dolma_tests/warc/*.gz", "license": UNKNOWN},
    {"name": "documents", "channel": "en", "path": "documents/*.pdf", "license": UNKNOWN},
    {
        "name": "conversations",
        "channel": "zh",
        "path": "datajuicer_demos/data__demo-dataset-chatml.jsonl",
        "license": "Apache-2.0",
        "dialogues": {
            "unit": "conversation",
            "turns": "messages",
            "role": "role",
            "text": "content",
            "roles": {"system": None, "user": "用户", "assistant": "助手"},
        },
    },
    {
        "name": "stories",
        "channel": "en",
        "path": "general_en/tiny_stories.txt",
        "license": "CDLA-Sharing-1.0",
        "category": "story",
        "max_document_characters": 4000,
    },
)

CLEAN: dict[str, Any] = {
    "dialogues": {"enabled": True},
    "phrases": {"enabled": True},
    "classify": {"sources": ["web-en", "crawl"], "min_probability": {"anatomy-en": 0.9, "medicine-zh": 0.9}},
    "augmentation": {"shuffle_sentences": {"enabled": True, "channels": ["anatomy-en"]}},
}
SCORER: dict[str, Any] = {"enabled": True, "channels": ["en"], "kept_share": 0.8}
DEDUP: dict[str, Any] = {"passages": {"enabled": True}, "semantic": {"enabled": True}}
TERMS = ("femur", "pulmonary vein", "cerebellum", "myocardium", "nephron", "synapse", "脉象", "经络", "quark")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "real_corpus")
    out: Path = arguments.parse_args().out
    shared = Path(os.environ["CPT_SHARED"]) / "data"
    out.mkdir(parents=True, exist_ok=True)
    sources = [{"kind": "files", **source, "path": shared / source["path"]} for source in SOURCES]
    params = CollectParams.model_validate({"sources": sources, "max_bad_share": 0.5})
    suite = SuiteParams.model_validate({"benchmarks": list(write_benchmarks(shared, out))})
    channels = ChannelsParams.model_validate({"roles": ROLES})
    first, second, third = (out / stage / "out" for stage in ("collect", "clean", "dedup"))
    collected = collect_documents(first, params, channels, suite, LicensePolicyParams(), EngineParams())
    cleaning = CleanParams.model_validate({**CLEAN, "scorer": {**SCORER, "labels": write_labels(shared, out)}})
    cleaned = clean_documents(first / "raw_documents", second, cleaning, channels, CleanRunParams())
    terms = out / "anatomy.txt"
    terms.write_text("\n".join(TERMS), encoding="utf-8")
    chosen = DedupParams.model_validate({**DEDUP, "coverage": {"terms": {"anatomy": terms}}})
    texts = (second / "clean_documents", first / "benchmark_texts")
    unique = dedup_documents(*texts, third, chosen, channels, DedupRunParams())
    reports: dict[str, Report] = {"collect": collected, "clean": cleaned, "dedup": unique}
    for stage, report in reports.items():
        found = report.as_metrics()
        print(f"{stage}: {found['records_in']} records, {found['documents']} documents; {found['excluded']}")
    metrics: dict[str, Any] = {f"{stage}_metrics": report.as_metrics() for stage, report in reports.items()}
    provenance = {"collect_provenance": {"params": {"channels": {"roles": ROLES}}}}
    (out / "corpus.html").write_text(render_report({**metrics, **provenance}), encoding="utf-8")
    print(f"page: {out / 'corpus.html'}")


def write_labels(shared: Path, out: Path) -> dict[str, Any]:
    """Write pieces of an encyclopedia as good and web pages as poor."""
    reference = (shared / "general_en" / "high_quality_wiki_reference.txt").read_text(encoding="utf-8")
    good = [part for part in reference.split("\n") if len(part) > 300]
    pages = (shared / "general_en" / "c4_demo.jsonl").read_text(encoding="utf-8").splitlines()
    poor = [json.loads(line)["text"] for line in pages[: len(good)]]
    rows = [(text, 1) for text in good] + [(text, 0) for text in poor]
    path = out / "labels.jsonl"
    path.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in rows), encoding="utf-8")
    return {"path": path}


def write_benchmarks(shared: Path, out: Path) -> Iterator[dict[str, Any]]:
    """Write GSM8K and CMMLU as the pipeline reads benchmarks."""
    lines = (shared / "benchmarks" / "gsm8k_test.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    items = [(row["question"], (row["answer"].rsplit("#### ", 1)[1], "none of these"), 0) for row in rows]
    yield write_items(out / "gsm8k.jsonl", items)
    items = []
    for path in sorted((shared / "benchmarks" / "cmmlu_test").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                choices = tuple(row[letter] for letter in "ABCD")
                items.append((row["Question"], choices, "ABCD".index(row["Answer"])))
    yield write_items(out / "cmmlu.jsonl", items)


def write_items(path: Path, items: list[tuple[str, tuple[str, ...], int]]) -> dict[str, Any]:
    lines = [
        json.dumps({"id": str(number), "ability": "any", "prompt": prompt, "choices": choices, "answer": answer})
        for number, (prompt, choices, answer) in enumerate(items)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return {"name": path.stem, "path": path}


if __name__ == "__main__":
    main()
