import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.office.zipped import ZipFault, ZipMembers, ZipParams, resolve


def write_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return held.getvalue()


def fault(raw: bytes, name: str = "a", **params: int) -> str:
    with pytest.raises(ZipFault) as caught:
        ZipMembers(raw, ZipParams(**params)).read(name)
    return caught.value.reason


def test_a_member_is_read_whole() -> None:
    members = ZipMembers(write_zip({"a": b"text" * 100_000}), ZipParams())
    assert "a" in members
    assert members.read("a") == b"text" * 100_000


def test_a_member_that_unpacks_too_far_is_a_bomb() -> None:
    bomb = write_zip({"a": bytes(8 << 20)})
    assert len(bomb) < 10_000
    assert fault(bomb) == "zip_bomb"
    assert len(ZipMembers(bomb, ZipParams(max_ratio=2000)).read("a")) == 8 << 20


def test_the_size_that_a_header_tells_is_not_believed() -> None:
    bomb = bytearray(write_zip({"a": bytes(8 << 20)}))
    at = bomb.rindex(b"PK\x01\x02")
    struct.pack_into("<I", bomb, at + 24, 10)
    assert fault(bytes(bomb)) in ("zip_bomb", "not_zip")


def test_all_members_together_have_a_cap() -> None:
    members = ZipMembers(write_zip({"a": b"x" * 600, "b": b"y" * 600}), ZipParams(max_unpacked_bytes=1000))
    members.read("a")
    with pytest.raises(ZipFault) as caught:
        members.read("b")
    assert caught.value.reason == "too_large"


def test_too_many_entries_are_a_bomb_before_they_are_parsed() -> None:
    assert fault(write_zip({str(number): b"" for number in range(21)}), max_entries=20) == "zip_bomb"
    assert "20" in ZipMembers(write_zip({str(number): b"" for number in range(21)}), ZipParams(max_entries=21))


def test_a_locked_member_is_encrypted() -> None:
    raw = bytearray(write_zip({"a": b"secret"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + at] |= 1
    assert fault(bytes(raw)) == "encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_documents_do_not_use_are_refused(method: int) -> None:
    assert fault(write_zip({"a": b"text" * 100}, method)) == "not_zip"


def test_missing_members_and_names_that_lead_outside_are_not_read() -> None:
    raw = write_zip({"../../etc/passwd": b"x"})
    assert fault(raw, "a") == "missing_part"
    assert resolve("OPS/book.opf", "../../etc/passwd") is None


def test_a_zip_inside_is_only_a_member() -> None:
    inner = write_zip({"bomb": bytes(8 << 20)})
    assert ZipMembers(write_zip({"a": inner}), ZipParams()).read("a") == inner


@pytest.mark.parametrize(
    "raw",
    [b"", b"PK", write_zip({"a": b"text" * 99})[:-30], b"PK\x03\x04" + bytes(99)],
    ids=["empty", "two bytes", "cut", "head alone"],  # a zip holds the time, and the name of a test must not
)
def test_what_is_no_zip_is_told(raw: bytes) -> None:
    assert fault(raw) == "not_zip"


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_bytes_raise_nothing_but_a_fault(data: st.DataObject) -> None:
    raw = bytearray(write_zip({"a": b"some text " * 20, "b/c": b"more"}))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        members = ZipMembers(bytes(raw), ZipParams())
        for name in ("a", "b/c"):
            assert isinstance(members.read(name), bytes)
    except ZipFault as error:
        assert error.reason in ("not_zip", "encrypted", "zip_bomb", "missing_part", "too_large")


@pytest.mark.parametrize(
    ("base", "reference", "member"),
    [
        ("OPS/book.opf", "ch%201.xhtml#top", "OPS/ch 1.xhtml"),
        ("OPS/book.opf", "../text/a.xhtml", "text/a.xhtml"),
        ("book.opf", "a.xhtml", "a.xhtml"),
        ("book.opf", "../a.xhtml", None),
        ("OPS/book.opf", "..", None),
        ("OPS/book.opf", "../..", None),
        ("OPS/book.opf", "/a.xhtml", None),
        ("OPS/book.opf", "http://web/a", None),
        ("OPS/book.opf", "a\\b", None),
        ("OPS/book.opf", "#top", None),
    ],
)
def test_references_stay_inside_the_zip(base: str, reference: str, member: str | None) -> None:
    assert resolve(base, reference) == member
