"""Tables of text: quotes as RFC 4180 has them, and a bad row that costs itself."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.collect.streams import pairs, read, readings


def test_cells_with_quotes_delimiters_and_lines() -> None:
    content = b'\xef\xbb\xbfid,text\r\n1,"a, ""b""\nc"\r\n\r\n2,plain 5" disk\r\n3,"last"'
    assert read("a.csv", content) == [("#2", 'a, "b"\nc'), ("#5", 'plain 5" disk'), ("#6", "last")]
    assert read("a.tsv", b'text\tb\n"x\ty"\tz\n') == [("#2", "x\ty")]
    assert read("a.tsv", b'text\tb\n"x\tz\n', quotes=False) == [("#2", '"x')]
    assert read("a.csv", b"a;text\n1;x\n", delimiter=";") == [("#2", "x")]


def test_a_bad_row_costs_itself() -> None:
    rows = [
        b"id,text",
        b"1,good",
        b"2,too,many",
        b"3",
        b'4,"never closed',
        b"5,kept",
        b'6,"quoted"',
        b"7,bad \xff byte",
        b'8,"wrong"quote',
        b"9," + b"x" * 100,
        b"10,nul \0",
        b"11,",
        b'12,"',
    ]
    assert read("a.csv", b"\n".join(rows), max_record_bytes=60, encoding="utf-8") == [
        ("#2", "good"),
        ("#3", "bad_row"),
        ("#4", "bad_row"),
        ("#5", "bad_row"),
        ("#6", "kept"),
        ("#7", "quoted"),
        ("#8", "undecodable"),
        ("#9", "bad_row"),
        ("#10", "too_large"),
        ("#11", "nul \0"),
        ("#12", "empty"),
        ("#13", "bad_row"),
    ]


def test_a_quoted_row_may_be_as_long_as_a_record_and_no_longer() -> None:
    assert read("a.csv", b'text\n"' + b"x\n" * 100_000 + b'"\n') == [("#2", "x\n" * 100_000)]
    assert len(read("a.csv", b'text\n"' + b"x" * 200_000 + b'"\n')[0][1]) == 200_000
    found = read("a.csv", b'id,text\n1,"' + b"x\n" * 40 + b'"\n2,"y"\n', max_record_bytes=60)
    assert found[0] == ("#2", "too_large")
    assert found[-1] == ("#43", "y")
    assert {reason for _, reason in found[1:-1]} == {"bad_row"}


def test_rows_that_all_open_quotes_do_not_cost_their_square() -> None:
    content = b"id,text\n" + b'a",x,"\n' * 100_000
    found = readings("a.csv", content, max_record_bytes=50_000)
    assert {reading.reason for reading in found} <= {"bad_row", "too_large"}
    assert "lines " in str(found[-1].detail)


def test_files_without_the_column() -> None:
    assert read("a.csv", b"id,body\n1,x\n") == [("", "no_text_field")]
    assert read("a.csv", b"id,body\n1,x\n", template="{id} {title}") == [("", "no_text_field")]
    assert read("a.csv", b"id,body\n1,x\n", template="{id} {title?}{body}") == [("#2", "1 x")]
    assert read("a.csv", b"text\n") == [("", "empty")]
    assert read("a.csv", b"") == [("", "empty")]
    assert read("a.csv", b'"te\n') == [("#1", "bad_row")]


def test_columns_of_rows() -> None:
    content = b"text,when,where\na,2024-01-02,u\nb,soon,\n"
    first, second = readings("a.csv", content, columns={"published": "when", "url": "where"})
    there = {"columns_there": ["published", "url"]}
    assert first.fields == {"encoding": "utf-8", "published": "2024-01-02", "url": "u", **there}
    assert second.fields == {"encoding": "utf-8", "bad_dates": 1, **there}


def test_records_in_cells_of_text_are_refused() -> None:
    assert read("a.csv", b"text,data\na,b\n", records="data.p") == [("", "no_records")]


CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t"), max_size=12)
BAD = ["only one", "one,two,three", '5,"x"y', "6,\udcff\udcff"]


@given(st.lists(st.one_of(CELLS, st.sampled_from(BAD).map(lambda row: (row,)))), st.integers(1, 40))
def test_rows_in_are_texts_and_exclusions_out(rows: list[str | tuple[str]], size: int) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", "text"])
    for row in rows:
        if isinstance(row, str):
            writer.writerow(["id", row])
        else:
            buffer.write(f"{row[0]}\n")
    found = readings("a.csv", buffer.getvalue().encode("utf-8", "surrogateescape"), size=size, encoding="utf-8")
    texts = [row for row in rows if isinstance(row, str) and row.strip()]
    assert [reading.text for reading in found if not reading.reason] == texts
    assert len(found) == max(len(rows), 1)


@given(st.text('ab",\n', max_size=60), st.integers(1, 9))
def test_chunk_borders_change_nothing(content: str, size: int) -> None:
    raw = b"text,b\n" + content.encode()
    found = read("a.csv", raw)
    assert pairs(readings("a.csv", raw, size=size)) == found
    assert len({position for position, _ in found}) == len(found)


def test_real_questions(shared: Path) -> None:
    raw = (shared / "data/benchmarks/cmmlu_test/anatomy.csv").read_bytes()
    found = readings("anatomy.csv", raw, template="{Question}\nA. {A}\nB. {B}")
    assert len(found) == 148
    assert found[0].text == "女性生殖腺是\nA. 卵巢\nB. 前庭大腺"
