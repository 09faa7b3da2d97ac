"""Patterns that name files: `books/**/*.txt`."""

from __future__ import annotations

from pathlib import Path

_WILDCARDS = frozenset("*?[")


def split_pattern(path: Path) -> tuple[Path, str]:
    """Give the folder that all matches are in, and the pattern below it; a path without wildcards stays whole."""
    parts = path.parts
    depth = next((index for index, part in enumerate(parts) if _WILDCARDS & set(part)), len(parts))
    return Path(*parts[:depth]), "/".join(parts[depth:])
