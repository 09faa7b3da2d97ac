"""The labelled texts of the classifier of categories: a JSONL file of the user, checked as a whole before the work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.corpus.clean.classifying.params import CategoriesParams
from cpt_pipeline.corpus.clean.repair.line_noise import LineNoiseParams, remove_noise
from cpt_pipeline.corpus.clean.repair.normalise import NormaliseParams, normalise
from cpt_pipeline.corpus.models.classifier import Example, draw_examples, find_few, make_example

_HEADING = "No category can be learnt (conf: clean.categories.labels):"


def read_labels(
    path: Path, params: CategoriesParams, normalising: NormaliseParams, noise: LineNoiseParams
) -> list[Example]:
    """Read the examples, their texts changed like those of documents; `ParameterError` names every bad line."""
    problems: list[str] = []
    rows = list(_read_lines(path, problems))
    labels = Counter(label for _, label in rows)
    named = params.min_probability if isinstance(params.min_probability, dict) else {}
    problems += [f"min_probability names {name}, of which there is no example" for name in named if name not in labels]
    raise_all(ParameterError, _HEADING, problems)
    texts = ((_clean(text, normalising, noise), label) for text, label in rows)
    examples = draw_examples((make_example(text, label, params) for text, label in texts if text.strip()), len(rows))
    few = find_few(Counter(each.label for each in examples))
    raise_all(ParameterError, _HEADING, [f"{path}: {each} (copies count once)" for each in few])
    return examples


def _clean(text: str, normalising: NormaliseParams, noise: LineNoiseParams) -> str:
    return remove_noise(normalise(text, normalising, strong_format=False)[0], noise)[0]


def _read_lines(path: Path, problems: list[str]) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            yield _parse(raw)
        except (ValueError, RecursionError) as error:
            problems.append(f"{path} line {number}: {error}")


def _parse(raw: bytes) -> tuple[str, str]:
    row = json.loads(raw.decode("utf-8-sig"))
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for name in ("text", "label"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise ValueError(f"{name} is missing, empty or no text")
    return row["text"], row["label"]
