"""Collect among hostile files: each costs its own record and is named with a reason; what stands beside it is kept."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import read_documents
from tests.corpus.stages import collect_documents
from tests.corpus.texts import make_text

GOOD = make_text(1)
LINE = json.dumps({"text": GOOD}).encode()
DEPTH = 100_000
MIB = 1 << 20
CYCLIC_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1000000/Parent 2 0 R>>endobj\n"
    b"3 0 obj<</Type/Pages/Kids[2 0 R]/Count 1/Parent 3 0 R>>endobj\n"
    b"trailer<</Root 1 0 R/Size 4/Prev 0>>\nstartxref\n0\n%%EOF"
)


def zipped(size: int) -> bytes:
    """Give a zip whose parts are called as those of a Word file are and hold blanks only."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", "word/document.xml"):
            archive.writestr(name, b" " * size)
    return raw.getvalue()


def hostile_files() -> Iterator[tuple[str, bytes]]:
    yield "nul.txt", b"\0a\xff\0" * 400
    yield "surrogate.jsonl", b'{"text": "one \\ud800 half"}\n' + LINE
    yield "long_line.jsonl", LINE + b'\n{"text": "' + b"x" * (70 * MIB) + b'"}\n' + LINE
    yield "nested.txt.gz", gzip.compress(gzip.compress(GOOD.encode()))
    yield "bomb.txt.gz", gzip.compress(b"0" * (60 * MIB))
    yield "bomb.jsonl.zst", zstandard.compress(LINE + b"\n" + b" " * (60 * MIB))
    yield "bomb.docx", zipped(100 * MIB)
    yield "deep.html", b"<div>" * DEPTH + b"text"
    yield "many.html", b"<p>x<br><i></p>" * (4 * DEPTH)
    yield "cyclic.pdf", CYCLIC_PDF
    yield "no.pdf", b"this is no pdf " * 50
    yield "cut.pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog"
    yield "no.epub", b"PK\x03\x04 broken"
    yield "empty.txt", b""
    yield "empty.jsonl", b""
    yield "empty.pdf", b""
    yield "deep.json", b"[" * DEPTH + b"]" * DEPTH
    yield "deep.jsonl", LINE + b"\n" + b'{"text":' * DEPTH + b"1" + b"}" * DEPTH + b"\n" + LINE
    yield "number.jsonl", b'{"text": 1' + b"0" * 10_000 + b"}\n" + LINE
    yield "cut.jsonl.zst", zstandard.compress(LINE + b"\n") + zstandard.compress(LINE + b"\n")[:-9]
    yield "rows.csv", f'text,n\n"{GOOD}",1\ntoo,many,fields,here\nfew\n"{GOOD} too",2\n"never closed,3\n'.encode()
    yield "no.parquet", b"PAR1 not at all"
    yield "deep.xml", b"<a>" * DEPTH
    yield "entities.xml", b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 10_000 + b'">]><a>' + b"&b;" * 100_000 + b"</a>"
    yield "line\nend.txt", GOOD.encode()
    yield "good.txt", GOOD.encode()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile")
    (place / "in").mkdir()
    for name, raw in hostile_files():
        (place / "in" / name).write_bytes(raw)
    (place / "in" / "loop").symlink_to(place / "in")
    (place / "in" / "self.txt").symlink_to(place / "in" / "self.txt")
    (place / "in" / "gone.txt").symlink_to(place / "nowhere")
    (place / "in" / "device.txt").symlink_to("/dev/zero")
    os.mkfifo(place / "in" / "pipe.txt")
    (place / "in" / os.fsdecode(b"name-\xff.txt")).write_text(GOOD)
    return place


@pytest.fixture(scope="module")
def report(place: Path) -> CollectReport:
    source = {"kind": "files", "name": "s", "channel": "domain", "path": place / "in", "license": "MIT"}
    params = {"sources": [source], "max_bad_share": 1, "parsing": {"seconds": 2}}
    channels = ChannelsParams(roles={"domain": "domain"})
    return collect_documents(place / "out", CollectParams.model_validate(params), channels, SuiteParams())


@pytest.fixture(scope="module")
def reasons(place: Path, report: CollectReport) -> dict[str, tuple[str, str | None]]:
    rows = read_documents(place / "out" / "collect_excluded")
    return {row["id"].removeprefix("s/"): (row["reason"], row["detail"]) for row in rows}


REASONS = {
    "bomb.docx": "zip_bomb",
    "bomb.jsonl.zst": "compression_bomb",
    "bomb.txt.gz": "compression_bomb",
    "cut.jsonl.zst#after-1": "truncated",
    "cut.pdf": "not_pdf",
    "cyclic.pdf": "too_large",
    "deep.json#1": "not_json",
    "deep.jsonl#2": "not_json",
    "deep.xml": "not_xml",
    "device.txt": "link_outside",
    "empty.jsonl": "empty",
    "empty.pdf": "empty",
    "empty.txt": "empty",
    "entities.xml": "not_xml",
    "gone.txt": "unreadable",
    "long_line.jsonl#2": "too_large",
    "loop": "unsupported_format",
    "many.html": "too_many_tags",
    "nested.txt.gz": "unsupported_format",
    "nul.txt": "binary_file",
    "no.epub": "not_epub",
    "no.parquet": "not_parquet",
    "no.pdf": "not_pdf",
    "number.jsonl#1": "not_json",
    "pipe.txt": "special_file",
    "rows.csv#17": "bad_row",
    "rows.csv#18": "bad_row",
    "rows.csv#34": "bad_row",
    "self.txt": "unreadable",
    "surrogate.jsonl#1": "undecodable",
}


def test_every_hostile_file_or_record_is_named_with_its_reason(reasons: dict[str, tuple[str, str | None]]) -> None:
    assert {name: reason for name, (reason, _) in reasons.items()} == REASONS
    assert {name for name, (_, detail) in reasons.items() if detail is None} == {
        "empty.jsonl",
        "empty.pdf",
        "empty.txt",
    }
    assert reasons["loop"][1] == "a link to a folder, which is not followed"
    assert all(len(detail) < 300 for _, detail in reasons.values() if detail)


def test_what_stands_beside_it_is_kept(place: Path, report: CollectReport) -> None:
    rows = list(read_documents(place / "out" / "raw_documents"))
    assert {row["id"].removeprefix("s/") for row in rows} == {
        "cut.jsonl.zst#1",
        "deep.html",
        "deep.jsonl#1",
        "deep.jsonl#3",
        "good.txt",
        "line\\nend.txt",
        "long_line.jsonl#1",
        "long_line.jsonl#3",
        "name-\\xff.txt",
        "number.jsonl#2",
        "rows.csv#2",
        "rows.csv#19",
        "surrogate.jsonl#2",
    }
    texts = {row["text"].strip() for row in rows if row["id"] != "s/deep.html"}
    assert texts == {GOOD, f"{GOOD} too"}
    assert report.records_in == report.documents + sum(report.excluded.values()) == len(REASONS) + 13


def test_a_bad_name_of_a_file_survives_the_whole_way(place: Path, report: CollectReport) -> None:
    (row,) = (row for row in read_documents(place / "out" / "raw_documents") if "name-" in row["id"])
    assert json.loads(row["metadata"])["file"] == "name-\\xff.txt"
