"""Notebooks: text as Markdown, code fenced, outputs counted; what is no notebook is named."""

import json

import pytest

from tests.corpus.collect.streams import read, readings

CELLS = [
    {"cell_type": "markdown", "source": ["# Valves\n", "\n", "They close. <!-- why? -->"]},
    {"cell_type": "code", "source": "x = 1\nprint(x)", "outputs": [{"text": "1"}, {"data": {"image/png": "AAAA"}}]},
    {"cell_type": "raw", "source": "as it is"},
    {"cell_type": "code", "source": ["s = '```'"], "outputs": []},
    {"cell_type": "code", "source": "  \n"},
]


@pytest.mark.feature(172)
def test_cells_come_in_order_without_their_outputs() -> None:
    notebook = {"nbformat": 4, "metadata": {"language_info": {"name": "julia"}}, "cells": CELLS}
    (reading,) = readings("a.ipynb", json.dumps(notebook).encode())
    assert reading.text == (
        "# Valves\n\nThey close. \n\n```julia\nx = 1\nprint(x)\n```\n\nas it is\n\n````julia\ns = '```'\n````"
    )
    assert {name: reading.fields[name] for name in ("outputs", "programming_language")} == {
        "outputs": 2,
        "programming_language": "julia",
    }


def test_notebooks_of_version_3_are_read() -> None:
    cells = [{"cell_type": "heading", "level": 2, "source": "On"}, {"cell_type": "code", "input": ["1 + 1"]}]
    raw = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    assert read("a.ipynb", raw) == [("", "## On\n\n```python\n1 + 1\n```")]


@pytest.mark.parametrize(
    "raw", [b"[]", b"{}", b"not json", b"\xff\xfe", b"[" * 100_000, b'{"cells": 3, "a": "\\ud800"}']
)
def test_what_is_no_notebook_is_named(raw: bytes) -> None:
    ((position, reason),) = read("a.ipynb", raw)
    assert (position, reason) in {("", "not_notebook"), ("", "empty")}


def test_what_is_no_text_in_a_cell_is_counted_and_never_written() -> None:
    cells = [
        {"cell_type": "code", "source": None, "outputs": None},
        {"cell_type": "markdown"},
        {"cell_type": "raw", "source": 7},
        {"cell_type": "markdown", "source": ["a", 8, None, "b"]},
        {"cell_type": "heading", "level": 2.0, "source": "On"},
        {"cell_type": ["x"], "source": {"text": "c"}},
        None,
        "d",
    ]
    (reading,) = readings("a.ipynb", json.dumps({"cells": cells}).encode())
    assert reading.text == "ab\n\n# On"
    assert (reading.fields["malformed_cells"], reading.fields["outputs"]) == (5, 0)
    assert read("a.ipynb", b'{"cells": null}') == [("", "empty")]
