"""Vectors on disk: of the chosen documents, the same whatever the division into tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cpt_pipeline.corpus.dedup.semantic.vectors import VECTORS, EmbedDocuments, VectorFiles
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import ReadDocuments, plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.models.embeddings.hashed import HashedEmbedder
from cpt_pipeline.corpus.models.embeddings.params import EncoderRunParams, HashedParams
from tests.corpus.texts import make_text, write_artifact

PARAMS = HashedParams(dimensions=32)
TEXTS = [make_text(number) for number in range(12)]


def embed(place: Path, chosen: list[bool], task_bytes: int) -> VectorFiles:
    documents = write_artifact(place / "documents", [("en", text) for text in TEXTS], shard_bytes=1_500)
    np.save(place / "chosen.npy", np.array(chosen))
    tasks = Tasks(place, "vectors", plan_tasks(documents, task_bytes))
    step = EmbedDocuments(tasks, place / "chosen.npy", PARAMS, EncoderRunParams())
    tasks.run([ReadDocuments(documents, tasks), step], EngineParams(workers=1))
    assert not list(tasks.folder.glob(".*"))
    return VectorFiles(tasks.files(VECTORS))


def test_rows_are_those_of_the_chosen_documents_for_any_number_of_tasks(tmp_path: Path) -> None:
    chosen = [number % 3 > 0 and number < 9 for number in range(12)]
    expected = HashedEmbedder(PARAMS).embed(text for text, wanted in zip(TEXTS, chosen, strict=True) if wanted)
    for name, task_bytes in (("one", 1 << 30), ("many", 1)):
        found = embed(tmp_path / name, chosen, task_bytes)
        assert len(found) == 6
        assert np.concatenate(list(found.chunks(4))).tobytes() == expected.tobytes()
        assert [len(chunk) for chunk in found.chunks(4)] == [4, 2]
        assert found.take(np.array([5, 0, 5])).tobytes() == expected[[5, 0, 5]].tobytes()


def test_no_document_gives_no_row(tmp_path: Path) -> None:
    found = embed(tmp_path, [False] * 12, 1)
    assert (len(found), list(found.chunks())) == (0, [])
