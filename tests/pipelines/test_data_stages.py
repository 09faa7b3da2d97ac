"""The nodes of collect, clean and dedup: what they publish, and what a kill in the middle leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import content_hash, find_damage
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import ROOT_VARIABLE
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams, FormatCapParams
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupRunParams
from cpt_pipeline.formats.benchmarks import BenchmarkParams, SuiteParams
from cpt_pipeline.formats.tokens import read_sidecar
from cpt_pipeline.pipelines import clean, collect, dedup
from cpt_pipeline.pipelines.clean.nodes import clean as clean_node
from cpt_pipeline.pipelines.collect.nodes import collect as collect_node
from cpt_pipeline.pipelines.dedup.nodes import dedup as dedup_node
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_splits
from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.corpus.stages import CHANNELS, ONE_WORKER
from tests.corpus.texts import make_row, make_text, write_artifact

PROBES = Path(__file__).parents[2] / "conf/base/benchmarks/probes.jsonl"


@pytest.fixture(autouse=True)
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.feature(5)
def test_the_three_nodes_chain_and_their_provenance_names_one_another(tmp_path: Path) -> None:
    lines = [json.dumps({"text": make_text(number % 30), "kind": "reference"}) for number in range(40)]
    (tmp_path / "own.jsonl").write_text("\n".join([*lines, '{"text": "short"}']))
    source = {
        "kind": "files",
        "name": "own",
        "channel": "domain",
        "path": tmp_path / "own.jsonl",
        "license": "MIT",
        "columns": {"category": "kind"},
    }
    suite = SuiteParams(benchmarks=(BenchmarkParams(name="probes", path=PROBES),))
    params = CollectParams.model_validate({"sources": [source]})

    channels = ChannelsParams(roles={"domain": "domain"})
    collected = collect_node(params, channels, suite, LicensePolicyParams(), ONE_WORKER)
    cleaned = clean_node(collected[4], CleanParams(), channels, CleanRunParams(workers=1))
    unique = dedup_node(cleaned[3], collected[3], DedupParams(), channels, DedupRunParams(workers=1))

    assert [path.name for path in collected[2:]] == ["collect_excluded", "benchmark_texts", "raw_documents"]
    assert [path.name for path in cleaned[2:]] == ["clean_excluded", "clean_documents"]
    names = ["dedup_excluded", "corpus_index", "heldout_documents", "unique_documents"]
    assert [path.name for path in unique[2:]] == names
    assert all(find_damage(path) == [] for path in (*collected[2:], *cleaned[2:], *unique[2:]))
    metrics: list[Any] = [collected[0], cleaned[0], unique[0]]
    assert [each["records_in"] for each in metrics] == [41, 41, 40]
    assert metrics[2]["documents"] + metrics[2]["heldout_documents"] == 30
    assert json.loads(json.dumps(metrics)) == metrics
    assert cleaned[1]["inputs"] == {"raw_documents": collected[1]["outputs"]["raw_documents"]}
    assert unique[1]["inputs"] == {
        "clean_documents": cleaned[1]["outputs"]["clean_documents"],
        "benchmark_texts": collected[1]["outputs"]["benchmark_texts"],
    }
    for record in (collected[1], cleaned[1], unique[1]):
        assert [*record] == [
            *("stage", "params", "inputs", "outputs", "code", "versions", "machine", "started", "seconds")
        ]
    assert collected[1]["params"]["collect"]["sources"][0]["license"] == "MIT"
    assert cleaned[1]["code"]["digest"] != unique[1]["code"]["digest"]


@pytest.mark.feature(11)
def test_the_grade_of_a_pdf_goes_with_it_from_the_file_to_the_token_shards(shared: Path, tmp_path: Path) -> None:
    """A scanned examination paper is raw material for questions; the essay beside it may be read anywhere."""
    files = [shared / "data/documents" / name for name in ("bitter_lesson.pdf", "math_question.pdf")]
    sources = [
        {"kind": "files", "name": path.stem, "channel": "domain", "path": path, "license": "MIT"} for path in files
    ]
    params, channels = CollectParams.model_validate({"sources": sources}), ChannelsParams(roles={"domain": "domain"})
    raw = collect_node(params, channels, SuiteParams(), LicensePolicyParams(), ONE_WORKER)[-1]
    documents = clean_node(raw, CleanParams(), channels, CleanRunParams(workers=1))[-1]
    train_bpe(iter(["the quick brown fox"]), tmp_path / "tokenizer", 300)
    tokenize_splits({"train": documents}, tmp_path / "tokenizer", tmp_path / "tokens", TokenizeParams())
    rows = read_sidecar(tmp_path / "tokens", "train", "domain").to_pylist()
    assert [(row["id"], row["use"]) for row in rows] == [
        ("bitter_lesson/bitter_lesson.pdf", None),
        ("math_question/math_question.pdf", "sft_source"),
    ]


@pytest.mark.parametrize("stage", [collect, clean, dedup])
def test_what_a_node_gives_is_what_its_pipeline_names(stage: Any) -> None:
    (node,) = stage.create_pipeline().nodes
    name = stage.__name__.rpartition(".")[2]
    assert node.outputs[:2] == [f"{name}_metrics", f"{name}_provenance"]
    assert node.namespace == name
    assert f"{name}_excluded" in node.outputs


CLEAN = """
import sys
from pathlib import Path
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.pipelines.clean.nodes import clean
channels = ChannelsParams.model_validate_json(sys.argv[2])
clean(Path(sys.argv[1]), CleanParams(), channels, CleanRunParams(workers=1, task_megabytes=1))
"""


@pytest.mark.long
@pytest.mark.feature(4)
def test_killed_stage_gives_the_same_when_run_again(tmp_path: Path, data_root: Path) -> None:
    """Three tasks; the kill comes when the first of them is done, and only the others are run again."""
    rows = [make_row(number, make_text(number % 50, 2_000), category="reference") for number in range(240)]
    raw = write_artifact(tmp_path / "raw", rows, shard_bytes=1 << 20)
    victim = subprocess.Popen([sys.executable, "-c", CLEAN, str(raw), CHANNELS.model_dump_json()])
    while victim.poll() is None and not list(data_root.glob(".work/clean-*/tasks/clean-*/logs/completions/00000")):
        time.sleep(0.001)
    victim.kill()
    assert victim.wait() == -signal.SIGKILL
    (first,) = data_root.glob(".work/clean-*/tasks/clean-*/part-00000.parquet")
    written = first.stat().st_mtime_ns
    assert not list(data_root.glob(".work/clean-*/out/*/manifest.json")), "nothing was sealed"
    run = CleanRunParams(workers=1, task_megabytes=1)
    again = clean_node(raw, CleanParams(), CHANNELS, run)
    assert first.stat().st_mtime_ns == written
    untouched = clean_node(raw, CleanParams(format_cap=FormatCapParams(formats=())), CHANNELS, run)
    assert [content_hash(path) for path in again[2:]] == [content_hash(path) for path in untouched[2:]]
    assert find_damage(again[3]) == []
    assert len(list((data_root / ".work").iterdir())) == 2
