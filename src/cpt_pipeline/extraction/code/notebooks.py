"""Jupyter notebooks (.ipynb): one document, text as Markdown, code fenced; outputs are counted and left out.

All versions of the format since 3 are read; what a cell lacks is empty. Cells that are none, and sources that are no
text (a number, an object), are left out and counted. Pictures and data inside outputs are never decoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from cpt_pipeline.extraction.fields import NoText, encodable
from cpt_pipeline.extraction.reading import Reading, ReadingParams, read_whole, too_large
from cpt_pipeline.extraction.text_files import count_markdown, strip_comments


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
        num_malformed = sum(_num_not_objects(sheet, "cells") for sheet in sheets) + sum(map(_is_malformed, cells))
        if not cells and "cells" not in notebook and "worksheets" not in notebook:
            raise ValueError("no cells")
        language = _language(notebook)
        parts = [part for cell in cells if (part := _part(cell, language))]
        text = encodable("\n\n".join(parts))
    except (ValueError, RecursionError, NoText) as error:  # ValueError: also what is no JSON and no UTF-8
        return Reading("", reason="not_notebook", detail=str(error)[:200])
    outputs = sum(len(_lists(cell, "outputs")) for cell in cells)
    fields = {"outputs": outputs, "programming_language": language, **count_markdown(text)}
    return Reading("", text, fields=fields | ({"malformed_cells": num_malformed} if num_malformed else {}))


def _lists(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _num_not_objects(holder: dict[str, Any], key: str) -> int:
    found = holder.get(key)
    return sum(not isinstance(each, dict) for each in found) if isinstance(found, list) else 0


def _source(cell: dict[str, Any]) -> Any:
    return cell.get("source", cell.get("input"))  # `input` is that of version 3


def _is_malformed(cell: dict[str, Any]) -> bool:
    source = _source(cell)
    return not all(each is None or isinstance(each, str) for each in (source if isinstance(source, list) else [source]))


def _language(notebook: dict[str, Any]) -> str:
    about = notebook.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        told = about.get(key) if isinstance(about, dict) else None
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return " ".join(told[name].split())[:40]
    return "python"


def _part(cell: dict[str, Any], language: str) -> str:
    kind = cell.get("cell_type")
    lines = _source(cell)
    source = "".join(each for each in (lines if isinstance(lines, list) else [lines]) if isinstance(each, str))
    source = source.strip("\n")
    if not source.strip():
        return ""
    if kind == "code":
        fence = "````" if "```" in source else "```"
        return f"{fence}{language}\n{source}\n{fence}"
    if kind == "heading":
        level = cell.get("level")
        return f"{'#' * (level if isinstance(level, int) and level in range(1, 7) else 1)} {source}"
    return strip_comments(source) if kind == "markdown" else source
