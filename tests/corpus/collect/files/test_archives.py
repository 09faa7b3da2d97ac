"""Archives: members are files, what an archive claims costs no more than its caps, nothing is written or followed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.files.archives import ArchiveParams, members
from cpt_pipeline.extraction.reading import StreamFault
from tests.corpus.collect.test_sources import found, rows, source, write
from tests.extraction.code.test_files import MIT
from tests.extraction.test_compressed import pack_zstd


def pack_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pack_tar(files: dict[str, bytes | dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, dict):
                for key, value in content.items():
                    setattr(info, key, value)
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


TEXTS = {"one/a.txt": b"first", "b.jsonl": b'{"text": "second"}\n{"text": "third"}'}


@pytest.mark.feature(172)
@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"])
def test_members_are_files_of_the_source(tmp_path: Path, suffix: str) -> None:
    pack = {".gz": gzip.compress, ".tgz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": pack_zstd}
    plain = pack_zip(TEXTS) if suffix == ".zip" else pack_tar(dict(TEXTS))
    path = write(tmp_path / f"books{suffix}", pack.get(Path(suffix).suffix or suffix, lambda raw: raw)(plain))
    assert found(path) == [
        (f"books{suffix}/one/a.txt", "first"),
        (f"books{suffix}/b.jsonl#1", "second"),
        (f"books{suffix}/b.jsonl#2", "third"),
    ]


def test_what_is_no_plain_file_or_leads_outside_costs_itself(tmp_path: Path) -> None:
    tar = pack_tar(
        {
            "a.txt": b"kept",
            "link.txt": {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
            "hard.txt": {"type": tarfile.LNKTYPE, "linkname": "a.txt"},
            "pipe.txt": {"type": tarfile.FIFOTYPE},
            "disk.txt": {"type": tarfile.BLKTYPE},
            "../../out.txt": b"x",
            "/etc/cron.d/x.txt": b"x",
            "__MACOSX/._a.txt": b"x",
            "folder": {"type": tarfile.DIRTYPE},
        }
    )
    assert found(write(tmp_path / "a.tar", tar)) == [
        ("a.tar/a.txt", "kept"),
        ("a.tar/link.txt", "special_file"),
        ("a.tar/hard.txt", "special_file"),
        ("a.tar/pipe.txt", "special_file"),
        ("a.tar/disk.txt", "special_file"),
        ("a.tar/%2e%2e/%2e%2e/out.txt", "path_outside"),
        ("a.tar/etc/cron.d/x.txt", "path_outside"),
        ("a.tar/__MACOSX/._a.txt", "litter_system"),
    ]
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("..\\out.txt", "x")
        archive.writestr("packed.txt", "x" * 100, zipfile.ZIP_LZMA)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.txt", "one")
            archive.writestr("a.txt", "two")
    assert found(write(tmp_path / "a.zip", buffer.getvalue())) == [
        ("a.zip/link.txt", "special_file"),
        ("a.zip/%2e%2e/out.txt", "path_outside"),
        ("a.zip/packed.txt", "unsupported_format"),
        ("a.zip/a.txt", "one"),
        ("a.zip/a~2.txt", "two"),
    ]


def test_bombs_are_stopped_by_number_size_ratio_and_depth(tmp_path: Path) -> None:
    many = write(tmp_path / "many.zip", pack_zip({f"{number}.txt": b"x" for number in range(9)}))
    assert found(many, archive={"max_members": 3})[3:] == [("many.zip#after-3", "compression_bomb")]
    zeros = write(tmp_path / "zeros.zip", pack_zip({"a.txt": b"x" * (20 << 20), "b.txt": b"never read"}))
    (fault,) = {reason for _, reason in found(zeros, archive={"max_ratio": 10})}
    assert fault == "compression_bomb"
    large = write(tmp_path / "large.tar", pack_tar({"a.txt": b"a", "b.txt": b"b" * 3000}))
    assert found(large, archive={"max_unpacked_bytes": 2000})[:2] == [
        ("large.tar/a.txt", "a"),
        ("large.tar/b.txt", "compression_bomb"),
    ]
    deep = b"core"
    for depth in range(5):
        deep = pack_zip({f"{depth}.zip" if depth else "core.txt": deep})
    (inner,) = rows(source(write(tmp_path / "deep.zip", deep)))
    assert (inner["id"], inner["reason"]) == ("own/deep.zip/4.zip/3.zip/2.zip", "unsupported_format")
    assert found(tmp_path / "deep.zip", archive={"max_depth": 4}) == [
        ("deep.zip/4.zip/3.zip/2.zip/1.zip/core.txt", "core")
    ]


def test_a_header_that_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x" * 10)
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    raw = info.tobuf(tarfile.USTAR_FORMAT) + bytes(4096)
    assert found(write(tmp_path / "a.tar", raw)) == [("a.tar", "compression_bomb")]


def test_broken_archives_keep_what_was_before(tmp_path: Path) -> None:
    tar = pack_tar({"a.txt": b"kept", "b.txt": b"x" * 5000})
    assert found(write(tmp_path / "a.tar", tar[:3000]))[0] == ("a.tar/a.txt", "kept")
    assert {name for name, _ in found(tmp_path / "a.tar")} > {"a.tar/a.txt"}
    assert found(write(tmp_path / "b.zip", b"PK\x03\x04 and nothing")) == [("b.zip", "corrupt")]
    assert found(write(tmp_path / "c.tar.gz", gzip.compress(tar)[:60]))[-1][1] == "truncated"
    assert found(write(tmp_path / "d.zip", pack_zip({}))) == [("d.zip", "empty")]


@pytest.mark.feature(172)
def test_a_packed_repository_is_source_code_under_its_own_licence(tmp_path: Path) -> None:
    tar = pack_tar({"p/a.py": b"x = 1\n", "p/b.c": b"int x;\n", "p/package.json": b"{}", "p/LICENSE": MIT.encode()})
    read = rows(source(write(tmp_path / "p.tar.gz", gzip.compress(tar)), license="Apache-2.0"))
    assert [(row["id"], row.get("license") or row["reason"], row.get("category")) for row in read] == [
        ("own/p.tar.gz/p/a.py", "MIT", "code"),
        ("own/p.tar.gz/p/b.c", "MIT", "code"),
        ("own/p.tar.gz/p/package.json", "data_of_code", None),
        ("own/p.tar.gz/p/LICENSE", "license_file", None),
    ]


@given(
    kind=st.sampled_from([".zip", ".tar"]),
    raw=st.binary(max_size=300),
    cut=st.integers(0, 1500),
    at=st.integers(0, 1500),
)
def test_any_bytes_give_members_or_a_named_fault(kind: str, raw: bytes, cut: int, at: int) -> None:
    whole = bytearray(pack_zip(TEXTS) if kind == ".zip" else pack_tar(dict(TEXTS))[:3000])
    whole[at : at + len(raw) // 20] = raw[: len(raw) // 20]
    for content in (raw, bytes(whole), bytes(whole[:cut])):
        try:
            for member, stream in members(kind, io.BytesIO(content), ArchiveParams()):
                assert member.name
                stream.read()
        except StreamFault as fault:
            assert fault.reason in ("corrupt", "compression_bomb")
