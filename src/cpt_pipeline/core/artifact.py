"""Artifact directories: big things between stages, finished when `manifest.json` is there.

The manifest is written last and is a pure function of the content (a hash and a size per file, plus
countable facts), so equal content has an equal manifest and DVC stops a chain of re-runs.
Where an artifact came from is not in here but in `<stage>_provenance` (core.provenance).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from pathlib import Path
from typing import Any

import xxhash

from cpt_pipeline.core.errors import ArtifactError, DiskSpaceError
from cpt_pipeline.core.json_reading import read_json

MANIFEST = "manifest.json"
FORMAT_VERSION = 3
_CHANGED = {"documents": 3, "scores": 3, "tokens": 3}
"""Kind to the format in which it last changed; older ones cannot be read. What is not named is as it was in format 1,
so models, releases and the index of an earlier round stay readable."""
_CHUNK = 1 << 22
_LONGEST_COPY = 1 << 30
_SHOWN = 5


def digest_file(path: Path) -> str:
    """Give the xxh3-128 of a file's bytes as 32 hex digits (7 GB/s on one core)."""
    hasher = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def md5_file(path: Path) -> str:
    """Return the MD5 of a file's bytes as 32 hex digits: the name that DVC gives them."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def digest_json(value: Any) -> str:
    """Give the xxh3-128 of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return xxhash.xxh3_128(text.encode()).hexdigest()


def seal(directory: Path, kind: str, **facts: Any) -> dict[str, Any]:
    """Write the manifest of a finished directory and return it.

    `kind` is the format (`documents`, `tokens`, `mixture`, `model`, ...); `facts` are counts that follow
    from the content. Every file and every directory are flushed to disk before the manifest is renamed
    into place, so a manifest that exists describes bytes that exist.
    """
    files = {}
    for path in _files(directory):
        flush(path)
        files[path.relative_to(directory).as_posix()] = {
            "bytes": path.stat().st_size,
            "xxh3_128": digest_file(path),
        }
    for folder in [directory, *(path for path in directory.rglob("*") if path.is_dir())]:
        flush(folder)
    manifest = {"format": FORMAT_VERSION, "kind": kind, **facts, "files": files}
    write_json(directory / MANIFEST, manifest)
    return manifest


def is_sealed(directory: Path) -> bool:
    """Say whether the directory was finished."""
    return (directory / MANIFEST).is_file()


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest. `ArtifactError` when there is none, or it is damaged or of another format."""
    path = directory / MANIFEST
    if not path.is_file():
        raise ArtifactError(
            f"{directory} has no {MANIFEST}: the stage that makes it never finished. "
            "Run that stage again; it goes on where it stopped."
        )
    remedy = f"Run the stage that makes it again, or `dvc checkout {directory}` if DVC has it on record."
    manifest: dict[str, Any] = read_json(path, keys=("format", "files"), remedy=remedy)
    _check_format(path, manifest["format"], str(manifest.get("kind")))
    if not isinstance(manifest["files"], dict) or not all(map(_is_entry, manifest["files"].values())):
        raise ArtifactError(f"{path} is damaged (it does not say of every file its size and hash). {remedy}")
    return manifest


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and {"bytes", "xxh3_128"} <= set(entry)


def _check_format(path: Path, found: Any, kind: str) -> None:
    oldest = _CHANGED.get(kind, 1)
    if not isinstance(found, int) or found > FORMAT_VERSION:
        raise ArtifactError(
            f"{path} is of format {found}, this version reads {oldest} to {FORMAT_VERSION}. "
            "Read it with the version that made it, or run the stage that makes it again."
        )
    if found < oldest:
        raise ArtifactError(
            f"{path} is of format {found}, and what it holds ({kind}) changed in format {oldest}. "
            "Run the stage that makes it again; `dvc repro` does so by itself."
        )


def content_hash(directory: Path) -> str:
    """Give the identity of an artifact: the hash of its manifest."""
    return digest_json(read_manifest(directory))


def listed_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the manifest says of each file of an artifact, or of one folder of an artifact.

    Names are below `folder`. `ArtifactError` when neither `folder` nor the folder it lies in was ever finished.
    """
    if is_sealed(folder) or not is_sealed(folder.parent):
        files: dict[str, dict[str, Any]] = read_manifest(folder)["files"]
        return files
    prefix = f"{folder.name}/"
    files = read_manifest(folder.parent)["files"]
    listed = {name.removeprefix(prefix): entry for name, entry in files.items() if name.startswith(prefix)}
    if not listed:
        raise ArtifactError(f"{folder.parent / MANIFEST} names no file of {folder.name}. Run the stage that makes it.")
    return listed


def find_damage(folder: Path) -> list[str]:
    """List every difference between an artifact, or one folder of it, and its manifest; empty when every byte matches.

    A file that the manifest does not name is a difference too. Reads all bytes.
    """
    listed = listed_files(folder)
    present = {path.relative_to(folder).as_posix() for path in _files(folder)}
    problems = [f"{name}: not named by the manifest" for name in sorted(present - set(listed))]
    for name, expected in sorted(listed.items()):
        path = folder / name
        if not path.is_file():
            problems.append(f"{name}: missing")
        elif path.stat().st_size != expected["bytes"]:
            problems.append(f"{name}: {path.stat().st_size} bytes, expected {expected['bytes']}")
        elif digest_file(path) != expected["xxh3_128"]:
            problems.append(f"{name}: bytes differ from the manifest")
    return problems


def require_whole(folder: Path, remedy: str = "") -> None:
    """Raise `ArtifactError` unless every byte of an artifact, or of one folder of it, is as its manifest says.

    `remedy` says what to do; without one, to run the stage again or to take the bytes that DVC keeps. Reads all bytes.
    """
    if problems := find_damage(folder):
        listed = "".join(f"\n  - {problem}" for problem in problems[:_SHOWN])
        more = f"\n  - and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        remedy = remedy or f"Run the stage that makes it again, or `dvc checkout {folder}` if DVC has it on record."
        raise ArtifactError(f"{folder} is damaged, so it is not used:{listed}{more}\n{remedy}")


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that the path holds either the old text or the whole new one, also after power loss."""
    temporary = unfinished(path)
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=2, sort_keys=True, ensure_ascii=False)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    flush(path.parent)


def unfinished(path: Path) -> Path:
    """Give the name under which this process writes a file before it is moved to `path`; no other process has it."""
    return path.with_name(f".{path.name}.{platform.node()}-{os.getpid()}.tmp")


def remove_unfinished(path: Path) -> None:
    """Remove what processes of this machine that are gone left under their `unfinished` names of `path`."""
    for left in path.parent.glob(f".{path.name}.{platform.node()}-*.tmp"):
        pid = left.name.removesuffix(".tmp").rpartition("-")[2]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def link_tree(source: Path, target: Path, *, skip: tuple[str, ...] = (MANIFEST,), remedy: str = "") -> None:
    """Hard-link every file of an artifact, or of one folder of it, below `target`; copy where that cannot be done.

    The bytes are checked first (`require_whole`), so damage never gets a manifest that calls it whole. Linked files
    share their bytes: they must never be opened for writing.
    """
    require_whole(source, remedy)
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and name.as_posix() not in skip:
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path.resolve(), place)
            except OSError:
                shutil.copyfile(path, place)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's bytes; XFS and Btrfs share the blocks until one of the two files is written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            while os.copy_file_range(reading.fileno(), writing.fileno(), _LONGEST_COPY):
                pass
        except (AttributeError, OSError):  # not on this system, or not between these two file systems
            reading.seek(0)
            writing.seek(0)
            shutil.copyfileobj(reading, writing, _CHUNK)


def publish(source: Path, target: Path) -> None:
    """Move a sealed directory to its place; what was there is moved aside first and removed afterwards.

    Two renames: a reader finds the old directory, the new one or, in between, none, and never a mixture. When the
    second rename fails the old one is put back; killed in between, the stage runs again and publishes again.
    """
    read_manifest(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(source, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    flush(target.parent)
    for replaced in target.parent.glob(f".{target.name}.old-*"):
        shutil.rmtree(replaced, ignore_errors=True)


def require_space(directory: Path, num_bytes: int) -> None:
    """Raise `DiskSpaceError` unless the disk below `directory` has `num_bytes` free and 64 MiB to spare."""
    free = shutil.disk_usage(directory).free
    if free < num_bytes + (64 << 20):
        raise DiskSpaceError(
            f"{directory}: the next write needs {num_bytes:,} bytes and the disk has {free:,} free. "
            "Free some space and run the same command again; finished work is kept."
        )


def _files(directory: Path) -> list[Path]:
    found = [path for path in directory.rglob("*") if path.is_file()]
    return sorted(path for path in found if path != directory / MANIFEST)


def flush(path: Path) -> None:
    """Bring a file or a folder's list of names to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
