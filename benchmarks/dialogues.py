"""Dialogues: `python benchmarks/dialogues.py`, with CPT_SHARED set for the second and third table.

Precision and recall of tool claims and stock replies on the turns of
tests/corpus/clean/dialogues/labelled_turns.jsonl. The rules were made with the even half; of the odd half only the
sums printed here were ever seen. One hand wrote turns and rules, so both halves flatter them. Then how many sentences
of text without any agent the same rules accuse. Then real dialogues through collect and clean by each unit: how many
documents, and how dense they are before and after. The published conversations are few (ChatML), or of one question
and one answer (alpaca); of the plays ten speeches in a row count as a conversation, and everywhere twenty
conversations as one customer's.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.dialogues.stock_replies import StockReplies
from cpt_pipeline.corpus.clean.dialogues.tool_claims import SENTENCE, ToolClaims
from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.clean.stage import clean_documents
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.collect.stage import collect_documents
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import SuiteParams

TURNS = Path(__file__).parents[1] / "tests/corpus/clean/dialogues/labelled_turns.jsonl"
CLAIMS, STOCK = ToolClaims(), StockReplies()
UNITS = ("turn", "conversation", "linked")
ROWS = {"turns": None, "conversation": "conversation"}
LINKED = {"link_by": "customer", "order_by": "time"}
WITHOUT = ("gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese", "few_letters", "few_distinct_words")
RULES = {
    "basic": {"min_characters": 1},
    "by_category": {"dialogue": {"without": [*WITHOUT, "long_words", "repeated_lines"]}},
}


def print_halves() -> None:
    """Print wanted, found, precision and recall for each half, kind and language; users are never judged."""
    rows = [json.loads(line) for line in TURNS.read_text(encoding="utf-8").splitlines()]
    print(f"{'half':6} {'kind':10} {'language':8} {'true':>5} {'found':>5}  {'P':>6} {'R':>6}")
    for name, half in (("even", rows[::2]), ("odd", rows[1::2])):
        for kind, judge in (("tool_claim", lambda text: bool(CLAIMS.find(text))), ("stock", STOCK.is_formula)):
            for language in ("zh", "en", "all"):
                chosen = [row for row in half if language in ("all", row["language"])]
                found = [row for row in chosen if row["role"] != "user" and judge(row["text"])]
                wanted = sum(row["label"] == kind for row in chosen)
                right = sum(row["label"] == kind for row in found)
                share = f"{right / max(len(found), 1):6.3f} {right / max(wanted, 1):6.3f}"
                print(f"{name:6} {kind:10} {language:8} {wanted:5} {len(found):5}  {share}")


def prose(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Give texts in which nobody has tools."""
    squad = json.loads((data / "general_zh/cmrc2018_dev.json").read_text("utf-8"))
    yield "Chinese encyclopedia", [paragraph["context"] for each in squad["data"] for paragraph in each["paragraphs"]]
    for language in ("zh", "en"):
        alpaca = json.loads((data / f"instruct/alpaca_{language}_demo.json").read_text("utf-8"))
        yield f"answers, {language}", [row["output"] for row in alpaca]
    yield "English stories", [(data / "general_en/tiny_stories.txt").read_text("utf-8")]
    yield "plays", [(data / "general_en/shakesphere.txt").read_text("utf-8")]
    yield (
        "English web",
        [json.loads(line)["text"] for line in (data / "general_en/c4_demo.jsonl").open(encoding="utf-8")],
    )


def print_accused(data: Path) -> None:
    """Print sentences, those accused of a tool claim, and megabytes a second."""
    print(f"\n{'text':22} {'sentences':>9} {'accused':>8} {'MB/s':>6}")
    for name, texts in prose(data):
        sentences = sum(len(SENTENCE.findall(text)) for text in texts)
        start = time.perf_counter()
        accused = sum(len(CLAIMS.find(text)) for text in texts)
        speed = sum(len(text.encode()) for text in texts) / 1e6 / (time.perf_counter() - start)
        print(f"{name:22} {sentences:9} {accused:8} {speed:6.2f}")


def dialogues(data: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Give turns of real dialogues, one a row: conversation, customer, time, role, content."""
    lines = (data / "datajuicer_demos/data__demo-dataset-chatml.jsonl").read_text("utf-8").splitlines()
    yield "ChatML", [*_rows(json.loads(line)["messages"] for line in lines)]
    for language in ("zh", "en"):
        alpaca = json.loads((data / f"instruct/alpaca_{language}_demo.json").read_text("utf-8"))
        asked = ([("user", f"{row['instruction']}\n{row['input']}"), ("assistant", row["output"])] for row in alpaca)
        yield f"alpaca {language}", [*_rows([{"role": a, "content": b} for a, b in turns] for turns in asked)]
    plays = (data / "general_en/shakesphere.txt").read_text("utf-8")
    speeches = [{"role": who, "content": said} for who, said in re.findall(r"^(\w[\w ]+):\n((?:.+\n)+)", plays, re.M)]
    yield "plays", [*_rows(speeches[start : start + 10] for start in range(0, len(speeches), 10))]


def _rows(conversations: Any) -> Iterator[dict[str, Any]]:
    time = 0
    for number, turns in enumerate(conversations):
        for turn in turns:
            time += 1
            yield {"conversation": f"c{number}", "customer": f"u{number // 20}", "time": time, **turn}


def print_units(data: Path) -> None:
    """Print documents, turns, what was removed and density by unit."""
    head = f"{'dialogues':12} {'unit':13} {'documents':>9} {'kept':>6} {'turns':>6} {'removed':>7}"
    print(f"\n{head} {'before':>7} {'after':>7}")
    for name, rows in dialogues(data):
        for unit in UNITS:
            with tempfile.TemporaryDirectory() as folder, redirect_stderr(StringIO()):
                place = Path(folder)
                (place / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
                report = _clean(place, unit)
            found = report.dialogues[unit]
            removed = sum(number for name, number in report.counts.items() if name.startswith("dialogues/"))
            after = f"{found.density_after:7.3f}" if found.density_after is not None else "      -"
            counts = f"{found.dialogues:9} {found.kept:6} {found.turns:6} {removed:7}"
            print(f"{name:12} {unit:13} {counts} {found.density_before:7.3f} {after}")


def _clean(place: Path, unit: str) -> Any:
    given = {"unit": unit, **ROWS, **(LINKED if unit == "linked" else {})}
    source = {"kind": "files", "name": "rows", "channel": "x", "path": place / "rows.jsonl", "dialogues": given}
    params = CollectParams.model_validate(
        {"sources": [{**source, "license": "unknown, allowed because it is not kept"}]}
    )
    channels, run = ChannelsParams(roles={"x": "domain"}), EngineParams(workers=1)
    collect_documents(place / "in", params, channels, SuiteParams(), LicensePolicyParams(), run)
    cleaning = CleanParams.model_validate({"dialogues": {"enabled": True}, "rules": RULES})
    return clean_documents(place / "in/raw_documents", place / "out", cleaning, channels, run)


def main() -> None:
    """Print all tables."""
    print_halves()
    if shared := os.environ.get("CPT_SHARED"):
        print_accused(Path(shared) / "data")
        sys.stdout.flush()
        print_units(Path(shared) / "data")


if __name__ == "__main__":
    main()
