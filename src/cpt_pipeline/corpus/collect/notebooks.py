"""Jupyter notebooks (.ipynb): one document, text as Markdown, code fenced; outputs are counted and left out.

All versions of the format since 3 are read; what a cell lacks is empty. Pictures and data inside outputs are never
decoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from cpt_pipeline.corpus.collect.fields import NoText, encodable
from cpt_pipeline.corpus.collect.reading import Reading, ReadingParams, read_whole, too_large
from cpt_pipeline.corpus.collect.text_files import count_markdown, strip_comments


def read_notebook(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read ipynb. Reasons: `not_notebook`, `too_large`, `empty`."""
    raw, fault = read_whole(stream, params.max_record_bytes)
    if fault is not None:
        raise fault
    yield too_large("") if raw is None else _read(raw)


def _read(raw: bytes) -> Reading:
    try:
        notebook = json.loads(raw)
        if not isinstance(notebook, dict):
            raise ValueError("no object")
        sheets = [notebook, *_lists(notebook, "worksheets")]
        cells = [cell for sheet in sheets for cell in _lists(sheet, "cells")]
        if not cells and "cells" not in notebook and "worksheets" not in notebook:
            raise ValueError("no cells")
        language = _language(notebook)
        parts = [part for cell in cells if (part := _part(cell, language))]
        text = encodable("\n\n".join(parts))
    except (ValueError, RecursionError, NoText) as error:  # ValueError: also what is no JSON and no UTF-8
        return Reading("", reason="not_notebook", detail=str(error)[:200])
    outputs = sum(len(_lists(cell, "outputs")) for cell in cells)
    return Reading("", text, fields={"outputs": outputs, "programming_language": language, **count_markdown(text)})


def _lists(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _language(notebook: dict[str, Any]) -> str:
    about = notebook.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        told = about.get(key) if isinstance(about, dict) else None
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return str(told[name])[:40]
    return "python"


def _part(cell: dict[str, Any], language: str) -> str:
    kind = cell.get("cell_type")
    lines = cell.get("source", cell.get("input", ""))  # `input` is that of version 3
    source = "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    source = source.strip("\n")
    if not source.strip():
        return ""
    if kind == "code":
        fence = "````" if "```" in source else "```"
        return f"{fence}{language}\n{source}\n{fence}"
    if kind == "heading":
        level = cell.get("level", 1)
        return f"{'#' * (level if level in range(1, 7) else 1)} {source}"
    return strip_comments(source) if kind == "markdown" else source
