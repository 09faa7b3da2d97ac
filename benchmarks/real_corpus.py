"""Collect, clean and dedup on real text in both languages, with the corpus card and the cleaning report as a page.

    CPT_SHARED=... python benchmarks/real_corpus.py --out /somewhere

Books in GB18030, a textbook in XML, web pages, WARC files, PDFs, encyclopedia, stories, instructions; the questions of
GSM8K and CMMLU are guarded. Prints what every stage kept and why not the rest; writes `corpus.html`.
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
from cpt_pipeline.corpus.collect.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.collect.stage import collect_documents
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.stage import dedup_documents
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
        "name": "stories",
        "channel": "en",
        "path": "general_en/tiny_stories.txt",
        "license": "CDLA-Sharing-1.0",
        "category": "story",
        "max_document_characters": 4000,
    },
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "real_corpus")
    out: Path = arguments.parse_args().out
    shared = Path(os.environ["CPT_SHARED"]) / "data"
    out.mkdir(parents=True, exist_ok=True)
    sources = [{"kind": "files", **source, "path": shared / source["path"]} for source in SOURCES]
    params = CollectParams.model_validate({"sources": sources, "max_bad_share": 0.5})
    suite = SuiteParams.model_validate({"benchmarks": list(write_benchmarks(shared, out))})
    run = CleanRunParams()
    channels = ChannelsParams.model_validate({"roles": ROLES})
    first, second, third = (out / stage / "out" for stage in ("collect", "clean", "dedup"))
    collected = collect_documents(first, params, channels, suite, LicensePolicyParams(), run)
    cleaned = clean_documents(
        first / "raw_documents", second, CleanParams.model_validate({"phrases": {"enabled": True}}), run
    )
    chosen = DedupParams.model_validate({"passages": {"enabled": True}})
    unique = dedup_documents(second / "clean_documents", first / "benchmark_texts", third, chosen, run)
    reports: dict[str, Report] = {"collect": collected, "clean": cleaned, "dedup": unique}
    for stage, report in reports.items():
        found = report.as_metrics()
        print(f"{stage}: {found['records_in']} records, {found['documents']} documents; {found['excluded']}")
    metrics: dict[str, Any] = {f"{stage}_metrics": report.as_metrics() for stage, report in reports.items()}
    provenance = {"collect_provenance": {"params": {"channels": {"roles": ROLES}}}}
    (out / "corpus.html").write_text(render_report({**metrics, **provenance}), encoding="utf-8")
    print(f"page: {out / 'corpus.html'}")


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
