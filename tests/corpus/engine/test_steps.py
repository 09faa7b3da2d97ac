"""The steps' frame: what is read is written again, kept or excluded, whatever the shards and the tasks are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.engine.steps import (
    NUMBER,
    DocumentStep,
    ReadDocuments,
    WriteDocuments,
    as_document,
    count,
    exclude,
    gather,
    gather_counts,
    plan_tasks,
)
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.documents import SCHEMA, DocumentWriter, digest_text, document
from tests.corpus.texts import make_row, write_artifact

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
optional = st.none() | words
rows = st.lists(
    st.builds(
        document,
        id=words,
        text=words,
        channel=words,
        source=words,
        license=words,
        url=optional,
        language=optional,
        category=optional,
        quality=st.none() | st.floats(0, 1, width=32),
        published=optional,
        metadata=optional,
    ),
    max_size=12,
)


class DropOdd(DocumentStep):
    """Exclude every other document, and count all that are looked at."""

    name = "drop odd"

    def apply(self, document: Document) -> None:
        count(document, "seen")
        if document.metadata[NUMBER] % 2:
            exclude(document, "odd", f"number {document.metadata[NUMBER]}")


class Shout(DocumentStep):
    """Change what is left, and count it by twos."""

    name = "shout"

    def apply(self, document: Document) -> None:
        document.text = document.text.upper()
        count(document, "shouted", 2)


class Fail(DocumentStep):
    """Fail at the third document."""

    name = "fail"

    def apply(self, document: Document) -> None:
        if document.metadata[NUMBER] == 2:
            raise ArithmeticError


def run(scratch: Path, directory: Path, task_bytes: int, *steps: PipelineStep) -> Tasks:
    """Run steps between reading and writing, task by task, the last task first."""
    tasks = Tasks(scratch, "test", plan_tasks(directory, task_bytes))
    for rank in reversed(range(tasks.num_tasks)):
        documents: Iterable[Document] | None = None
        for step in (ReadDocuments(directory, tasks), *steps, WriteDocuments(tasks)):
            documents = step.run(documents, rank, tasks.num_tasks)
        assert list(documents or ()) == []
    return tasks


def texts(*lengths: int) -> list[Row]:
    return [make_row(number, "x" * length) for number, length in enumerate(lengths)]


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(1, 200), st.integers(1, 3_000))
def test_what_is_read_is_written_again(
    tmp_path_factory: pytest.TempPathFactory, given: list[Row], shard_bytes: int, task_bytes: int
) -> None:
    place = tmp_path_factory.mktemp("steps")
    directory = write_artifact(place / "in", given, shard_bytes=shard_bytes)
    found = list(gather(run(place, directory, task_bytes)))
    assert [{name: row[name] for name in SCHEMA.names} for row in found] == given
    assert {row["reason"] for row in found} <= {None}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=12), st.integers(1, 900), st.integers(1, 3_000))
def test_every_row_group_is_in_one_task_in_order(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], shard_bytes: int, task_bytes: int
) -> None:
    directory = write_artifact(tmp_path_factory.mktemp("plan") / "in", texts(*lengths), shard_bytes=shard_bytes)
    planned, number = [], 0
    for first_number, groups in plan_tasks(directory, task_bytes):
        assert first_number == number
        for shard, first, last in groups:
            metadata = pq.read_metadata(directory / shard)
            planned += [(shard, group) for group in range(first, last)]
            number += sum(metadata.row_group(group).num_rows for group in range(first, last))
    shards = sorted(directory.glob("*.parquet"))
    assert planned == [(path.name, group) for path in shards for group in range(pq.read_metadata(path).num_row_groups)]
    assert number == len(lengths)


def test_a_task_ends_with_the_group_that_fills_it(tmp_path: Path) -> None:
    directory = write_artifact(tmp_path / "in", texts(*[50] * 7), shard_bytes=100)
    names = [f"documents-0000{number}.parquet" for number in range(4)]
    size = pq.read_metadata(directory / names[0]).row_group(0).total_byte_size
    assert plan_tasks(directory, 1) == [(2 * number, [(name, 0, 1)]) for number, name in enumerate(names)]
    assert plan_tasks(directory, size + 1) == [
        (0, [(names[0], 0, 1), (names[1], 0, 1)]),
        (4, [(names[2], 0, 1), (names[3], 0, 1)]),
    ]
    assert plan_tasks(directory, 1 << 30) == [(0, [(name, 0, 1) for name in names])]


def test_groups_of_one_shard_are_one_run(tmp_path: Path) -> None:
    with DocumentWriter(tmp_path / "in") as writer:
        for row in texts(*[5 << 20] * 5):
            writer.write(row)
    assert plan_tasks(tmp_path / "in", 64 << 20) == [(0, [("documents-00000.parquet", 0, 3)])]
    found = list(gather(run(tmp_path, tmp_path / "in", 64 << 20)))
    assert [(row["id"], len(row["text"])) for row in found] == [(f"s/{number}", 5 << 20) for number in range(5)]


def test_an_artifact_that_was_never_finished_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ArtifactError, match="never finished"):
        plan_tasks(tmp_path / "in", 1)


@pytest.mark.parametrize("task_bytes", [1, 1 << 30])
def test_an_excluded_document_is_written_without_text_and_seen_by_no_later_step(
    tmp_path: Path, task_bytes: int
) -> None:
    directory = write_artifact(tmp_path / "in", [("en", word) for word in ("ab", "cd", "ef", "gh")], shard_bytes=2)
    found = list(gather(run(tmp_path, directory, task_bytes, DropOdd(), Shout())))
    assert [(row["id"], row["text"], row["reason"], row["detail"]) for row in found] == [
        ("s/0", "AB", None, None),
        ("s/1", None, "odd", "number 1"),
        ("s/2", "EF", None, None),
        ("s/3", None, "odd", "number 3"),
    ]
    assert [row["digest"] for row in found] == [digest_text("AB"), None, digest_text("EF"), None]
    assert {(row["source"], row["channel"], row["license"]) for row in found} == {("s", "en", "MIT")}


@pytest.mark.parametrize("task_bytes", [1, 1 << 30])
def test_what_was_counted_is_summed_over_tasks_also_of_the_excluded(tmp_path: Path, task_bytes: int) -> None:
    directory = write_artifact(tmp_path / "in", texts(2, 2, 2, 2, 2), shard_bytes=2)
    assert gather_counts(run(tmp_path, directory, task_bytes, DropOdd(), Shout())) == Counter(seen=5, shouted=6)


def test_a_task_that_fails_leaves_no_file(tmp_path: Path) -> None:
    directory = write_artifact(tmp_path / "in", texts(9, 9, 9, 9), shard_bytes=9)
    with pytest.raises(ArithmeticError):
        run(tmp_path, directory, 1 << 30, Fail())
    tasks = Tasks(tmp_path, "test", plan_tasks(directory, 1 << 30))
    assert not tasks.file(0).exists()
    assert list(gather(run(tmp_path, directory, 1 << 30)))[3]["id"] == "s/3"


def test_rows_wait_for_their_group_and_no_longer(tmp_path: Path) -> None:
    directory = write_artifact(tmp_path / "in", texts(*[1 << 20] * 10))
    tasks = run(tmp_path, directory, 1 << 30)
    metadata = pq.read_metadata(tasks.file(0))
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [4, 4, 2]


def test_columns_that_a_row_does_not_name_are_none() -> None:
    made = as_document({"id": "s/0", "text": "one", "source": "s", "channel": "en"})
    assert (made.id, made.text, made.metadata["source"], made.metadata["url"]) == ("s/0", "one", "s", None)


def test_excluded_documents_do_not_leave_the_stream() -> None:
    documents = [Document(text="", id=str(number), metadata={}) for number in range(3)]
    exclude(documents[1], "seen before")
    assert [document.id for document in Shout().run(documents)] == ["0", "1", "2"]
    assert [document.metadata.get("counts") for document in documents] == [Counter(shouted=2), None, Counter(shouted=2)]
