"""From a PDF with faults to what each stage of training reads: collect, tokenize and mix, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.extraction.pdf.grade import GradeParams
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import read_documents
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import mix
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_documents
from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.corpus.collect.pdf_bytes import write_pdf
from tests.corpus.stages import collect_documents

CHANNELS = ChannelsParams(roles={"domain": "domain"})
PRINT = (
    "The kidney is an organ that cleans the blood of what the body no longer\n"
    "needs and keeps the amount of water in it at the right measure all day.\n"
) * 4
NOISY = PRINT.replace("organ", "0rg^n").replace("blood", "bl|3d").replace("that", "tb~t").replace("amount", "am0^nt")
SCRAPS = "".join(f"{number}. Which organ?\nA kidney\nB liver\nC heart\n\n" for number in range(1, 9))
GARBAGE = "xqz wkv |1^ ~0- jzx pqr tvk lmn bcd fgh " * 8


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tokens of five PDFs, one of them collected a second time under bounds of the user's own."""
    place = tmp_path_factory.mktemp("graded")
    files = {"print": PRINT, "scanned": PRINT, "noisy": NOISY, "scraps": SCRAPS, "garbage": GARBAGE}
    (place / "pdf").mkdir()
    for name, text in files.items():
        (place / "pdf" / f"{name}.pdf").write_bytes(write_pdf([text], invisible=name == "scanned"))
    plain = {"kind": "files", "channel": "domain", "license": "MIT"}
    scans_are_fine = {"clean": {**GradeParams().clean.model_dump(), "max_recognised_share": 1.0}}
    sources = [
        {**plain, "name": "own", "path": place / "pdf"},
        {**plain, "name": "trusted", "path": place / "pdf" / "scanned.pdf", "pdf": {"grades": scans_are_fine}},
    ]
    collected = CollectParams.model_validate({"sources": sources, "max_bad_share": 0.5})
    report = collect_documents(place / "collected", collected, CHANNELS, SuiteParams())
    assert report.excluded == {"pdf_rejected": 1}
    raw = place / "collected" / "raw_documents"
    train_bpe((row["text"] for row in read_documents(raw, ["text"])), place / "tokenizer", 300)
    seal(place / "tokenizer", "tokenizer")
    tokenize_documents(raw, raw, place / "tokenizer", place, TokenizeParams())
    return place / "tokens"


def read_by(tokens: Path, out: Path, uses: list[str]) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    """Plan both stages, each long enough to read all it may; give the metrics and the tokens read by document."""
    stages = {"stage1": {"num_tokens": 2_400, "uses": uses}, "stage2": {"num_tokens": 800}}
    params = MixParams.model_validate(
        {"sequence_length": 16, "rows_per_step": 5, "domain_share": 1.0, "max_passes": 100, **stages}
    )
    metrics = mix(tokens, {"domain_share": None}, out, params, CHANNELS).as_metrics()
    rows = pq.read_table(out / "exposures" / "exposures.parquet").to_pylist()
    return metrics, {
        stage: {row["id"].removesuffix(".pdf"): row[f"{stage}_tokens"] for row in rows}
        for stage in ("stage1", "stage2")
    }


@pytest.mark.feature(11)
def test_a_pdf_with_faults_is_read_where_its_grade_allows_and_every_document_is_accounted_for(
    tokens: Path, tmp_path: Path
) -> None:
    metrics, read = read_by(tokens, tmp_path, ["stage1_only"])
    assert {name for name, amount in read["stage1"].items() if amount} == {
        "own/print",
        "own/scanned",
        "trusted/scanned",
    }
    assert {name for name, amount in read["stage2"].items() if amount} == {"own/print", "trusted/scanned"}
    unused = {stage: metrics[stage]["unused"]["domain"] for stage in read}
    assert {stage: {name: each["documents"] for name, each in found.items()} for stage, found in unused.items()} == {
        "stage1": {"synthesis": 1, "sft_source": 1},
        "stage2": {"stage1_only": 1, "synthesis": 1, "sft_source": 1},
    }
    assert metrics["stage1"]["uses"]["stage1_only"] == {"documents": 1, "tokens": read["stage1"]["own/scanned"]}
    assert metrics["stage1"]["uses"]["any"]["documents"] == 2
    assert set(metrics["stage2"]["uses"]) == {"any"}
