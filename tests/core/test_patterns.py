"""Patterns that name files: where all their matches are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.patterns import split_pattern


@pytest.mark.parametrize(
    ("given", "folder", "pattern"),
    [
        ("books/**/*.txt", "books", "**/*.txt"),
        ("/mnt/a/[ab].txt", "/mnt/a", "[ab].txt"),
        ("books/*/notes/a?.md", "books", "*/notes/a?.md"),
        ("*.md", ".", "*.md"),
        ("books/a.txt", "books/a.txt", ""),
    ],
)
def test_a_pattern_begins_at_its_first_wildcard(given: str, folder: str, pattern: str) -> None:
    assert split_pattern(Path(given)) == (Path(folder), pattern)
