"""Labels: texts that a person or a model called good or poor, or marked on a scale."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import xxhash

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.scoring.params import LabelsParams

_WORDS = {"good": 1.0, "poor": 0.0}
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Label:
    """A text and how good it is, in 0..1."""

    text: str
    value: float
    group: str = ""
    """What it must not be parted from; nothing where the text stands for itself."""

    @property
    def is_good(self) -> bool:
        """Say which side it counts for where only two are told apart, as in AUC."""
        return self.value >= _HALF


def read_labels(params: LabelsParams) -> list[Label]:
    """Read the user's file. `ParameterError` names every line that is wrong, or what else is."""
    readers = {".jsonl": _read_jsonl, ".csv": _read_csv}
    if params.path.suffix not in readers:
        raise ParameterError(f"{params.path} (conf: clean.scorer.labels.path) must end in .jsonl or .csv")
    found: list[Label] = []
    problems: defaultdict[str, list[int]] = defaultdict(list)
    try:
        for number, record in readers[params.path.suffix](params.path.read_bytes()):
            label = _as_label(record, params)
            if isinstance(label, Label):
                found.append(label)
            else:
                problems[label].append(number)
    except OSError as error:
        raise ParameterError(f"{params.path} (conf: clean.scorer.labels.path) cannot be read: {error}") from error
    if problems:
        lines = [f"  - {problem}: line {', '.join(map(str, numbers))}" for problem, numbers in sorted(problems.items())]
        raise ParameterError("\n".join([f"Labels in {params.path} (conf: clean.scorer.labels):", *lines]))
    return require_both_sides(found, f"{params.path} (conf: clean.scorer.labels)")


def require_both_sides(labels: list[Label], origin: str) -> list[Label]:
    """Give the labels back. `ParameterError` unless there are good and poor ones."""
    good = sum(label.is_good for label in labels)
    if not 0 < good < len(labels):
        raise ParameterError(f"{origin}: {good} good and {len(labels) - good} poor labels; a scorer learns from both")
    return labels


def split(labels: Iterable[Label], validation_share: float, seed: int) -> tuple[list[Label], list[Label]]:
    """Part labels into those to learn from and those to judge by; a group, and equal texts, are always on one side."""
    parts: tuple[list[Label], list[Label]] = ([], [])
    border = validation_share * (1 << 64)
    for label in labels:
        parts[xxhash.xxh3_64_intdigest(label.group or label.text, seed) < border].append(label)
    return parts


Record = dict[str, Any] | str
"""What a line says, or what is wrong with it."""


def _as_label(record: Record, params: LabelsParams) -> Label | str:
    if isinstance(record, str):
        return record
    text, label = record.get(params.text), record.get(params.label)
    if not isinstance(text, str) or not text.strip():
        return f"no text in {params.text}"
    group = record.get(params.group) if params.group is not None else ""
    if group is None:
        return f"no {params.group}"
    value = _as_value(label, params.max_label)
    if value is None:
        return f"{params.label} is neither good nor poor nor a number from 0 to {params.max_label:g}"
    return Label(text, value, str(group))


def _as_value(label: Any, max_label: float) -> float | None:
    if isinstance(label, str) and label.strip().lower() in _WORDS:
        return _WORDS[label.strip().lower()]
    if isinstance(label, bool) or not isinstance(label, int | float | str):
        return None
    try:
        value = float(label) / max_label
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) and 0 <= value <= 1 else None


def _read_jsonl(content: bytes) -> Iterator[tuple[int, Record]]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            try:
                record = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError):
                record = None
            yield number, record if isinstance(record, dict) else "not a JSON object in UTF-8"


def _read_csv(content: bytes) -> Iterator[tuple[int, Record]]:
    """Give the rows, each with the line it begins in."""
    csv.field_size_limit(sys.maxsize)
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""), strict=True)
    rows, line = iter(reader), 2
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield line, f"broken, and what follows is not read ({error})"
            return
        if row is None:
            return
        yield line, "not UTF-8" if "\ufffd" in "".join(map(str, row.values())) else dict(row)
        line = reader.line_num + 1
