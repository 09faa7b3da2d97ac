"""Import closure: the files of our package that a stage's nodes can reach, found without importing them.

Follows absolute and relative imports and string constants that name a module of the package (the
training worker is reached only by `-m`), so a change in the loop retrains and a change elsewhere does not.
Files in a sub-folder that is no package (templates) belong to every module of the folder above it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path


def import_closure(starts: Iterable[Path], package: Path) -> list[Path]:
    """Give every source file of `package` reachable from `starts`, the starts included, sorted."""
    reached: set[Path] = set()
    waiting = [path.resolve() for path in starts]
    package = package.resolve()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(_imported(path, package))
    return sorted({*reached, *(file for path in reached for file in _data_files(path.parent))})


@cache
def _data_files(folder: Path) -> tuple[Path, ...]:
    """Give the files that lie in folders of a package which are no packages themselves: templates and the like."""
    inside = [each for each in folder.iterdir() if each.is_dir() and each.name != "__pycache__"]
    plain = [each for each in inside if not (each / "__init__.py").is_file()]
    files = (file for each in plain for file in each.rglob("*") if file.is_file())
    return tuple(file for file in files if file.suffix not in (".py", ".pyc") and not _is_hidden(file, folder))


def _is_hidden(file: Path, folder: Path) -> bool:
    """Say whether the file or a folder on the way to it has a name that begins with a dot (`.DS_Store`)."""
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


@cache
def _imported(path: Path, package: Path) -> tuple[Path, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    names: set[str] = set()
    for node in ast.walk(tree):
        names.update(_names(node, path, package))
    return tuple(file for name in sorted(names) for file in _files_of(name, package))


def _names(node: ast.AST, path: Path, package: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node, path, package)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Constant) and _names_module(node.value, package):
        yield str(node.value)


def _names_module(value: object, package: Path) -> bool:
    return isinstance(value, str) and value.startswith(f"{package.name}.") and " " not in value


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
