"""Copies by meaning: planted ones go for one reason, with a survivor that stays; held-out text has no copy at all."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport, DedupRunParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.models.embeddings.hashed import HashedEmbedder
from cpt_pipeline.corpus.models.embeddings.params import EncoderRunParams, HashedParams
from cpt_pipeline.formats.benchmarks import BenchmarkItem, write_items
from cpt_pipeline.formats.documents import read_documents
from tests.corpus.embeddings.tiny_encoder import WORDS, write_encoder
from tests.corpus.stages import ONE_WORKER, dedup_documents
from tests.corpus.texts import item, make_row, make_text, write_artifact

QUESTION = item("A train leaves the station at nine and arrives at noon; how many hours did it travel?", "three")
HASHED = {"enabled": True, "min_cosine": 0.7}


def run(
    place: Path,
    rows: list[Any],
    *,
    items: list[BenchmarkItem] | None = None,
    semantic: dict[str, Any] | None = None,
    engine: EngineParams = ONE_WORKER,
    shard_bytes: int = 1 << 28,
    **params: Any,
) -> DedupReport:
    documents = write_artifact(place / "clean_documents", rows, shard_bytes=shard_bytes)
    write_items(place / "benchmark_texts", items or [])
    given = {"heldout_documents_per_channel": 1, "semantic": {**HASHED, **(semantic or {})}, **params}
    return dedup_documents(documents, place / "benchmark_texts", place, DedupParams.model_validate(given), engine)


def retold(text: str, seed: int = 1, lost: float = 0.2) -> str:
    """Shuffle the lines and lose some words: no near copy, and of the same words."""
    chance = random.Random(seed)
    lines = text.split("\n")
    chance.shuffle(lines)
    return "\n".join(" ".join(word for word in line.split() if chance.random() > lost) for line in lines)


def excluded(place: Path) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["reason"], row["detail"]) for row in read_documents(place / "dedup_excluded")}


def ids(place: Path, name: str) -> list[str]:
    return [row["id"] for row in read_documents(place / name)]


@pytest.mark.feature(38)
def test_a_retold_document_goes_with_its_survivor_and_cosine_named(tmp_path: Path) -> None:
    texts = [*(make_text(number) for number in range(30)), retold(make_text(3)), retold(make_text(7)), make_text(3)]
    report = run(tmp_path, [("en", text) for text in texts])
    found = excluded(tmp_path)
    assert {name: reason for name, (reason, _) in found.items()} == {
        "s/30": "semantic",
        "s/31": "semantic",
        "s/32": "exact",
    }
    embedder = HashedEmbedder(HashedParams())
    first, other = embedder.embed([texts[3], texts[30]])
    assert found["s/30"][1] == f"s/3 ({float(first @ other):.3f})"
    assert report.excluded == {"exact": 1, "semantic": 2}
    assert report.semantic is not None
    assert report.semantic.model_dump(exclude={"curve"}) == {
        "embedding": "hashed",
        "min_cosine": 0.7,
        "vectors": 32,
        "clusters": 1,
        "largest_cluster": 32,
        "divided_clusters": 0,
        "compared_pairs": 496,
        "pairs": 2,
        "excluded": 2,
        "excluded_for_heldout": 0,
    }
    curve = {point.min_cosine: point.documents for point in report.semantic.curve}
    assert curve[0.7] == 30
    assert curve[0.95] == 32


def test_switched_off_nothing_is_compared(tmp_path: Path) -> None:
    texts = [*(make_text(number) for number in range(12)), retold(make_text(3))]
    report = run(tmp_path, [("en", text) for text in texts], semantic={"enabled": False})
    assert excluded(tmp_path) == {}
    assert report.semantic is None
    assert not list(tmp_path.rglob("vectors-*"))


def test_the_best_grade_survives_and_near_copies_of_a_copy_follow_it(tmp_path: Path) -> None:
    texts = {0: make_text(0), 1: retold(make_text(0)), 2: retold(make_text(0)) + " indeed", 3: make_text(0).upper()}
    grades = {0: 0.2, 1: 0.9, 2: 0.5, 3: 0.1}
    rows = [{**make_row(number, text), "quality": grades[number]} for number, text in texts.items()]
    run(tmp_path, [*rows, *(make_row(number, make_text(number)) for number in range(10, 30))])
    assert "s/1" in {*ids(tmp_path, "unique_documents"), *ids(tmp_path, "heldout_documents")}
    found = excluded(tmp_path)
    assert found["s/0"][0] == "semantic"
    assert found["s/0"][1].startswith("s/1 (0.")
    assert found["s/2"] == ("near", "s/1")
    assert found["s/3"] == ("exact", "s/1")


def test_a_leak_takes_no_part(tmp_path: Path) -> None:
    leaking = f"{make_text(50)}\n{QUESTION.prompt}"
    rows = [("en", leaking), ("en", retold(make_text(50))), *(("en", make_text(number)) for number in range(12))]
    report = run(tmp_path, rows, items=[QUESTION])
    assert [reason for reason, _ in excluded(tmp_path).values()] == ["benchmark"]
    assert report.semantic is not None
    assert report.semantic.vectors == 13


@pytest.mark.parametrize(
    ("clusters", "some_are_hidden"), [({"num_clusters": 8}, False), ({"max_cluster_documents": 6}, True)]
)
def test_heldout_text_has_no_copy_in_training_however_clusters_are_cut(
    tmp_path: Path, clusters: dict[str, int], some_are_hidden: bool
) -> None:
    base = [make_text(number) for number in range(24)]
    rows = [("en", text) for text in [*base, *(retold(text, seed, 0.25) for seed, text in enumerate(base))]]
    report = run(tmp_path, rows, semantic=clusters, heldout_documents_per_channel=8, heldout_max_share=0.5)
    assert report.semantic is not None
    assert (report.semantic.excluded_for_heldout > 0) == some_are_hidden
    assert report.semantic.divided_clusters == some_are_hidden
    assert report.semantic.excluded == report.excluded["semantic"]
    embedder = HashedEmbedder(HashedParams())
    training, heldout = (
        embedder.embed(row["text"] for row in read_documents(tmp_path / name))
        for name in ("unique_documents", "heldout_documents")
    )
    assert (training @ heldout.T).max() < 0.7
    kept = {*ids(tmp_path, "unique_documents"), *ids(tmp_path, "heldout_documents")}
    assert all(detail.rpartition(" (")[0] in kept for _, detail in excluded(tmp_path).values())


plans = st.lists(st.tuples(st.integers(0, 7), st.sampled_from([0.0, 0.1, 0.3])), max_size=12)


@settings(max_examples=10, deadline=None)
@given(plans, st.sampled_from([400, 3_000]))
def test_no_two_that_stay_are_copies_and_tasks_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[int, float]], shard_bytes: int
) -> None:
    place = tmp_path_factory.mktemp("semantic")
    texts = [make_text(number) for number in range(8)]
    texts += [retold(make_text(number), seed, lost) for seed, (number, lost) in enumerate(plan)]
    rows = [("en", text) for text in texts]
    one = run(place / "one", rows)
    many = run(place / "many", rows, shard_bytes=shard_bytes, engine=EngineParams(workers=1, task_megabytes=1))
    assert one == many
    assert excluded(place / "one") == excluded(place / "many")
    kept = [
        row["text"] for name in ("unique", "heldout") for row in read_documents(place / "one" / f"{name}_documents")
    ]
    vectors = HashedEmbedder(HashedParams()).embed(kept)
    assert np.tril(vectors @ vectors.T, -1).max() < 0.7
    assert one.records_in == len(kept) + sum(one.excluded.values())


def test_an_encoder_does_the_same_and_one_that_is_missing_is_named_first(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "tiny")
    texts = [" ".join(random.Random(number).choices(WORDS, k=40)) for number in range(12)]
    rows = [("en", text) for text in [*texts, texts[2] + " rain"]]
    model = {"embedding": {"kind": "encoder", "model": str(folder)}, "min_cosine": 0.9999}
    documents = write_artifact(tmp_path / "in", rows)
    write_items(tmp_path / "items", [])
    params = DedupParams.model_validate({"semantic": {"enabled": True, **model}, "minhash": {"min_similarity": 1.0}})
    batches = EncoderRunParams(batch_texts=4)
    for name, run_params in (("one", EncoderRunParams()), ("batches", batches)):
        run_with = DedupRunParams(workers=1, encoder=run_params)
        report = dedup_documents(documents, tmp_path / "items", tmp_path / name, params, run_with)
        assert report.semantic is not None
        assert report.semantic.embedding == str(folder)
    assert excluded(tmp_path / "one") == excluded(tmp_path / "batches")
    missing = {"embedding": {"kind": "encoder", "model": str(tmp_path / "nowhere")}}
    with pytest.raises(ModelNotFoundError, match=r"no such folder\. Set dedup\.semantic\.embedding\.model"):
        run(tmp_path / "missing/out", rows, semantic=missing)
    assert not (tmp_path / "missing/tasks").exists()
