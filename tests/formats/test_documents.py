"""Documents: order, identity and shards; unfinished artifacts are not there."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import MANIFEST, is_sealed, read_manifest
from cpt_pipeline.core.errors import ArtifactError, DiskSpaceError
from cpt_pipeline.formats.documents import (
    EXCLUDED_SCHEMA,
    DocumentWriter,
    continues,
    count_documents,
    digest_text,
    document,
    read_documents,
    read_families,
    with_text,
    write_families,
)


def row(number: int, text: str = "text") -> dict[str, object]:
    return document(id=f"s/{number}", text=text, channel="en", source="s", license="MIT", quality=0.5)


def write(place: Path, rows: list[dict[str, object]], **options: int) -> Path:
    with DocumentWriter(place, **options) as writer:
        for each in rows:
            writer.write(each)
    return place


def test_digest_is_xxh3_128_of_utf8() -> None:
    assert digest_text("") == "99aa06d3014798d86001c324468d497f"
    assert digest_text("汉字") != digest_text("漢字")


def test_with_text_moves_the_digest_and_never_the_id() -> None:
    old = row(1, "old")
    assert with_text(old, "old") is old
    new = with_text(old, "new")
    assert (new["id"], new["text"], new["digest"]) == ("s/1", "new", digest_text("new"))
    assert old["text"] == "old"


def test_unknown_column_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="not columns of a document: licence"):
        document(id="1", text="t", channel="en", source="s", license="MIT", licence="MIT")


def test_shards_keep_the_order_and_the_counts(tmp_path: Path) -> None:
    rows = [row(number, "x" * 40) for number in range(10)]
    place = write(tmp_path / "a", rows, shard_bytes=100)
    assert [path.name for path in sorted(place.glob("*.parquet"))] == [f"documents-{n:05}.parquet" for n in range(4)]
    assert [each["id"] for each in read_documents(place)] == [f"s/{number}" for number in range(10)]
    assert count_documents(place) == 10
    assert read_manifest(place)["text_bytes"] == 400
    assert list(read_documents(place, ("id",)))[9] == {"id": "s/9"}


def test_equal_rows_make_equal_bytes(tmp_path: Path) -> None:
    rows = [row(number) for number in range(5)]
    first, second = write(tmp_path / "a", rows), write(tmp_path / "b", rows)
    assert (first / MANIFEST).read_bytes() == (second / MANIFEST).read_bytes()
    assert (first / MANIFEST).read_bytes() != (write(tmp_path / "c", rows[::-1]) / MANIFEST).read_bytes()


def test_error_while_writing_leaves_nothing_finished(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), DocumentWriter(tmp_path / "a") as writer:
        writer.write(row(1))
        raise ValueError("stop")
    with pytest.raises(ArtifactError, match="never finished"):
        list(read_documents(tmp_path / "a"))


def test_a_full_disk_stops_the_writing_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([1 << 30, (64 << 20) + 3])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=next(free)))
    with pytest.raises(DiskSpaceError, match="needs 4 bytes"):
        write(tmp_path / "a", [row(1), row(2), row(3)], shard_bytes=1)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["documents-00000.parquet"]
    assert not is_sealed(tmp_path / "a")


def test_artifact_without_rows_can_be_read(tmp_path: Path) -> None:
    place = write(tmp_path / "a", [])
    assert list(read_documents(place)) == []
    assert count_documents(place) == 0


def test_families_are_part_of_the_artifact_and_a_work_stands_for_itself(tmp_path: Path) -> None:
    with DocumentWriter(tmp_path / "heldout") as writer:
        writer.write(row(1))
        write_families(tmp_path / "heldout", {"b": "a", "图": "a"})
    assert set(read_manifest(tmp_path / "heldout")["files"]) == {"documents-00000.parquet", "families.json"}
    assert read_families(tmp_path / "heldout") == {"b": "a", "图": "a"}
    with DocumentWriter(tmp_path / "training") as writer:
        writer.write(row(1))
    assert read_families(tmp_path / "training") == {}


def test_excluded_rows_have_their_own_kind(tmp_path: Path) -> None:
    one = {"id": "s/1", "source": "s", "channel": None, "reason": "empty", "detail": None}
    with DocumentWriter(tmp_path / "a", schema=EXCLUDED_SCHEMA) as writer:
        writer.write(one)
    assert read_manifest(tmp_path / "a")["kind"] == "excluded"
    assert list(read_documents(tmp_path / "a")) == [one]


def test_pandas_reads_the_shards(tmp_path: Path) -> None:
    place = write(tmp_path / "a", [row(1, "汉字"), row(2)])
    table = pd.read_parquet(sorted(place.glob("*.parquet")))
    assert table["text"].tolist() == ["汉字", "text"]
    assert table["quality"].tolist() == [0.5, 0.5]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), st.integers(1, 60))
def test_any_text_comes_back_from_any_shard_size(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], shard_bytes: int
) -> None:
    rows = [row(number, text) for number, text in enumerate(texts)]
    place = write(tmp_path_factory.mktemp("d") / "a", rows, shard_bytes=shard_bytes)
    assert list(read_documents(place)) == rows


@pytest.mark.parametrize(
    ("before", "row", "expected"),
    [
        (("a#1/1", "a#1", 0, False), ("a#1/2", "a#1", 1, True), True),
        (("a#1/1", "a#1", 0, False), ("a#1/3", "a#1", 2, True), False),
        (("a#1/1", "a#1", 0, True), ("a#1/2", "a#1", 1, True), False),
        (("b.epub#1", "b.epub", 0, False), ("b.epub#2/1", "b.epub", 1, False), True),
        (("j#1/1", "s/@B", 0, False), ("j#1/2", "s/@B", 1, False), True),
        (("j#1/1", "s/@B", 0, False), ("j#2/2", "s/@B", 1, False), False),  # another record of the same book
        (("c#1/1/1", "c#1", 0, False), ("c#1/2/2", "c#1", 1, True), False),  # the second text of a record
        (("c#1/1/1", "c#1", 0, False), ("c#1/1/2", "c#1", 1, True), True),
        (("b.epub#1/2", "b.epub", 1, False), ("b.epub#2", "b.epub", 2, True), True),
        (("b.epub#1/2", "b.epub", 1, False), ("b.epub#2/2", "b.epub", 2, True), False),
        (("@B.jsonl#1/1", "@B", 0, False), ("@B.jsonl#2/2", "@B", 1, True), False),
        (("a", None, None, True), ("b", None, None, True), False),
        (None, ("a#1/2", "a#1", 1, True), False),
    ],
)
def test_a_document_goes_on_with_the_part_before_of_the_same_text(before: Any, row: Any, expected: bool) -> None:
    names = ("id", "part_of", "part", "last_part")
    first = None if before is None else dict(zip(names, before, strict=True))
    assert continues(first, dict(zip(names, row, strict=True))) is expected
