"""The survey says the same of every document, however the documents were divided among tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash

from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex
from cpt_pipeline.corpus.dedup.decontamination.verdicts import judge_leaks, read_all_leaks
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.signatures import SignatureFiles
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.survey import (
    SIGNATURES,
    Survey,
    SurveyDocuments,
    read_ids,
    read_survey,
    task_ranges,
)
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import ReadDocuments, plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.benchmarks import write_items
from cpt_pipeline.text.folding import fold
from tests.corpus.texts import item, make_row, make_text, write_artifact

QUESTION = item("A train leaves the station at nine and arrives at noon; how many hours did it travel?", "three")
LEAKING = (4, 9)


def rows() -> list[dict[str, Any]]:
    texts = [f"{make_text(n)}\n{QUESTION.prompt}" if n in LEAKING else make_text(n) for n in range(10)]
    texts[7] = texts[2].upper()
    made = [make_row(n, text, channel="en" if n % 3 else "zh") for n, text in enumerate(texts)]
    return [{**row, "quality": None if n == 5 else n / 16} for n, row in enumerate(made)]


def run(place: Path, *, task_bytes: int = 1 << 30, seed: int = 1) -> Tasks:
    write_items(place / "items", [QUESTION])
    documents = write_artifact(place / "documents", rows(), shard_bytes=1_500)
    tasks = Tasks(place, "survey", plan_tasks(documents, task_bytes), seed)
    params = DedupParams(seed=seed)
    tasks.run(
        [ReadDocuments(documents, tasks), SurveyDocuments(tasks, place / "items", params)], EngineParams(workers=1)
    )
    judge_leaks(tasks, BenchmarkIndex([QUESTION], params.leaks), params.leaks)
    return tasks


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Tasks:
    return run(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Tasks:
    return run(tmp_path_factory.mktemp("many"), task_bytes=1)


def columns(found: Survey) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in vars(found).items()}


def test_the_survey_does_not_depend_on_the_tasks(one: Tasks, many: Tasks) -> None:
    assert (one.num_tasks, many.num_tasks) == (1, 4)
    assert columns(read_survey(one)) == columns(read_survey(many))
    params = DedupParams().minhash
    everything = np.arange(10)
    first, other = (SignatureFiles(tasks.files(SIGNATURES), params).take(everything) for tasks in (one, many))
    assert np.array_equal(first, other)


def test_every_document_is_measured(many: Tasks) -> None:
    found, given = read_survey(many), rows()
    assert found.num_documents == 10
    assert [found.channels[number] for number in found.channel] == [row["channel"] for row in given]
    assert found.characters.tolist() == [len(row["text"]) for row in given]
    assert found.quality.tolist() == [row["quality"] or 0.0 for row in given]
    assert np.flatnonzero(found.leaks).tolist() == list(LEAKING)
    assert not found.trimmed.any()
    hashes = [xxhash.xxh3_128_intdigest(fold(row["text"]).encode()) for row in given]
    assert [(int(high) << 64) + int(low) for high, low in found.exact] == hashes
    assert hashes[7] == hashes[2]
    assert len(set(hashes)) == 9


def test_signatures_are_of_the_folded_text(many: Tasks) -> None:
    params = DedupParams().minhash
    signer = Signer(params)
    found = SignatureFiles(many.files(SIGNATURES), params).take(np.arange(10))
    assert np.array_equal(found, np.stack([signer.sign(fold(row["text"])) for row in rows()]))


def test_the_draw_depends_on_id_and_seed_alone(one: Tasks, tmp_path: Path) -> None:
    first, other = read_survey(one), read_survey(run(tmp_path, seed=2))
    assert first.draw.tolist() == [xxhash.xxh3_64_intdigest(f"1:s/{number}") for number in range(10)]
    assert not set(first.draw.tolist()) & set(other.draw.tolist())
    assert columns(first)["exact"] == columns(other)["exact"]


def test_ids_are_found_by_number_in_the_files_that_hold_them(one: Tasks, many: Tasks) -> None:
    assert task_ranges(one) == [(0, 10)]
    assert task_ranges(many) == [(0, 3), (3, 6), (6, 9), (9, 10)]
    asked = np.array([9, 0, 3, 3, 9])
    assert read_ids(one, asked) == read_ids(many, asked) == {0: "s/0", 3: "s/3", 9: "s/9"}
    assert read_ids(many, np.array([], np.int64)) == {}


def test_leaks_are_listed_in_order_with_what_leaked(one: Tasks, many: Tasks) -> None:
    leaked = QUESTION.prompt.lower().rstrip("?")
    found = [{"benchmark": "quiz", "item": "0", "text": leaked}]
    assert list(read_all_leaks(one)) == list(read_all_leaks(many)) == [(number, found, []) for number in LEAKING]


def test_no_document_is_an_empty_survey(tmp_path: Path) -> None:
    found = read_survey(Tasks(tmp_path, "survey", []))
    assert (found.num_documents, found.channels, found.exact.shape) == (0, [], (0, 2))
