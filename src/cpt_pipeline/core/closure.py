"""Import closure: the files of our package that a stage's nodes can reach, found without importing them.

Follows absolute and relative imports and string constants that name a module of the package (the
training worker is reached only by `-m`), so a change in the loop retrains and a change elsewhere does not.
Imports for types alone (`if TYPE_CHECKING:`) are not followed, nor are modules that only tell what was done. Files that
are no Python (word lists, templates) belong to every module of their package.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from cpt_pipeline.core.syntax import Syntax, read_syntax

_TELLING = frozenset(
    f"core/{name}.py"
    for name in ("closure", "fingerprint", "last_words", "process", "progress", "provenance", "syntax", "verification")
)
"""Modules that start, watch and describe work and write nothing into an artifact: an edit of theirs changes no result,
and what they alone import (the redaction of log lines) is no part of one."""


def import_closure(starts: Iterable[Path], package: Path) -> list[Path]:
    """Give every source file of `package` reachable from `starts`, the starts included, sorted."""
    reached: set[Path] = set()
    waiting = [path.resolve() for path in starts]
    package = package.resolve()
    while waiting:
        path = waiting.pop()
        if path not in reached and _place(path, package) not in _TELLING:
            reached.add(path)
            waiting.extend(_imported(path, package))
    return sorted({*reached, *(file for folder in {path.parent for path in reached} for file in _data_files(folder))})


def _place(path: Path, package: Path) -> str:
    return path.relative_to(package).as_posix() if path.is_relative_to(package) else ""


@cache
def read_module(path: Path, keep_annotations: bool) -> Syntax:
    """Return the syntax of a source file as it was when this process first asked for it."""
    source = path.read_text(encoding="utf-8")
    return read_syntax(source, keep_annotations=keep_annotations, filename=str(path))


@cache
def _data_files(folder: Path) -> tuple[Path, ...]:
    """Return the data files of a package: beside its modules, and in its folders that are no packages themselves."""
    inside = [each for each in folder.iterdir() if each.is_dir() and each.name != "__pycache__"]
    plain = [each for each in inside if not (each / "__init__.py").is_file()]
    files = [*folder.iterdir(), *(file for each in plain for file in each.rglob("*"))]
    found = (file for file in files if file.is_file() and file.suffix not in (".py", ".pyc"))
    return tuple(file for file in found if not _is_hidden(file, folder))


def _is_hidden(file: Path, folder: Path) -> bool:
    """Say whether the file or a folder on the way to it has a name that begins with a dot (`.DS_Store`)."""
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


@cache
def _imported(path: Path, package: Path) -> tuple[Path, ...]:
    syntax = read_module(path, False)
    names = {name for node in syntax.imports for name in _names(node, path, package)}
    named = {text for text in syntax.constants if text.startswith(f"{package.name}.") and " " not in text}
    return tuple(file for name in sorted(names | named) for file in _files_of(name, package))


def _names(node: ast.Import | ast.ImportFrom, path: Path, package: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        base = _absolute(node, path, package)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, path: Path, package: Path) -> str:
    if not node.level:
        return node.module or ""
    parts = path.relative_to(package.parent).with_suffix("").parts[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _files_of(name: str, package: Path) -> Iterator[Path]:
    """Give the module's file and the `__init__` of each package on the way."""
    parts = name.split(".")
    if parts[0] != package.name:
        return
    place = package.parent
    for index, part in enumerate(parts):
        place = place / part
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
        elif index == len(parts) - 1 and place.with_suffix(".py").is_file():
            yield place.with_suffix(".py")
