"""Artifacts: finished only with a manifest, equal only with equal bytes, damaged by any change."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import (
    MANIFEST,
    content_hash,
    digest_file,
    digest_json,
    find_damage,
    is_sealed,
    link_tree,
    publish,
    read_manifest,
    remove_unfinished,
    require_space,
    require_whole,
    seal,
    unfinished,
    write_json,
)
from cpt_pipeline.core.errors import ArtifactError, DiskSpaceError


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    return make(tmp_path / "sealed")


def make(place: Path, text: str = "abc") -> Path:
    (place / "deep").mkdir(parents=True)
    (place / "a.txt").write_text(text)
    (place / "deep" / "b.bin").write_bytes(b"\x00" * 10)
    seal(place, "documents", rows=2)
    return place


def test_manifest_is_literally_this(sealed: Path) -> None:
    assert json.loads((sealed / MANIFEST).read_text()) == {
        "format": 3,
        "kind": "documents",
        "rows": 2,
        "files": {
            "a.txt": {"bytes": 3, "xxh3_128": "06b05ab6733a618578af5f94892f3950"},
            "deep/b.bin": {"bytes": 10, "xxh3_128": digest_file(sealed / "deep" / "b.bin")},
        },
    }


def test_equal_content_is_equal_wherever_it_lies(sealed: Path, tmp_path: Path) -> None:
    assert content_hash(make(tmp_path / "other")) == content_hash(sealed)
    assert content_hash(make(tmp_path / "third", "abd")) != content_hash(sealed)


@given(st.dictionaries(st.text(), st.integers() | st.text(), min_size=2))
def test_digest_of_json_ignores_the_order_of_keys(value: dict[str, int | str]) -> None:
    assert digest_json(value) == digest_json(dict(reversed(value.items())))
    assert digest_json(value) != digest_json({**value, "one more": 0, "and": 1})


def test_unfinished_directory_says_what_to_do(tmp_path: Path) -> None:
    assert not is_sealed(tmp_path)
    with pytest.raises(ArtifactError, match=r"no manifest\.json.*Run that stage again"):
        read_manifest(tmp_path)


def test_other_format_is_refused(sealed: Path) -> None:
    write_json(sealed / MANIFEST, {"format": 99, "files": {}})
    with pytest.raises(ArtifactError, match=r"is of format 99, this version reads 1 to 3\. Read it with the"):
        content_hash(sealed)


def test_only_what_changed_since_an_older_format_is_refused(sealed: Path) -> None:
    write_json(sealed / MANIFEST, {"format": 1, "kind": "model", "files": {}})
    assert read_manifest(sealed)["kind"] == "model"
    write_json(sealed / MANIFEST, {"format": 1, "kind": "tokens", "files": {}})
    message = r"format 1, and what it holds \(tokens\) changed in format 3\. Run the stage that makes it again"
    with pytest.raises(ArtifactError, match=message):
        read_manifest(sealed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"format": 3, "kin',
        "[3]",
        '{"format": 3}',
        '{"format": 3, "files": ["a"]}',
        '{"format": 3, "files": {"a": 1}}',
    ],
)
def test_a_manifest_that_was_cut_or_garbled_is_named_with_the_remedy(sealed: Path, text: str) -> None:
    (sealed / "manifest.json").write_text(text, encoding="utf-8")
    for read in (read_manifest, find_damage, content_hash):
        with pytest.raises(ArtifactError, match=r"manifest\.json is damaged .*dvc checkout"):
            read(sealed)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda place: (place / "a.txt").write_text("abd"), ["a.txt: bytes differ from the manifest"]),
        (lambda place: (place / "a.txt").write_text("ab"), ["a.txt: 2 bytes, expected 3"]),
        (lambda place: (place / "deep/b.bin").write_bytes(b""), ["deep/b.bin: 0 bytes, expected 10"]),
        (lambda place: (place / "a.txt").unlink(), ["a.txt: missing"]),
        (lambda place: (place / "c").touch(), ["c: not named by the manifest"]),
        (
            lambda place: (place / "a.txt").rename(place / "z.txt"),
            ["z.txt: not named by the manifest", "a.txt: missing"],
        ),
        (lambda place: (place / "deep" / MANIFEST).touch(), ["deep/manifest.json: not named by the manifest"]),
        (lambda _place: None, []),
    ],
)
def test_every_kind_of_damage_is_found(sealed: Path, damage, found: list[str]) -> None:  # type: ignore[no-untyped-def]
    damage(sealed)
    assert find_damage(sealed) == found


def test_any_single_flipped_bit_is_found(sealed: Path) -> None:
    path = sealed / "deep" / "b.bin"
    for bit in range(80):
        flipped = bytearray(10)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert find_damage(sealed) == ["deep/b.bin: bytes differ from the manifest"]


def test_write_json_replaces_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": "汉"})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert path.read_text(encoding="utf-8") == '{\n  "a": "汉",\n  "b": 1\n}\n'
    write_json(path, [])
    assert path.read_text() == "[]\n"


def test_publish_moves_and_replaces(sealed: Path, tmp_path: Path) -> None:
    target = tmp_path / "data" / "raw"
    publish(sealed, target)
    assert not sealed.exists()
    publish(make(tmp_path / "newer", "abd"), target)
    assert (target / "a.txt").read_text() == "abd"
    assert find_damage(target) == []
    assert [path.name for path in target.parent.iterdir()] == ["raw"]


def test_a_publication_that_fails_leaves_what_was_there(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "data" / "raw"
    publish(sealed, target)
    newer = make(tmp_path / "newer", "abd")
    rename = os.replace

    def refuse(source: Path, place: Path) -> None:
        if source == newer:
            raise OSError("Input/output error")
        rename(source, place)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        publish(newer, target)
    assert (target / "a.txt").read_text() == "abc"
    assert find_damage(target) == find_damage(newer) == []
    assert [path.name for path in target.parent.iterdir()] == ["raw"]
    with pytest.raises(OSError, match="Input/output error"):
        publish(newer, tmp_path / "data" / "first")
    assert not (tmp_path / "data" / "first").exists()


def test_every_file_and_directory_is_on_disk_before_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "deep" / "er"
    place.mkdir(parents=True)
    (place / "a.txt").write_text("abc")
    flush, flushed = os.fsync, list[int]()

    def note(descriptor: int) -> None:
        if not is_sealed(tmp_path):
            flushed.append(os.fstat(descriptor).st_ino)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    seal(tmp_path, "documents")
    wanted = [tmp_path, tmp_path / "deep", place, place / "a.txt"]
    assert {path.stat().st_ino for path in wanted} <= set(flushed)
    assert len(flushed) == len(wanted) + 1, "the manifest's own bytes too"


def test_publish_refuses_what_is_not_finished(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    with pytest.raises(ArtifactError):
        publish(tmp_path / "half", sealed)
    assert find_damage(sealed) == []


def test_link_tree_shares_bytes_and_skips_the_manifest(sealed: Path, tmp_path: Path) -> None:
    link_tree(sealed, tmp_path / "linked")
    assert not is_sealed(tmp_path / "linked")
    assert (tmp_path / "linked" / "deep" / "b.bin").samefile(sealed / "deep" / "b.bin")


def test_a_folder_of_an_artifact_is_judged_by_the_manifest_of_the_whole(sealed: Path) -> None:
    assert find_damage(sealed / "deep") == []
    require_whole(sealed / "deep")
    (sealed / "a.txt").write_text("abd")
    assert find_damage(sealed / "deep") == [], "damage beside it is none of its own"
    (sealed / "deep/b.bin").write_bytes(b"\x00" * 9 + b"\x01")
    (sealed / "deep/c.txt").write_text("new")
    assert find_damage(sealed / "deep") == ["c.txt: not named by the manifest", "b.bin: bytes differ from the manifest"]
    for missing in ("none", "deep/deeper"):
        with pytest.raises(ArtifactError, match=r"names no file of none|has no manifest\.json"):
            find_damage(sealed / missing)


def test_damage_is_an_error_that_names_artifact_files_and_remedy(sealed: Path) -> None:
    for number in range(6):
        (sealed / f"x{number}").write_text("stray")
    (sealed / "a.txt").unlink()
    with pytest.raises(ArtifactError) as caught:
        require_whole(sealed)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{sealed} is damaged, so it is not used:"
    assert lines[1] == "  - x0: not named by the manifest"
    assert lines[6] == "  - and 2 more"
    assert f"`dvc checkout {sealed}`" in lines[7]


@pytest.mark.parametrize("damage", ["flip", "zero", "cut", "remove", "add"])
def test_damaged_bytes_are_never_linked(sealed: Path, tmp_path: Path, damage: str) -> None:
    path = sealed / "a.txt"
    changed = {"flip": b"acc", "zero": b"\x00" * 3, "cut": b"ab"}
    if damage == "remove":
        path.unlink()
    elif damage == "add":
        (sealed / "new").touch()
    else:
        path.write_bytes(changed[damage])
    with pytest.raises(ArtifactError, match=f"{'new' if damage == 'add' else 'a.txt'}: .*\nRemove it."):
        link_tree(sealed, tmp_path / "linked", remedy="Remove it.")
    assert not (tmp_path / "linked").exists()


def test_require_space_names_both_numbers(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(
        DiskSpaceError, match=r"needs 1,125,899,906,842,624 bytes and the disk has [\d,]+ free"
    ) as caught:
        require_space(tmp_path, 1 << 50)
    assert caught.value.exit_code == 75


def test_what_dead_processes_left_is_removed_and_what_others_write_stays(tmp_path: Path) -> None:
    ours = unfinished(tmp_path / "pairs")
    dead = tmp_path / ours.name.replace(str(os.getpid()), "999999999")
    elsewhere = tmp_path / ".pairs.other-machine-999999999.tmp"
    for folder in (ours, dead, elsewhere):
        folder.mkdir()
        (folder / "keys").write_text("x")
    remove_unfinished(tmp_path / "pairs")
    assert {path.name for path in tmp_path.iterdir()} == {ours.name, elsewhere.name}
