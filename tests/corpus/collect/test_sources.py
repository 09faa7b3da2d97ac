"""Sources: divided into parts and read again as if they had not been; every record with what conf says of it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.collect.files.parts import plan_parts
from cpt_pipeline.corpus.collect.params import FilesParams, ObjectStoreParams
from cpt_pipeline.corpus.collect.remote import HubDatasetParams
from cpt_pipeline.corpus.collect.sources import find_problems, read_part
from cpt_pipeline.extraction.sandbox import Sandbox

ALL = 1 << 30


def source(path: Path, **more: Any) -> FilesParams:
    given = {"kind": "files", "name": "own", "channel": "en", "path": path, "license": "MIT", **more}
    return FilesParams.model_validate(given)


def rows(params: FilesParams | ObjectStoreParams, part_bytes: int = ALL) -> list[dict[str, Any]]:
    with Sandbox() as sandbox:
        return [row for part in plan_parts(params, part_bytes) for row in read_part(params, part, sandbox)]


def found(path: Path, **more: Any) -> list[tuple[str, str]]:
    """Give position and text or reason of every record."""
    read = rows(source(path, **more))
    return [(row["id"].removeprefix("own/"), row.get("text") or row["reason"]) for row in read]


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


def test_a_circle_of_links_ends_and_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.txt", "one")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert found(tmp_path) == [("a/1.txt", "one"), ("a/again", "unsupported_format")]


def test_row_carries_what_conf_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "text")
    given = {"category": "news", "language": "zh", "url": "https://example.org", "published": "2024-05-01"}
    (row,) = rows(source(path, license="cc-by-4.0", **given))
    assert {name: row[name] for name in given} == given
    assert (row["license"], row["channel"], row["source"]) == ("CC-BY-4.0", "en", "own")
    assert json.loads(row["metadata"])["file"] == "a.txt"


@pytest.mark.parametrize(("tag", "code"), [("eng_Latn", "en"), ("Chinese", "zh"), ("mul", None)])
def test_the_language_of_a_source_may_be_written_in_many_ways(tmp_path: Path, tag: str, code: str | None) -> None:
    (row,) = rows(source(write(tmp_path / "a.txt", "text"), language=tag))
    assert row["language"] == code


def test_a_language_of_a_source_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'cn' is no language; write its ISO 639 code"):
        source(write(tmp_path / "a.txt", "text"), language="cn")


def test_cap_stops_before_the_document_that_would_pass_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "aaaa|bbbb|cccc")
    assert [text for _, text in found(path, separator="|", max_characters=9)] == ["aaaa", "bbbb"]


@pytest.mark.feature(72)
def test_long_texts_are_cut_and_their_parts_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "aaaa\n\nbbbb\n\ncc|dd")
    expected = [("a.txt#1/1", "aaaa"), ("a.txt#1/2", "bbbb"), ("a.txt#1/3", "cc"), ("a.txt#2", "dd")]
    assert found(path, separator="|", max_document_characters=5) == expected
    read = rows(source(path, separator="|", max_document_characters=5))
    names = ("part_of", "part", "separator", "last_part")
    assert [tuple(row[name] for name in names) for row in read] == [
        ("own/a.txt#1", 0, "", False),
        ("own/a.txt#1", 1, "\n\n", False),
        ("own/a.txt#1", 2, "\n\n", True),
        (None, None, None, True),
    ]


@pytest.mark.feature(72)
def test_no_document_is_longer_than_the_maximum_in_any_format(tmp_path: Path) -> None:
    line = "no end of a sentence here but words " * 300
    write(tmp_path / "a.txt", line)
    write(tmp_path / "b.jsonl", json.dumps({"text": line + "字" * 900}))
    write(tmp_path / "c.csv", f"text\n{line}\n")
    write(tmp_path / "d.xml", f"<a><p>{line}</p></a>")
    lengths = [len(row["text"]) for row in rows(source(tmp_path, max_document_characters=512)) if "text" in row]
    assert len(lengths) > 80
    assert max(lengths) <= 512


def test_records_name_the_work_that_they_belong_to(tmp_path: Path) -> None:
    records = [{"text": f"chapter {n}", "book": "B"} for n in (1, 2)] + [{"text": "a letter"}, {"text": "x", "book": 7}]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, records)))
    read = rows(source(path, columns={"part_of": "book"}))
    assert [row["part_of"] for row in read] == ["own/@B", "own/@B", None, "own/@7"]
    assert [row["last_part"] for row in read] == [True] * 4


ARTICLES = [{"id": n, "data": {"paragraphs": [{"context": f"Of {n}, {k}."} for k in range(3)]}} for n in "ab"]


@pytest.mark.feature(9)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "wrapped.json"])
def test_records_inside_a_record_are_one_work(tmp_path: Path, name: str) -> None:
    content = {
        "a.jsonl": "\n".join(map(json.dumps, ARTICLES)),
        "a.json": json.dumps(ARTICLES),
        "wrapped.json": json.dumps({"version": 1, "articles": ARTICLES}),
    }[name]
    path = write(tmp_path / name, content)
    asked = {"records": "articles.data.paragraphs" if name == "wrapped.json" else "data.paragraphs"}
    read = rows(source(path, text_field="context", **asked))
    assert [row["id"] for row in read] == [f"own/{name}#{n}/{k}" for n in (1, 2) for k in (1, 2, 3)]
    assert [row["part_of"] for row in read] == [f"own/{name}#1"] * 3 + [f"own/{name}#2"] * 3
    assert all(row["last_part"] for row in read)
    read = rows(source(path, text_field="context", columns={"part_of": "id"}, **asked))
    assert [row["part_of"] for row in read] == ["own/@a"] * 3 + ["own/@b"] * 3
    (first, *_) = rows(source(path, text_field="context", max_document_characters=4, **asked))
    assert (first["part_of"], first["part"], first["last_part"]) == (f"own/{name}#1", 0, False)


@pytest.mark.parametrize("unit", ["turn", "conversation"])
def test_conversations_inside_a_record_are_one_work(tmp_path: Path, unit: str) -> None:
    chats = [{"messages": [{"role": "user", "content": f"How are you, {n}?"}]} for n in range(2)]
    path = write(tmp_path / "a.jsonl", json.dumps({"day": 1, "calls": chats}))
    read = rows(source(path, records="calls", dialogues={"unit": unit}))
    assert [row["part_of"] for row in read] == ["own/a.jsonl#1"] * 2


def test_turns_of_a_conversation_are_one_work(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "How are you?"}, {"role": "assistant", "content": "Very well."}]
    path = write(tmp_path / "a.jsonl", json.dumps({"messages": turns}))
    asked = {"unit": "turn", "turns": "messages", "role": "role", "text": "content"}
    read = rows(source(path, dialogues=asked))
    assert [row["part_of"] for row in read] == ["own/a.jsonl#1"] * 2
    assert [row["last_part"] for row in read] == [True, True]


def test_problems_of_a_source(tmp_path: Path) -> None:
    write(tmp_path / "empty" / "a.txt", "")
    write(tmp_path / "other" / "a.exe", "x")
    assert find_problems(source(tmp_path / "absent", license="")) == [
        "no license given. Set license to an SPDX expression, or to `unknown, allowed because <reason>`",
        f"{tmp_path / 'absent'}: no such file or folder",
    ]
    assert find_problems(source(tmp_path / "empty")) == [f"{tmp_path / 'empty'}: all of its files are empty"]
    (tmp_path / "nothing").mkdir()
    (problem,) = find_problems(source(tmp_path / "nothing"))
    assert problem == f"{tmp_path / 'nothing'}: the folder holds no file, nor does any folder below it"
    (problem,) = find_problems(source(tmp_path / "other" / "*.txt"))
    assert problem == f"{tmp_path / 'other' / '*.txt'}: no file matches *.txt in {tmp_path / 'other'}"
    write(tmp_path / "other/b.doc", "x")
    write(tmp_path / "other/~$b.doc", "x")
    (problem,) = find_problems(source(tmp_path / "other"))
    assert (
        "none of its 3 files can be read (1 of suffix .exe; 1 of suffix .doc: save it as .docx (LibreOffice: "
        in problem
    )
    assert "); 1 litter_lock_file). Read are source code, .arrow, .cnxml, .csv" in problem


def test_formats_of_one_folder_are_read_by_their_readers(tmp_path: Path) -> None:
    paragraph = "This paragraph is long enough to be the content of a page, and says so twice. Here is more of it."
    page = f"<html><body><nav><a href='/'>Home</a></nav><article><p>{paragraph}</p></article></body></html>"
    write(tmp_path / "page.html", page)
    write(tmp_path / "rows.csv", "text,url\nfirst,https://a.example\nsecond,\n")
    write(tmp_path / "not.pdf", "no mark of a PDF")
    write(tmp_path / "not.docx", "no zip")
    read = {row["id"].removeprefix("own/"): row for row in rows(source(tmp_path, columns={"url": "url"}))}
    texts = {name: row.get("text") or row["reason"] for name, row in read.items()}
    assert texts == {
        "not.docx": "not_docx",
        "not.pdf": "not_pdf",
        "page.html": paragraph,
        "rows.csv#2": "first",
        "rows.csv#3": "second",
    }
    assert read["page.html"]["category"] == "web"
    assert [read[name]["url"] for name in ("rows.csv#2", "rows.csv#3")] == ["https://a.example", None]


def test_a_record_may_bring_its_licence_and_one_that_is_none_is_excluded(tmp_path: Path) -> None:
    lines = [{"text": "one", "rights": "cc-by-4.0"}, {"text": "two", "rights": "mine"}, {"text": "three"}]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    read = rows(source(path, columns={"license": "rights"}))
    assert [row.get("license") or row["reason"] for row in read] == ["CC-BY-4.0", "license_unclear", "MIT"]


def test_an_object_store_is_read_as_a_folder_is(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.txt", "one")
    write(tmp_path / "x" / "b.jsonl", '{"text": "two"}')
    given = {"name": "own", "channel": "en", "license": "MIT"}
    store = ObjectStoreParams(kind="object_store", address=f"file://{tmp_path}/x", **given)
    assert rows(store) == rows(source(tmp_path / "x"))


def test_a_packed_archive_is_read_member_by_member(tmp_path: Path) -> None:
    text = "A page of an archive, with a sentence. And with another one, too."
    body = f"<html><body><article><p>{text}</p></article>".encode()
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
    )
    record = (
        f"{head}Content-Type: application/http\r\nContent-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"
    )
    write(tmp_path / "a.warc.gz", gzip.compress(record) + gzip.compress(record))
    read = rows(source(tmp_path))
    assert [row["id"] for row in read] == ["own/a.warc.gz#1", "own/a.warc.gz#2"]
    assert [row.get("text") for row in read] == [
        "A page of an archive, with a sentence. And with another one, too."
    ] * 2
    assert read[0]["url"] == "http://a.example/"


def test_what_was_counted_in_a_text_stands_with_its_first_part(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "第一部分。".encode("gb18030") + b"\xff\n\n" + "第二部分。".encode("gb18030"))
    read = rows(source(path, encoding="gb18030", max_bad_byte_share=0.5, max_document_characters=8))
    found = [json.loads(row["metadata"]) for row in read]
    assert [each.get("bad_bytes") for each in found] == [1, None]
    assert [each["file"] for each in found] == ["a.txt", "a.txt"]


def test_a_folder_of_a_data_set_whose_links_lead_away_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "data/a.jsonl", '{"text": "one"}')
    given = {
        "kind": "hugging_face",
        "name": "own",
        "channel": "en",
        "license": "MIT",
        "dataset": str(tmp_path / "data"),
    }
    assert find_problems(HubDatasetParams.model_validate(given)) == []
    (tmp_path / "data/b.jsonl").symlink_to("/proc/self/environ")
    (problem,) = find_problems(HubDatasetParams.model_validate(given))
    assert "1 links lead out of it (b.jsonl)" in problem
