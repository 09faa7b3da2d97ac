"""The embedded source: text of the Python environment itself, with no network and no data file.

Three parts: the language reference that `help()` shows (`topics`), documentation strings (`docstrings`) and
source (`code`) of the standard library or of installed packages. Nothing is imported: files are parsed with
`ast`. Docstrings are left out of `code`, or a held-out docstring would stand in a training text.
"""

from __future__ import annotations

import ast
import io
import json
import os
import platform
import sysconfig
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Literal

import xxhash
from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.extraction.code.licenses import package_license
from cpt_pipeline.formats.documents import document
from cpt_pipeline.text.cut import LINES, Part, cut_text, pack

_TOPICS = PurePosixPath("pydoc_data/topics.py")
_NAMED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.Module, *_NAMED)


class PythonEnvironmentParams(Params):
    """A source of kind `python_environment`."""

    kind: Literal["python_environment"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    channel: str
    part: Literal["topics", "docstrings", "code"]
    packages: tuple[str, ...] = ()
    """Distribution names (`scikit-learn`, not `sklearn`); none means the standard library."""
    min_characters: int = Field(200, ge=1)
    """Shorter pieces are no documents of this source."""
    max_document_characters: int = Field(12_000, ge=1)
    """Longer texts are cut, code between its top-level definitions where that is enough."""
    max_characters: int | None = Field(None, ge=1)
    """Stop at so much text. Files are then taken in the order of a hash of their names, not from `a` on."""
    skip: tuple[str, ...] = ("test", "tests", "idle_test", "encodings", "pydoc_data", "turtledemo", "_sysconfigdata*")
    """Patterns of folder and file names that are left out: tests, tables, and what the other parts hold."""


@dataclass(frozen=True)
class _Distribution:
    """One versioned body of Python files."""

    name: str
    version: str
    license: str
    files: dict[PurePosixPath, Path]

    @property
    def revision(self) -> str:
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class _File:
    """One file of a distribution, not read yet."""

    distribution: _Distribution
    path: PurePosixPath

    @property
    def name(self) -> str:
        return f"{self.distribution.name}/{self.path}"


@dataclass(frozen=True)
class _Piece:
    """A text found in a file, cut where it is long; `id` names it within its distribution."""

    id: str
    parts: tuple[Part, ...]
    category: str


def find_problems(source: PythonEnvironmentParams) -> list[str]:
    """Say everything that keeps the source from being read: packages not installed, without files or licence."""
    found: list[str] = []
    for package in source.packages:
        try:
            distribution = metadata.distribution(package)
        except metadata.PackageNotFoundError:
            found.append(f"package {package} is not installed in this environment")
            continue
        if not _python_files(distribution):
            found.append(f"package {package} records no Python files (an editable install?)")
        if package_license(package) is None:
            found.append(f"package {package} has no licence in its metadata that can be mapped to SPDX; leave it out")
    if source.part == "topics" and source.packages:
        found.append("part topics is of the standard library; leave packages empty")
    if not source.packages and not _standard_library().files:
        found.append("the standard library of this Python has no source files (a zipped or stripped Python)")
    elif source.part == "topics" and _TOPICS not in _standard_library().files:
        found.append(f"this Python has no {_TOPICS}")
    return found


def revisions(source: PythonEnvironmentParams) -> list[str]:
    """Return name and version of everything that the source is read from."""
    return [each.revision for each in _distributions(source)]


def read_records(source: PythonEnvironmentParams) -> Iterator[Row]:
    """Give documents and excluded files, sorted by distribution, file and name."""
    yield from _capped(_files(source), source)


def _distributions(source: PythonEnvironmentParams) -> Iterator[_Distribution]:
    for package in source.packages:
        found = metadata.distribution(package)
        license_name = package_license(package)
        assert license_name is not None, package
        yield _Distribution(package, found.version, license_name, _python_files(found))
    if not source.packages:
        yield _standard_library()


@cache
def _standard_library() -> _Distribution:
    root = Path(sysconfig.get_path("stdlib"))
    files: dict[PurePosixPath, Path] = {}
    for folder, names, found in os.walk(root):
        names[:] = sorted(set(names) - {"site-packages", "__pycache__"})
        place = PurePosixPath(Path(folder).relative_to(root).as_posix())
        files.update({place / name: Path(folder, name) for name in found if name.endswith(".py")})
    return _Distribution("python", platform.python_version(), "PSF-2.0", files)


def _python_files(distribution: metadata.Distribution) -> dict[PurePosixPath, Path]:
    files = [file for file in distribution.files or () if file.suffix == ".py" and ".." not in file.parts]
    return {PurePosixPath(file): Path(str(file.locate())) for file in files}


def _files(source: PythonEnvironmentParams) -> list[_File]:
    if source.part == "topics":
        return [_File(_standard_library(), _TOPICS)]
    return [
        _File(distribution, path)
        for distribution in _distributions(source)
        for path in sorted(distribution.files)
        if not _is_skipped(path, source)
    ]


def _is_skipped(path: PurePosixPath, source: PythonEnvironmentParams) -> bool:
    return any(fnmatch(part, pattern) for part in path.parts for pattern in source.skip)


def _capped(files: list[_File], source: PythonEnvironmentParams) -> Iterator[Row]:
    """Read files until there is enough, and give the rows in the order of the files."""
    if source.max_characters is None:
        for file in files:
            yield from _read(file, source)
        return
    taken: dict[int, list[Row]] = {}
    left = source.max_characters
    for index in sorted(range(len(files)), key=lambda index: xxhash.xxh3_64_intdigest(files[index].name)):
        rows = list(_read(files[index], source))
        taken[index] = list(_fitting(rows, left))
        left -= sum(len(row.get("text", "")) for row in taken[index])
        if len(taken[index]) < len(rows):
            break
    for index in sorted(taken):
        yield from taken[index]


def _fitting(rows: Iterable[Row], max_characters: int) -> Iterator[Row]:
    left = max_characters
    for row in rows:
        left -= len(row.get("text", ""))
        if left < 0:
            return
        yield row


def _read(file: _File, source: PythonEnvironmentParams) -> Iterator[Row]:
    """Give the documents of one file, or the file itself as excluded when it is no Python of this version."""
    own = file.distribution
    try:
        text, tree = _parse(own.files[file.path])
    except (SyntaxError, ValueError, RecursionError) as error:
        origin = {"id": f"{own.revision}/{file.path}", "source": source.name, "channel": source.channel}
        yield {**origin, "reason": "not_python", "detail": str(error)}
        return
    note = json.dumps({"package": own.name, "version": own.version}, sort_keys=True)
    for piece in _PARTS[source.part](file.path, text, tree, source.max_document_characters):
        whole = len(piece.parts) == 1
        kept = [number for number, part in enumerate(piece.parts) if len(part.text) >= source.min_characters]
        for number, (separator, part) in enumerate(piece.parts):
            if number in kept:
                yield document(
                    id=f"{own.revision}/{piece.id}" + ("" if whole else f"/{number + 1}"),
                    text=part,
                    channel=source.channel,
                    source=source.name,
                    license=own.license,
                    language="en",
                    category=piece.category,
                    part_of=None if whole else f"{own.revision}/{piece.id}",
                    part=None if whole else number,
                    separator=None if whole else separator,
                    last_part=number == kept[-1],
                    metadata=note,
                )


def _parse(path: Path) -> tuple[str, ast.Module]:
    raw = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    text = raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return text, ast.parse(text)


def _topics(_path: PurePosixPath, _text: str, tree: ast.Module, max_characters: int) -> Iterator[_Piece]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            topics: dict[str, str] = ast.literal_eval(statement.value)
            for name, text in sorted(topics.items()):
                yield _Piece(f"topics/{name}", tuple(cut_text(text, max_characters)), "reference")


def _docstrings(path: PurePosixPath, _text: str, tree: ast.Module, max_characters: int) -> Iterator[_Piece]:
    """Name each docstring `file:Class.method`; a name that a file defines again gets a number."""
    found: list[tuple[str, int, str]] = []
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            found.append((name, getattr(node, "lineno", 0), text))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _NAMED):
                waiting.append((f"{name}.{child.name}" if name else child.name, child))
            elif isinstance(child, (ast.stmt, ast.ExceptHandler)):
                waiting.append((name, child))
    seen: Counter[str] = Counter()
    for name, _, text in sorted(found):
        seen[name] += 1
        again = f"~{seen[name]}" if seen[name] > 1 else ""
        place = f"{path}:{name}{again}" if name else str(path)
        category = "worked_examples" if ">>>" in text else "reference"
        yield _Piece(place, tuple(cut_text(text, max_characters)), category)


def _code(path: PurePosixPath, text: str, tree: ast.Module, max_characters: int) -> Iterator[_Piece]:
    lines = _without_docstrings(text.split("\n"), tree)
    ends = [statement.end_lineno or 0 for statement in tree.body[:-1]]
    stretches = []
    for start, end in zip([0, *ends], [*ends, len(lines)], strict=True):
        stretch = "\n".join(line for line in lines[start:end] if line is not None)
        text = stretch.strip("\n")
        blank = stretch[: len(stretch) - len(stretch.lstrip("\n"))]
        stretches.append(Part("\n" * bool(start) + blank, text))
    yield _Piece(f"{path}#code", tuple(pack(stretches, max_characters, LINES)), "code")


def _without_docstrings(lines: list[str], tree: ast.Module) -> list[str | None]:
    """Blank the lines of docstrings that stand alone on them; a body of nothing else becomes `...`."""
    kept: list[str | None] = list(lines)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            string = node.body[0]
            end = string.end_lineno or string.lineno
            before = lines[string.lineno - 1].encode()[: string.col_offset].decode()
            after = lines[end - 1].encode()[string.end_col_offset :].decode()
            if not before.strip() and not after.strip():
                kept[string.lineno - 1 : end] = [None] * (end - string.lineno + 1)
                if len(node.body) == 1 and node is not tree:
                    kept[end - 1] = f"{before}..."
    return kept


_PARTS = {"topics": _topics, "docstrings": _docstrings, "code": _code}
