from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.corpus.collect.remote import HubDatasetParams, list_files, open_remote, read_hub_dataset
from cpt_pipeline.corpus.collect.sources import read_part
from cpt_pipeline.extraction.sandbox import Sandbox

COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECORDS = [{"text": f"文本 {number}", "n": number} for number in range(5)]


@pytest.fixture
def bucket() -> Iterator[str]:
    store = fsspec.filesystem("memory")
    for name, body in {"b.txt": b"bb", "a/c.jsonl": b"{}\n", "a/d/e.jsonl": b"{}\n{}\n"}.items():
        store.pipe_file(f"/bucket/{name}", body)
    yield "memory://bucket"
    store.rm("/bucket", recursive=True)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def hub(**fields: Any) -> HubDatasetParams:
    return HubDatasetParams(**{"kind": "hugging_face", "name": "wiki", "channel": "general", **fields})


def names(url: str) -> list[tuple[str, int]]:
    return [(file.name, file.size) for file in list_files(url)]


def test_a_folder_a_pattern_and_a_file_are_listed_by_name(bucket: str) -> None:
    assert names(bucket) == [("a/c.jsonl", 3), ("a/d/e.jsonl", 6), ("b.txt", 2)]
    assert names(f"{bucket}/a/**/*.jsonl") == [("c.jsonl", 3), ("d/e.jsonl", 6)]
    assert names(f"{bucket}/*.txt") == names(f"{bucket}/b.txt") == [("b.txt", 2)]
    assert names(f"{bucket}/nothing*") == names("memory://nowhere") == []


def test_a_local_folder_is_listed_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "z.txt").write_text("zz")
    (tmp_path / "b.txt").write_text("b")
    assert names(str(tmp_path)) == names(tmp_path.as_uri()) == [("a/z.txt", 2), ("b.txt", 1)]
    assert names(f"{tmp_path}/a/*.txt") == [("z.txt", 2)]


def test_what_was_listed_can_be_read_as_a_stream(bucket: str) -> None:
    (file,) = list_files(f"{bucket}/a/c.jsonl")
    with open_remote(file.url, file.etag) as stream:
        assert (stream.read(1), stream.read()) == (b"{", b"}\n")


def test_a_file_that_changed_since_its_listing_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("one")
    (file,) = list_files(str(path))
    path.write_text("three")
    with pytest.raises(SourceError, match="has changed since it was listed"), open_remote(file.url, file.etag):
        pass


def test_a_missing_file_says_where(bucket: str) -> None:
    with pytest.raises(SourceError, match="bucket/none"), open_remote(f"{bucket}/none"):
        pass


@pytest.mark.parametrize(("url", "package"), [("s3://bucket/x", "s3fs"), ("gs://bucket/x", "gcsfs")])
def test_a_missing_driver_is_named(url: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SourceError, match=f"pip install {package}"):
        list_files(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "HTTPS://a.test/x",
        "ftp://a.test/x",
        "simplecache::http://127.0.0.1/x",
        "nosuch://bucket/x",
    ],
)
def test_what_is_no_object_store_is_refused(url: str) -> None:
    with pytest.raises(SourceError):
        list_files(url)


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_local_folder_is_read_without_the_hub(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch, suffix: str, streaming: bool
) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "data"
    folder.mkdir()
    if suffix == "jsonl":
        (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    else:
        pq.write_table(pa.Table.from_pylist(RECORDS), folder / "train.parquet")
    assert list(read_hub_dataset(hub(dataset=str(folder), streaming=streaming))) == RECORDS


@pytest.mark.feature(9)
def test_records_inside_the_rows_of_a_data_set_are_one_work(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    lines = [{"id": name, "pages": [{"text": f"{name}, {page}"} for page in (1, 2)]} for name in "ab"]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    given = {"dataset": str(tmp_path), "records": "pages", "columns": {"title": "id"}, "license": "MIT"}
    with Sandbox(seconds=5, memory_bytes=1 << 30) as sandbox:
        read = list(read_part(hub(**given), {}, sandbox))
    assert [(row["id"], row["part_of"], row["text"]) for row in read] == [
        ("wiki/train#1/1", "wiki/train#1", "a, 1"),
        ("wiki/train#1/2", "wiki/train#1", "a, 2"),
        ("wiki/train#2/1", "wiki/train#2", "b, 1"),
        ("wiki/train#2/2", "wiki/train#2", "b, 2"),
    ]
    assert json.loads(read[2]["metadata"])["title"] == "b"


@pytest.mark.feature(7)
def test_a_hub_name_needs_a_commit() -> None:
    with pytest.raises(ValidationError, match="needs `revision`"):
        hub(dataset="wikimedia/wikipedia")
    with pytest.raises(ValidationError):
        hub(dataset="wikimedia/wikipedia", revision="main")
    assert hub(dataset="wikimedia/wikipedia", revision=COMMIT).revision == COMMIT


def test_a_hub_name_without_a_network_says_so(offline: None) -> None:
    with pytest.raises(SourceError, match=r"wikimedia/wikipedia .*HF_HUB_OFFLINE is set.*local folder"):
        next(read_hub_dataset(hub(dataset="wikimedia/wikipedia", revision=COMMIT)))


def test_a_folder_or_split_that_is_not_there_says_so(tmp_path: Path, offline: None) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        next(read_hub_dataset(hub(dataset=str(tmp_path / "none"))))
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(SourceError, match="split test"):
        next(read_hub_dataset(hub(dataset=str(tmp_path), split="test")))


def test_a_stream_that_breaks_is_not_a_shorter_stream(tmp_path: Path, offline: None) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "b"}\n{"text": \n')
    with pytest.raises(SourceError, match="breaks after 1 records"):
        list(read_hub_dataset(hub(dataset=str(tmp_path))))


def test_code_in_a_dataset_folder_is_not_run(tmp_path: Path, offline: None) -> None:
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(SourceError):
        next(read_hub_dataset(hub(dataset=str(folder))))
    assert not (tmp_path / "ran").exists()


def test_the_module_of_the_params_loads_nothing_heavy() -> None:
    code = "import sys, cpt_pipeline.corpus.collect.remote; print({'datasets', 'fsspec', 'torch'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
