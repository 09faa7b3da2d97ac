"""Kinds of files by their names: each that is said to be read has a reader, each that is not has a remedy."""

import io
import re
from pathlib import Path

import pytest

from cpt_pipeline.corpus.collect.sources import _readers, name_unread
from cpt_pipeline.extraction.kinds import (
    ARCHIVES,
    CODE,
    PACKED,
    SUPPORTED,
    UNSUPPORTED,
    kind_and_packing,
    name_unsupported,
)
from cpt_pipeline.extraction.sandbox import Sandbox
from tests.corpus.collect.test_sources import source, write


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/b.v2/X.JSONL.GZ", (".jsonl", ".gz")),
        ("x.tar.xz", (".tar", ".xz")),
        ("x.tgz", (".tar", ".gz")),
        ("x.rs", ("code", "")),
        ("Makefile", ("code", "")),
        ("CMakeLists.txt", ("code", "")),
        ("x.py.bz2", ("code", ".bz2")),
        ("x.doc", (".doc", "")),
        ("LICENSE", ("", "")),
        (".py", ("", "")),
        ("id_rsa", ("", "")),
    ],
)
def test_a_name_says_its_kind_and_packing(name: str, kind: tuple[str, str]) -> None:
    assert kind_and_packing(name) == kind


def test_every_kind_that_is_said_to_be_read_has_a_reader(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        assert set(_readers(source(tmp_path), sandbox)) | ARCHIVES == SUPPORTED
    assert not SUPPORTED & set(UNSUPPORTED)


@pytest.mark.feature(172)
def test_what_no_reader_is_for_is_named_with_its_remedy_before_any_work(tmp_path: Path) -> None:
    for name in ("a.txt", "b.doc", "c.doc", "d.mobi", "e"):
        write(tmp_path / name, "x")
    told = name_unread(source(tmp_path))
    assert told is not None
    assert told.startswith(
        "source own: among its 5 files no reader is for 2 of suffix .doc: save it as .docx (LibreOff"
    )
    assert "1 of suffix .mobi: convert it to .epub" in told
    assert name_unread(source(tmp_path / "a.txt")) is None
    assert name_unsupported(f"x.{number}q" for number in range(10)).endswith("; and 2 other suffixes")


def test_readers_take_any_bytes(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        params = source(tmp_path)
        for kind, reader in _readers(params, sandbox).items():
            for raw in (b"PK\x03\x04" + bytes(40), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf1 \\u-1 \\'", b"[1]"):
                for reading in reader(io.BytesIO(raw), params):
                    assert reading.text or reading.reason, (kind, raw)


def test_the_documentation_lists_every_kind_that_is_read_and_every_one_that_is_not() -> None:
    page = (Path(__file__).parents[2] / "docs/preparing-text.md").read_text(encoding="utf-8")
    section = page.partition("## Kinds of file")[2].partition("\n## ")[0]
    read, unread = (set(re.findall(r"`(\.[a-z0-9]+)`", part)) for part in section.split("**Not read**"))
    assert read - {".tgz", *PACKED} == SUPPORTED - {CODE}
    assert unread - {".git"} == set(UNSUPPORTED)
