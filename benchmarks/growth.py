"""Does the memory of the data stages grow with the corpus? Sizes, peak memory and what was kept, in one table.

    CPT_SHARED=... python benchmarks/growth.py --megabytes 200 1000 2000

Documents are sentences of real text in ever new order, a third Chinese, so that what is kept grows with what comes in
(copies would collapse in dedup). Each size runs collect, clean and dedup in a process of its own; the figure is the
largest sum of the resident memory that this process and its workers had to themselves at one moment.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from cpt_pipeline.corpus.dedup.passages.passages import split_units

_DOCUMENT_BYTES = 2_000
_MANY = 20


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--megabytes", type=int, nargs="+", default=[20, 50, 100])
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    given = arguments.parse_args()
    shared = Path(os.environ["CPT_SHARED"]) / "data"
    print("| text in, MB | documents | kept, MB | share kept | peak memory, MB | seconds |")
    print("|---|---|---|---|---|---|")
    for megabytes in given.megabytes:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            write_corpus(Path(folder) / "text", megabytes << 20, read_sentences(shared))
            print(measure(Path(folder), given.workers), flush=True)


def read_sentences(shared: Path) -> list[list[str]]:
    """Give the sentences of English and of Chinese sources that are long enough to be told apart."""
    english = [shared / "general_en" / name for name in ("wiki_demo.txt", "tiny_stories.txt", "shakesphere.txt")]
    chinese = json.loads((shared / "general_zh" / "cmrc2018_dev.json").read_text(encoding="utf-8"))
    paragraphs = (part["context"] for article in chinese["data"] for part in article["paragraphs"])
    texts = ["\n".join(path.read_text(encoding="utf-8", errors="replace") for path in english), "\n".join(paragraphs)]
    return [
        sorted({" ".join(unit.split()) for unit in split_units(text, "sentence") if 20 < len(unit) < 400})
        for text in texts
    ]


def write_corpus(folder: Path, num_bytes: int, sentences: list[list[str]]) -> None:
    """Write jsonl files of 64 MB with documents of about 2 kB, each of one language."""
    folder.mkdir(parents=True)
    generator = random.Random(num_bytes)
    written = 0
    while written < num_bytes:
        with (folder / f"{written:012}.jsonl").open("w", encoding="utf-8") as stream:
            border = min(written + (64 << 20), num_bytes)
            while written < border:
                pool, joint = (sentences[1], "") if generator.random() < 1 / 3 else (sentences[0], " ")
                text = joint.join(generator.choices(pool, k=_MANY))[:_DOCUMENT_BYTES]
                stream.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
                written += len(text.encode())


def measure(folder: Path, workers: int) -> str:
    """Run the three stages in a process and give a row of the table."""
    started = time.monotonic()
    child = subprocess.Popen([sys.executable, __file__, "--stages", str(folder), str(workers)], stdout=subprocess.PIPE)
    peak = [0]
    watch = threading.Thread(target=_watch, args=(child.pid, peak), daemon=True)
    watch.start()
    out, _ = child.communicate()
    assert child.returncode == 0, f"the stages ended with {child.returncode}"
    found = json.loads(out.splitlines()[-1])
    seconds = time.monotonic() - started
    kept = found["kept"] / 1e6
    size = found["bytes"] / 1e6
    return (
        f"| {size:,.0f} | {found['documents']:,} | {kept:,.0f} | {kept / size:.1%} "
        f"| {peak[0] / 1e6:,.0f} | {seconds:,.0f} |"
    )


def run_stages(folder: Path, workers: int) -> None:
    """Collect, clean and dedup `folder/text`; the last line of the output is what was kept, as JSON."""
    from cpt_pipeline.core.channels import ChannelsParams
    from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
    from cpt_pipeline.corpus.clean.stage import clean_documents
    from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
    from cpt_pipeline.corpus.collect.params import CollectParams
    from cpt_pipeline.corpus.collect.stage import collect_documents
    from cpt_pipeline.corpus.dedup.params import DedupParams
    from cpt_pipeline.corpus.dedup.stage import dedup_documents
    from cpt_pipeline.formats.benchmarks import SuiteParams

    run = CleanRunParams(workers=workers)
    source = {"kind": "files", "name": "text", "channel": "domain", "path": folder / "text", "license": "CC0-1.0"}
    channels = ChannelsParams(roles={"domain": "domain"})
    out = {stage: folder / stage / "out" for stage in ("collect", "clean", "dedup")}
    params = CollectParams.model_validate({"sources": [source]})
    collect_documents(out["collect"], params, channels, SuiteParams(), LicensePolicyParams(), run)
    shutil.rmtree(folder / "collect" / "tasks", ignore_errors=True)
    raw = out["collect"] / "raw_documents"
    cleaned = clean_documents(raw, out["clean"], CleanParams(), channels, run=run)
    shutil.rmtree(folder / "clean" / "tasks", ignore_errors=True)
    benchmarks = out["collect"] / "benchmark_texts"
    report = dedup_documents(out["clean"] / "clean_documents", benchmarks, out["dedup"], DedupParams(), channels, run)
    size = json.loads((raw / "manifest.json").read_text())["text_bytes"]
    print(json.dumps({"bytes": size, "documents": cleaned.records_in, "kept": report.bytes}))


def _watch(pid: int, peak: list[int]) -> None:
    while True:
        try:
            parent = psutil.Process(pid)
            family = [parent, *parent.children(recursive=True)]
            peak[0] = max(peak[0], sum(_own_memory(each) for each in family))
        except psutil.NoSuchProcess:
            return
        time.sleep(0.2)


def _own_memory(process: psutil.Process) -> int:
    """Give resident memory without pages of files, which the system takes back when it needs them."""
    try:
        found = process.memory_info()
        return int(found.rss - found.shared)
    except psutil.NoSuchProcess:
        return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stages"]:
        run_stages(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
