"""Local files: every format, and every way in which bytes are no text, each with its name and reason."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect import files
from cpt_pipeline.corpus.collect.files import FilesParams, find_problems, read_records

BOMB = '<!DOCTYPE d [<!ENTITY a "xxxxxxxxxx">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
) + "]><d>&i;</d>"  # fmt: skip


def source(path: Path, **more: Any) -> FilesParams:
    given = {"kind": "files", "name": "own", "channel": "en", "path": path, "license": "MIT", **more}
    return FilesParams.model_validate(given)


def found(path: Path, **more: Any) -> list[tuple[str, str]]:
    """Give position and text or reason of every record."""
    rows = read_records(source(path, **more))
    return [(row["id"].removeprefix("own/"), row.get("text") or row["reason"]) for row in rows]


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_files_of_a_folder_come_sorted_by_path(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.txt", "a/b.TXT", "c.jpg", "LICENSE"):
        write(tmp_path / name, f"text of {name}")
    assert found(tmp_path) == [
        ("LICENSE", "unsupported_format"),
        ("a/b.TXT", "text of a/b.TXT"),
        ("a/z.txt", "text of a/z.txt"),
        ("b.md", "text of b.md"),
        ("c.jpg", "unsupported_format"),
    ]


def test_patterns_and_single_files(tmp_path: Path) -> None:
    for name in ("x/1.txt", "x/deep/2.txt", "y/3.md"):
        write(tmp_path / name, name)
    assert found(tmp_path / "**" / "*.txt") == [("x/1.txt", "x/1.txt"), ("x/deep/2.txt", "x/deep/2.txt")]
    assert found(tmp_path / "x" / "?.txt") == [("1.txt", "x/1.txt")]
    assert found(tmp_path / "y" / "3.md") == [("3.md", "y/3.md")]


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.txt", "one")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert ("a/1.txt", "one") in found(tmp_path)


def test_row_carries_what_conf_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "text")
    given = {"category": "news", "language": "zh", "url": "https://example.org", "published": "2024-05-01"}
    (row,) = read_records(source(path, license="cc-by-4.0", **given))
    assert {name: row[name] for name in given} == given
    assert (row["license"], row["channel"], row["source"]) == ("CC-BY-4.0", "en", "own")
    assert json.loads(row["metadata"]) == {"file": "a.txt"}


def test_one_bad_line_of_jsonl_loses_one_line(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"text": "with mark"}\r',
        b'{"text": "bad \xff byte"}',
        b"",
        b"null",
        b"[1]",
        b'{"other": "x"}',
        b'{"text": 5}',
        b'{"text": " "}',
        b'{"text": "half \\ud800 pair"}',
        b"{broken",
        b"[" * 100_000,
        b'{"text": "' + b"x" * 200_001 + b'"}',
        '{"text": "last 汉字"}'.encode(),
    ]
    path = write(tmp_path / "a.jsonl", b"\n".join(lines))
    assert found(path, max_record_bytes=200_000) == [
        ("a.jsonl#1", "with mark"),
        ("a.jsonl#2", "undecodable"),
        ("a.jsonl#4", "no_text_field"),
        ("a.jsonl#5", "no_text_field"),
        ("a.jsonl#6", "no_text_field"),
        ("a.jsonl#7", "no_text_field"),
        ("a.jsonl#8", "empty"),
        ("a.jsonl#9", "undecodable"),
        ("a.jsonl#10", "not_json"),
        ("a.jsonl#11", "not_json"),
        ("a.jsonl#12", "too_large"),
        ("a.jsonl#13", "last 汉字"),
    ]


def test_text_field_is_conf(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"body": "b", "text": "t"}\n')
    assert found(path, text_field="body") == [("a.jsonl#1", "b")]


def test_separator_splits_and_a_last_one_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\n<|end|>two<|end|> <|end|>three<|end|>\n")
    assert found(path, separator="<|end|>") == [
        ("a.txt#1", "one\n"),
        ("a.txt#2", "two"),
        ("a.txt#3", "empty"),
        ("a.txt#4", "three"),
    ]
    assert [name for name, _ in found(path)] == ["a.txt"]


def test_whole_file_too_large_empty_or_undecodable(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "x" * 101)
    write(tmp_path / "b.txt", "")
    write(tmp_path / "c.txt", "naïve".encode("latin-1"))
    write(tmp_path / "d.txt", "x" * 100)
    reasons = found(tmp_path, max_record_bytes=100)
    assert reasons[:3] == [("a.txt", "too_large"), ("b.txt", "empty"), ("c.txt", "undecodable")]
    assert reasons[3][1] == "x" * 100


def test_parquet_rows_fail_one_by_one(tmp_path: Path) -> None:
    raw = pa.array([b"good", None, b"\xff\xfe", b"", "汉字".encode()], pa.binary())
    bad_strings = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    pq.write_table(pa.table({"text": bad_strings}), tmp_path / "a.parquet")
    assert found(tmp_path / "a.parquet") == [
        ("a.parquet#1", "good"),
        ("a.parquet#2", "no_text_field"),
        ("a.parquet#3", "undecodable"),
        ("a.parquet#4", "empty"),
        ("a.parquet#5", "汉字"),
    ]


def test_parquet_files_that_cannot_be_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"other": ["x"]}), tmp_path / "b.parquet")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "c.parquet")
    write(tmp_path / "d.parquet", b"PAR1 no parquet")
    assert found(tmp_path) == [
        ("a.parquet", "no_text_field"),
        ("b.parquet", "no_text_field"),
        ("c.parquet", "empty"),
        ("d.parquet", "not_parquet"),
    ]


def test_xml_text_and_xml_that_is_none(tmp_path: Path) -> None:
    write(tmp_path / "a.cnxml", "<d><title>Cells</title><metadata>id</metadata><para>A <term>cell</term>.</para></d>")
    write(tmp_path / "b.xml", "<d><open></d>")
    write(tmp_path / "c.xml", BOMB)
    write(tmp_path / "d.xml", b"<?xml version='1.0' encoding='latin-1'?><d>na\xefve</d>")
    write(tmp_path / "e.xml", b"<d>na\xefve</d>")
    assert found(tmp_path) == [
        ("a.cnxml", "Cells\n\nA cell."),
        ("b.xml", "not_xml"),
        ("c.xml", "not_xml"),
        ("d.xml", "naïve"),
        ("e.xml", "not_xml"),
    ]


def test_cap_stops_before_the_document_that_would_pass_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "aaaa|bbbb|cccc")
    assert [text for _, text in found(path, separator="|", max_characters=9)] == ["aaaa", "bbbb"]


@pytest.mark.feature(72)
def test_long_texts_are_cut_and_their_parts_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "aaaa\n\nbbbb\n\ncc|dd")
    expected = [("a.txt#1/1", "aaaa"), ("a.txt#1/2", "bbbb"), ("a.txt#1/3", "cc"), ("a.txt#2", "dd")]
    assert found(path, separator="|", max_document_characters=5) == expected


def test_problems_of_a_source(tmp_path: Path) -> None:
    write(tmp_path / "empty" / "a.txt", "")
    write(tmp_path / "other" / "a.docx", "x")
    assert find_problems(source(tmp_path / "absent", license="")) == [
        "no license given. Set license to an SPDX expression, or to `unknown, allowed because <reason>`",
        f"{tmp_path / 'absent'}: no such file, or no file matches",
    ]
    assert find_problems(source(tmp_path / "*.none")) == [f"{tmp_path / '*.none'}: no such file, or no file matches"]
    assert find_problems(source(tmp_path / "empty")) == [f"{tmp_path / 'empty'}: all of its files are empty"]
    assert "none of its 1 files ends in .cnxml, .jsonl, .md" in find_problems(source(tmp_path / "other"))[0]


@given(st.lists(st.sampled_from([b"ab", b"a", b"b", b"|", b"||", b"|>", b"a|>b"])), st.integers(1, 7))
def test_split_agrees_with_bytes_split_at_any_chunk_border(parts: list[bytes], chunk: int) -> None:
    raw = b"".join(parts)
    expected = raw.split(b"||")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", chunk)
        pieces = list(files._split(io.BytesIO(raw), b"||", 1_000))
        short = list(files._split(io.BytesIO(raw), b"||", 3))
    assert pieces == (expected if expected[-1] else expected[:-1])
    assert short == [piece if len(piece) <= 3 else None for piece in pieces]


@pytest.mark.feature(8)
def test_real_textbook_modules(shared: Path) -> None:
    rows = list(read_records(source(shared / "data/domain_en_anatomy", license="CC-BY-4.0")))
    texts = {row["id"]: row["text"] for row in rows if "text" in row}
    assert [(row["id"], row["reason"]) for row in rows if "reason" in row] == [("own/LICENSE", "unsupported_format")]
    assert len(texts) == 159
    text = texts["own/m45983.cnxml"]
    assert text.startswith("Overview of Anatomy and Physiology\n\nHuman anatomy is the scientific study of the body’s")
    assert "ada35081-9ec4-4eb8-98b2-3ce350d5427f" not in text
    assert sum(map(len, texts.values())) == 2_834_390
