"""The embedded source: documents from parsed files of the Python environment, in a stated order."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.collect.python_environment import PythonEnvironmentParams, find_problems, read_records

CODE = '''"""Module docstring of the thing."""
import os

# about f
def f():
    """Docstring of f.

        >>> f()
        1
    """
    return 1


class C:
    """Docstring of C."""

    def g(self):
        """Only a docstring."""

    if True:
        def g(self):
            """Second g."""
            return 2
'''


def source(part: str, *packages: str, **more: Any) -> PythonEnvironmentParams:
    given = {"kind": "python_environment", "name": "env", "channel": "en", "part": part, "packages": packages, **more}
    return PythonEnvironmentParams.model_validate({"min_characters": 1, **given})


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution `thing` without running anything of it."""
    files = {
        "thing/__init__.py": CODE,
        "thing/tests/test_f.py": '"""A test."""',
        "thing/broken.py": "def (:",
        "thing/raises.py": '"""Importing this raises."""\nraise SystemExit\n',
        "thing/latin.py": '# -*- coding: latin-1 -*-\n"""Caf\xe9."""\n',
        "thing/C.py": '"""Same name as the class."""',
        "thing-1.5.dist-info/METADATA": "Metadata-Version: 2.4\nName: thing\nVersion: 1.5\nLicense-Expression: MIT\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="latin-1")
    (tmp_path / "thing-1.5.dist-info/RECORD").write_text("".join(f"{name},,\n" for name in files))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_docstrings_are_sorted_named_and_categorised(package: Path) -> None:
    rows = list(read_records(source("docstrings", "thing")))
    found = [(row["id"], row.get("text", row.get("reason")), row.get("category")) for row in rows]
    assert found == [
        ("thing-1.5/thing/C.py", "Same name as the class.", "reference"),
        ("thing-1.5/thing/__init__.py", "Module docstring of the thing.", "reference"),
        ("thing-1.5/thing/__init__.py:C", "Docstring of C.", "reference"),
        ("thing-1.5/thing/__init__.py:C.g", "Only a docstring.", "reference"),
        ("thing-1.5/thing/__init__.py:C.g~2", "Second g.", "reference"),
        ("thing-1.5/thing/__init__.py:f", "Docstring of f.\n\n>>> f()\n1", "worked_examples"),
        ("thing-1.5/thing/broken.py", "not_python", None),
        ("thing-1.5/thing/latin.py", "Café.", "reference"),
        ("thing-1.5/thing/raises.py", "Importing this raises.", "reference"),
    ]
    assert rows[0]["license"] == "MIT"
    assert rows[0]["metadata"] == '{"package": "thing", "version": "1.5"}'
    assert "thing" not in sys.modules


def test_short_docstrings_are_no_documents(package: Path) -> None:
    rows = read_records(source("docstrings", "thing", min_characters=23))
    assert [len(row["text"]) for row in rows if "text" in row] == [23, 30, 26]


def test_code_is_without_docstrings_and_still_python(package: Path) -> None:
    rows = {row["id"]: row for row in read_records(source("code", "thing"))}
    text = rows["thing-1.5/thing/__init__.py#code"]["text"]
    assert rows["thing-1.5/thing/__init__.py#code"]["category"] == "code"
    assert "ocstring" not in text
    assert "def g(self):\n        ...\n" in text
    assert "# about f\ndef f():\n    return 1\n" in text
    ast.parse(text)


def test_long_code_is_split_between_definitions(package: Path) -> None:
    rows = [row for row in read_records(source("code", "thing", max_document_characters=60)) if "__init__" in row["id"]]
    assert [row["id"].rpartition("#")[2] for row in rows] == ["code/1", "code/2", "code/3"]
    assert rows[0]["text"].endswith("return 1")
    assert rows[1]["text"].startswith("class C:")
    assert all(len(row["text"]) <= 60 for row in rows)
    assert {row["part_of"] for row in rows} == {"thing-1.5/thing/__init__.py#code"}
    assert [(row["part"], row["last_part"]) for row in rows] == [(0, False), (1, False), (2, True)]
    (whole,) = [row for row in read_records(source("code", "thing")) if "__init__" in row["id"]]
    assert "".join((row["separator"] if row["part"] else "") + row["text"] for row in rows) == whole["text"]
    assert (whole["part_of"], whole["part"], whole["last_part"]) == (None, None, True)


def test_cap_takes_whole_documents_and_the_same_ones_each_time(package: Path) -> None:
    rows = list(read_records(source("docstrings", "thing", max_characters=60)))
    texts = [row["text"] for row in rows if "text" in row]
    assert 0 < sum(map(len, texts)) <= 60
    every = [row["id"] for row in read_records(source("docstrings", "thing"))]
    taken = [row["id"] for row in rows]
    assert taken == [each for each in every if each in taken]
    assert rows == list(read_records(source("docstrings", "thing", max_characters=60)))


def test_problems_name_the_package(package: Path) -> None:
    (package / "thing-1.5.dist-info/METADATA").write_text("Metadata-Version: 2.4\nName: thing\nVersion: 1.5\n")
    (package / "thing-1.5.dist-info/RECORD").write_text("")
    assert find_problems(source("docstrings", "absent-thing", "thing")) == [
        "package absent-thing is not installed in this environment",
        "package thing records no Python files (an editable install?)",
        "package thing has no licence in its metadata that can be mapped to SPDX; leave it out",
    ]
    assert find_problems(source("topics", "scipy")) == ["part topics is of the standard library; leave packages empty"]


def test_topics_are_the_language_reference() -> None:
    assert find_problems(source("topics")) == []
    rows = {
        row["id"].partition("/topics/")[2]: row for row in read_records(source("topics", max_document_characters=10**6))
    }
    assert rows["assert"]["text"].startswith('The "assert" statement')
    assert rows["assert"]["license"] == "PSF-2.0"
    assert len(rows) >= 70
    assert sum(len(row["text"]) for row in rows.values()) > 400_000


def test_standard_library_is_read_without_its_tests() -> None:
    rows = list(read_records(source("docstrings", max_characters=100_000)))
    assert sum(len(row["text"]) for row in rows) > 50_000
    assert all(row["id"].startswith(f"python-{sys.version.split()[0]}/") for row in rows)
    assert not [row["id"] for row in rows if {"test", "tests", "idle_test"} & set(row["id"].split("/"))]
