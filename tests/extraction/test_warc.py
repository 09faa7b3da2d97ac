import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.extraction.pdf.pdf import PdfParams
from cpt_pipeline.extraction.readers import read_stream
from cpt_pipeline.extraction.reading import Reading, ReadingParams, StreamFault
from cpt_pipeline.extraction.sandbox import Sandbox
from cpt_pipeline.extraction.warc import read_warc
from tests.corpus.collect.pdf_bytes import write_pdf
from tests.extraction.test_compressed import pack_zstd

SENTENCE = "The committee met on Tuesday and agreed on the plan for the next three years of the project."
SAMPLES = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data/dolma_tests/warc"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def record(
    number: int,
    body: bytes | None = None,
    *,
    headers: str = "Content-Type: text/html; charset=utf-8",
    status: str = "200 OK",
    kind: str = "response",
    length: int | None = None,
) -> bytes:
    html = f"<html><body><p>Page {number}. {SENTENCE}</p></body></html>".encode() if body is None else body
    block = f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + html
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <http://example.org/{number}>\r\n"
        f"WARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {length or len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def read(raw: bytes, sandbox: Sandbox, **params: Any) -> list[Reading]:
    return list(read_warc(io.BytesIO(raw), ReadingParams(**params), PdfParams(), sandbox))


def reasons(readings: list[Reading]) -> list[str | None]:
    return [reading.reason for reading in readings]


PACKED = [gzip.compress(record(number)) for number in range(1, 5)]
PLAIN = [record(number) for number in range(1, 5)]


@pytest.mark.parametrize("pieces", [PLAIN, PACKED])
def test_every_response_is_a_reading_with_its_address_and_day(pieces: list[bytes], sandbox: Sandbox) -> None:
    readings = read(b"".join(pieces), sandbox)
    assert [reading.position for reading in readings] == ["#1", "#2", "#3", "#4"]
    assert [reading.text for reading in readings] == [f"Page {number}. {SENTENCE}" for number in range(1, 5)]
    assert readings[1].fields["url"] == "http://example.org/2"
    assert readings[1].fields["crawled"] == "2020-01-02"
    assert "published" not in readings[1].fields


@pytest.mark.skipif(not SAMPLES.exists(), reason="CPT_SHARED does not name the folder of real corpora")
def test_real_crawls_come_in_whole(sandbox: Sandbox) -> None:
    for name, number in (("sample-0000", 22), ("sample-0001", 15)):
        with (SAMPLES / f"{name}.warc.gz").open("rb") as stream:
            readings = list(read_warc(stream, ReadingParams(), PdfParams(), sandbox))
        assert len(readings) == number
        assert reasons(readings) == [None] * number
        assert all(reading.fields["crawled"] == "2024-04-25" and len(reading.text) > 150 for reading in readings)


@pytest.mark.feature(9)
def test_one_corrupt_member_costs_one_record(sandbox: Sandbox) -> None:
    broken = bytearray(PACKED[1])
    broken[60] ^= 0xFF
    readings = read(PACKED[0] + bytes(broken) + PACKED[2] + PACKED[3], sandbox)
    assert reasons(readings) == [None, "corrupt_record", None, None]
    assert readings[2].fields["url"] == "http://example.org/3"


@pytest.mark.parametrize("pieces", [PLAIN, PACKED])
def test_a_cut_file_loses_its_last_record_only(pieces: list[bytes], sandbox: Sandbox) -> None:
    readings = read(b"".join(pieces)[:-60], sandbox)
    assert reasons(readings) == [None, None, None, "corrupt_record"]
    assert readings[3].fields["url"] == "http://example.org/4"


def test_a_wrong_length_does_not_swallow_the_records_behind_it(sandbox: Sandbox) -> None:
    readings = read(PLAIN[0] + record(2, length=5000) + PLAIN[2] + PLAIN[3], sandbox)
    assert reasons(readings) == [None, "corrupt_record", None, None]
    readings = read(PLAIN[0] + b"not a record\r\n" * 9 + PLAIN[2] + PLAIN[3], sandbox)
    assert reasons(readings) == [None, "corrupt_record", None, None]


def test_a_stream_that_cannot_be_sought_ends_with_a_fault_at_a_broken_record(sandbox: Sandbox) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    stream = Pipe(PLAIN[0] + b"not a record\r\n" * 9 + PLAIN[2])
    readings = read_warc(stream, ReadingParams(), PdfParams(), sandbox)
    assert [next(readings).reason, next(readings).reason] == [None, "corrupt_record"]
    with pytest.raises(StreamFault) as caught:
        next(readings)
    assert caught.value.reason == "corrupt"


def test_a_file_of_nothing_but_false_starts_is_given_up(sandbox: Sandbox) -> None:
    with pytest.raises(StreamFault):
        read(b"\x1f\x8b\x08\x00" * 5000, sandbox)


def test_each_exclusion_has_its_reason(sandbox: Sandbox) -> None:
    cases = {
        "not_text": record(1, b"\x89PNG", headers="Content-Type: image/png"),
        "http_status": record(2, status="404 Not Found"),
        "revisit": record(3, b"", kind="revisit"),
        "too_large": record(4, b"<p>" + b"word " * 30_000),
        "corrupt_record": record(5, b"no gzip", headers="Content-Type: text/html\r\nContent-Encoding: gzip"),
        "no_content": record(6, b"<nav>Home</nav>"),
    }
    readings = read(b"".join(cases.values()), sandbox, max_record_bytes=100_000)
    assert reasons(readings) == list(cases)
    assert [reading.fields["url"] for reading in readings] == [f"http://example.org/{n}" for n in range(1, 7)]
    assert [reading.detail for reading in readings][:2] == ["image/png", "404"]


def test_packed_and_chunked_bodies_are_unpacked_up_to_the_cap(sandbox: Sandbox) -> None:
    html = f"<p>{SENTENCE}</p>".encode()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(html), html)
    bomb = zlib.compress(b"\0" * 50_000_000)
    readings = read(
        record(1, gzip.compress(html), headers="Content-Type: text/html\r\nContent-Encoding: gzip")
        + record(2, chunked, headers="Content-Type: text/html\r\nTransfer-Encoding: chunked")
        + record(3, bomb, headers="Content-Type: text/html\r\nContent-Encoding: deflate")
        + record(4, html, headers="Content-Type: text/html\r\nContent-Encoding: br"),
        sandbox,
        max_record_bytes=1_000_000,
    )
    assert [reading.text for reading in readings] == [SENTENCE, SENTENCE, "", ""]
    assert reasons(readings) == [None, None, "too_large", "not_text"]


def test_a_pdf_is_read_where_it_is_named_or_looks_like_one(sandbox: Sandbox) -> None:
    pdf = write_pdf([SENTENCE])
    readings = read(
        record(1, pdf, headers="Content-Type: application/pdf")
        + record(2, pdf, headers="Content-Type: application/octet-stream")
        + record(3, b"no PDF", headers="Content-Type: application/pdf"),
        sandbox,
    )
    assert [(each.position, each.text, each.reason) for each in readings] == [
        ("#1", SENTENCE, None),
        ("#2", SENTENCE, None),
        ("#3", "", "not_pdf"),
    ]
    assert [each.fields.get("url") for each in readings] == [f"http://example.org/{number}" for number in (1, 2, 3)]
    assert readings[0].fields["pages"] == 1


def test_the_header_names_the_encoding_and_unknown_names_are_passed_over(sandbox: Sandbox) -> None:
    chinese = "模型通过继续预训练吸收领域知识，并在一般能力上保持不变，这是主要问题。"
    readings = read(
        record(1, f"<p>{chinese}</p>".encode("gbk"), headers="Content-Type: text/html; charset=GBK")
        + record(2, f"<p>{chinese}</p>".encode(), headers="Content-Type: text/html; charset=no-such")
        + record(3, chinese.encode("big5", "ignore"), headers="Content-Type: text/plain; charset=big5"),
        sandbox,
    )
    assert [reading.fields["encoding"] for reading in readings[:2]] == ["gbk", "utf-8"]
    assert [reading.text for reading in readings[:2]] == [chinese, chinese]
    assert readings[2].text == chinese.encode("big5", "ignore").decode("big5")


def test_a_day_of_publication_after_the_crawl_is_left_out(sandbox: Sandbox) -> None:
    pages = [record(day, f'<meta name="date" content="20{day}-06-01"><p>{SENTENCE}</p>'.encode()) for day in (19, 21)]
    early, late = read(b"".join(pages), sandbox)
    assert early.fields["published"] == "2019-06-01"
    assert "published" not in late.fields


def test_an_archive_packed_as_zst_is_read_up_to_its_fault() -> None:
    """What unpacks it cannot be sought, so all behind a broken record is lost, and that is said."""

    def found(raw: bytes) -> list[tuple[str, str | None]]:
        with Sandbox() as sandbox:
            readers = {".warc": lambda stream, params: read_warc(stream, params, PdfParams(), sandbox)}
            readings = list(read_stream("a.warc.zst", io.BytesIO(raw), ReadingParams(), readers))
        return [(reading.position, reading.reason) for reading in readings]

    assert found(pack_zstd(b"".join(PLAIN))) == [(f"#{number}", None) for number in range(1, 5)]
    broken = PLAIN[0] + b"not a record\r\n" * 9 + PLAIN[2]
    assert found(pack_zstd(broken)) == [("#1", None), ("#2", "corrupt_record"), ("#after-2", "corrupt")]
    assert found(pack_zstd(PLAIN[0]) + pack_zstd(PLAIN[1])[:-9]) == [("#1", None), ("#after-1", "truncated")]


def test_wet_text_is_read(sandbox: Sandbox) -> None:
    text = "纯文本。\n" * 3
    head = (
        "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://example.org/\r\n"
        f"WARC-Date: 2020-01-02T03:04:05Z\r\nContent-Type: text/plain\r\nContent-Length: {len(text.encode())}\r\n\r\n"
    )
    (reading,) = read(head.encode() + text.encode() + b"\r\n\r\n", sandbox)
    assert (reading.text, reading.fields["crawled"]) == (text, "2020-01-02")


def test_an_empty_file_has_no_reading_and_another_kind_of_file_has_one(sandbox: Sandbox) -> None:
    assert read(b"", sandbox) == []
    assert reasons(read(b"hello world", sandbox)) == ["corrupt_record"]
