"""Names of members are read in the encoding of the system that packed them, and no two members share an id."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from cpt_pipeline.corpus.collect.files.file_list import printable
from tests.corpus.collect.files.test_archives import pack_tar
from tests.corpus.collect.test_sources import found, write


class RawName(zipfile.ZipInfo):
    """A member whose name is written as bytes, without the mark of UTF-8."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("latin-1"), 0


def pack_raw(names: list[bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(RawName(name.decode("latin-1")), f"text {number}")
    return buffer.getvalue()


NAMES = [
    (["第一章/绪论.txt", "第二章/方法.txt"], "gbk"),
    (["會議記錄.txt", "plain.txt"], "big5"),
    (["表.txt", "議事録/予定.txt"], "shift_jis"),
    (["회의록.txt"], "euc_kr"),
    (["Grüße.txt", "résumé.txt"], "cp437"),
    (["Ação.txt"], "cp850"),
    (["Отчёт за год.txt", "Договор.txt"], "cp866"),
    (["第一章.txt", "été.txt"], "utf-8"),
]


@pytest.mark.parametrize(("names", "encoding"), NAMES)
def test_names_of_a_zip_are_read_in_their_encoding(tmp_path: Path, names: list[str], encoding: str) -> None:
    path = write(tmp_path / "a.zip", pack_raw([name.encode(encoding) for name in names]))
    assert found(path) == [(f"a.zip/{name}", f"text {number}") for number, name in enumerate(names)]


@pytest.mark.parametrize(("names", "encoding"), NAMES)
def test_names_of_a_tar_are_read_in_their_encoding(tmp_path: Path, names: list[str], encoding: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding=encoding) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"text"))
    assert found(write(tmp_path / "a.tar", buffer.getvalue())) == [(f"a.tar/{name}", "text") for name in names]


def test_names_in_pax_headers_are_read(tmp_path: Path) -> None:
    name = "很长的名字" * 30 + ".txt"
    assert found(write(tmp_path / "a.tar", pack_tar({name: b"text"}))) == [(f"a.tar/{name}", "text")]


def test_no_two_members_get_one_id(tmp_path: Path) -> None:
    names = [b"a.txt", b"a.txt", b"a~2.txt", b"x\xff\xb2.txt", rb"x\xff\xb2.txt", b"b/c.txt", b"b\\c.txt"]
    ids = [position for position, _ in found(write(tmp_path / "a.zip", pack_raw(names)))]
    assert len(set(ids)) == len(names)
    assert ids[:3] == ["a.zip/a.txt", "a.zip/a~2.txt", "a.zip/a~2~2.txt"]


def test_no_two_names_are_printed_alike(tmp_path: Path) -> None:
    names = ["a\udcb2", "a\\xb2", "a\xb2", "a\udc85", "a\x85", "a\\u0085", "a\n", "a\\n", "a\\\\n", "a\u202e"]
    assert len({printable(name) for name in names}) == len(names)
    assert printable("a\udcb2") == r"a\xb2"
    for raw in (b"g\xb2.txt", rb"g\xb2.txt"):
        (tmp_path / raw.decode("utf-8", "surrogateescape")).write_text(f"{raw!r}")
    assert sorted(found(tmp_path)) == [(r"g\\xb2.txt", repr(rb"g\xb2.txt")), (r"g\xb2.txt", repr(b"g\xb2.txt"))]
