"""Parquet and arrow: rows fail one by one, files that lie about themselves are refused."""

from __future__ import annotations

import datetime
import gzip
import io
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.columnar import read_arrow, read_parquet
from cpt_pipeline.extraction.reading import ReadingParams, StreamFault
from tests.corpus.collect.streams import ShortReads, pairs, read, readings


def parquet(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def arrow(table: pa.Table, form: str = "stream", batch_rows: int | None = None) -> bytes:
    buffer = io.BytesIO()
    make = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
    with make(buffer, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    return buffer.getvalue()


def bad_strings(kind: pa.DataType) -> pa.Array:
    raw = pa.array([b"good", None, b"\xff\xfe", b"", "汉字".encode(), b"x" * 20], pa.binary()).cast(
        pa.large_binary() if kind == pa.large_string() else pa.binary()
    )
    return pa.Array.from_buffers(kind, len(raw), raw.buffers())


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_rows_fail_one_by_one(kind: pa.DataType) -> None:
    table = pa.table({"text": bad_strings(kind), "n": range(6)})
    expected = [
        ("#1", "good"),
        ("#2", "no_text_field"),
        ("#3", "undecodable"),
        ("#4", "empty"),
        ("#5", "汉字"),
        ("#6", "too_large"),
    ]
    for name, content in (("a.parquet", parquet(table)), ("a.arrow", arrow(table)), ("b.arrow", arrow(table, "file"))):
        assert read(name, content, max_record_bytes=19) == expected


def test_files_that_cannot_be_read() -> None:
    empty = pa.table({"text": pa.array([], pa.string())})
    for suffix, write in (("parquet", parquet), ("arrow", arrow)):
        (number,) = readings(f"a.{suffix}", write(pa.table({"text": [1, 2]})))
        assert (number.reason, number.detail) == ("no_text_field", "column 'text' holds int64, no text")
        (other,) = readings(f"a.{suffix}", write(pa.table({"other": ["x"]})))
        assert (other.reason, other.detail) == ("no_text_field", "no column 'text'; there are other")
        assert read(f"a.{suffix}", write(empty)) == [("", "empty")]
        assert read(f"a.{suffix}", b"PAR1 ARROW1 nothing of the kind PAR1") == [("", f"not_{suffix}")]
    content = parquet(pa.table({"text": ["x"] * 100}))
    assert read("a.parquet", content[:-20]) == [("", "not_parquet")]


def test_what_comes_before_a_cut_is_kept() -> None:
    content = arrow(pa.table({"text": [str(number) for number in range(100)]}), batch_rows=10)
    found = read("a.arrow", content[:-200])
    num_kept = len(found) - 1
    assert num_kept % 10 == 0
    assert 50 < num_kept < 100
    assert found[-1] == (f"#after-{num_kept}", "not_arrow")
    assert found[:-1] == [(f"#{number + 1}", str(number)) for number in range(num_kept)]


def test_offsets_that_point_outside_are_refused() -> None:
    content = bytearray(arrow(pa.table({"text": pa.array(["abcd", "efgh", "ijkl"])})))
    offsets = b"".join(number.to_bytes(4, "little") for number in (0, 4, 8, 12))
    at = content.index(offsets)
    content[at + 4 : at + 8] = (1 << 30).to_bytes(4, "little")
    assert read("a.arrow", bytes(content)) == [(f"#{number}", "not_arrow") for number in (1, 2, 3)]


def test_nested_columns_dictionaries_and_dates() -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "b", "a"]).dictionary_encode(),
            "meta": [{"url": "u1"}, {"url": None}, None],
            "when": pa.array([0, 10**18, None], pa.timestamp("ns", tz="Asia/Nowhere")),
            "day": [datetime.date(2020, 1, 2)] * 3,
        }
    )
    columns = {"url": "meta.url", "published": "when"}
    found = readings("a.parquet", parquet(table), columns=columns)
    assert [reading.text for reading in found] == ["a", "b", "a"]
    assert [reading.fields for reading in found] == [
        {"url": "u1", "published": "1970-01-01", "columns_there": ["url", "published"]},
        {"published": "2001-09-09", "columns_there": ["url", "published"]},
        {"columns_there": ["published"]},
    ]
    assert readings("a.arrow", arrow(table), columns=columns) == found
    (first, *_) = readings("a.parquet", parquet(table), columns={"published": "day"})
    assert first.fields["published"] == "2020-01-02"
    assert read("a.parquet", parquet(table), text_field="meta.url")[:2] == [("#1", "u1"), ("#2", "no_text_field")]


def test_dates_beyond_the_calendar_are_counted() -> None:
    table = pa.table({"text": ["a"], "when": pa.array([1 << 62], pa.timestamp("s"))})
    (reading,) = readings("a.arrow", arrow(table), columns={"published": "when"})
    assert (reading.text, reading.fields) == ("a", {"bad_dates": 1, "columns_there": ["published"]})


@pytest.mark.feature(9)
@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_records_in_the_cells_of_a_row_are_one_work(name: str) -> None:
    table = pa.table(
        {
            "id": ["x", "y"],
            "unused": [1, 2],
            "data": [{"p": [{"text": "a"}, {"text": "b", "id": "own"}]}, {"p": [{"text": "c"}, {"text": None}]}],
        }
    )
    content = parquet(table) if name == "a.parquet" else arrow(table)
    found = readings(name, content, records="data.p", columns={"part_of": "id"})
    assert [(each.position, each.work, each.text, each.fields.get("part_of")) for each in found] == [
        ("#1/1", "#1", "a", "x"),
        ("#1/2", "#1", "b", "own"),
        ("#2/1", "#2", "c", "y"),
        ("#2/2", None, "", None),
    ]


def test_packed_tables_are_read_and_bounded() -> None:
    table = pa.table({"text": ["a", "b"]})
    for name, content in (
        ("a.parquet.gz", parquet(table)),
        ("a.arrow.gz", arrow(table)),
        ("b.arrow.gz", arrow(table, "file")),
    ):
        assert read(name, gzip.compress(content)) == [("#1", "a"), ("#2", "b")]
        assert read(name, gzip.compress(content), max_unpacked_bytes=50) == [("", "too_large")]
    assert read("a.parquet.gz", gzip.compress(parquet(table))[:-9]) == [("", "truncated")]


def test_large_groups_are_read_in_small_batches() -> None:
    table = pa.table({"text": [f"{number} " * 250_000 for number in range(10, 60)]})
    content = parquet(table, row_group_size=50, use_dictionary=False, write_batch_size=1)
    before = pa.total_allocated_bytes()
    peak = 0
    for reading in read_parquet(io.BytesIO(content), ReadingParams()):
        assert reading.reason is None
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert len(content) < 8 << 20
    assert peak < 20 << 20


@pytest.mark.feature(9)
def test_a_few_bytes_that_repeat_one_long_text_are_a_bomb_and_cost_little_memory() -> None:
    long = pa.table({"text": ["x" * (8 << 20)] * 64})
    for name, content in (
        ("a.parquet", parquet(long, compression="zstd")),
        ("a.arrow", arrow(pa.table({"text": long["text"].combine_chunks().dictionary_encode()}))),
    ):
        peak, num_characters = 0, 0
        before = pa.total_allocated_bytes()
        reader = read_parquet if name == "a.parquet" else read_arrow
        with pytest.raises(StreamFault, match="characters from"):
            for reading in reader(io.BytesIO(content), ReadingParams(max_compression_ratio=2)):
                peak = max(peak, pa.total_allocated_bytes() - before)
                num_characters += len(reading.text)
        assert peak < 100 << 20
        assert num_characters <= (16 << 20) + 2 * len(content)
    assert len(parquet(long, compression="zstd")) < 1000
    assert read("a.parquet", parquet(long, compression="zstd"))[-1] == ("#after-2", "compression_bomb")
    wide = pa.table({"text": [f"{number}" + "x" * (1 << 20) for number in range(40)]})
    packed = parquet(wide, compression="zstd", use_dictionary=False)
    assert read("a.parquet", packed) == [("", "compression_bomb")]
    assert read("a.parquet", parquet(wide.append_column("n", wide["text"]), compression="zstd"), text_field="n")[-1][1]


@pytest.mark.parametrize("reader", [read_parquet, read_arrow])
def test_a_disk_that_fails_is_not_the_table_s_fault(reader: Any) -> None:
    stream = cast(BinaryIO, ShortReads(b"PAR1", error=OSError(5, "Input/output error")))
    with pytest.raises(OSError, match="Input/output error"):
        list(reader(stream, ReadingParams()))


GOOD = {
    "a.parquet": parquet(pa.table({"text": ["some", "text", None]})),
    "a.arrow": arrow(pa.table({"text": ["some", "text", None]})),
    "b.arrow": arrow(pa.table({"text": ["some", "text", None]}), "file"),
}


@pytest.mark.parametrize("at", [101, 188, 191])
def test_a_footer_over_which_the_library_ends_its_process_costs_the_file(at: int) -> None:
    """Where the level histograms of a chunk have another length than its schema says, `RowGroup.column` aborts."""
    content = GOOD["a.parquet"]
    assert len(content) == 438
    new = {101: 35, 188: 57, 191: 32}[at]
    (reading,) = readings("a.parquet", content[:at] + bytes([new]) + content[at + 1 :])
    assert reading.reason == "not_parquet"
    assert "SIGABRT" in reading.detail


@pytest.mark.parametrize("name", GOOD)
@given(at=st.integers(0, 2000), new=st.binary(min_size=1, max_size=4))
def test_damaged_tables_give_rows_or_reasons(name: str, at: int, new: bytes) -> None:
    content = GOOD[name]
    at %= len(content)
    found = readings(name, content[:at] + new + content[at + len(new) :])
    assert found
    assert all(reading.reason or reading.text for reading in found)
    assert len({position for position, _ in pairs(found)}) == len(found)
