"""What `dvc metrics`, `dvc exp show` and `dvc plots` show of a run: a few figures, and two curves as flat lists.

Everything else stays in `*_metrics` and `*_log`, which DVC keeps as plain files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cpt_pipeline.reporting.bill import at_plan_rate
from cpt_pipeline.reporting.outcome import total
from cpt_pipeline.reporting.reading import TRAINING, Artifacts

Row = dict[str, float]


def headline(artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures that runs are compared by; one that the run did not reach is left out.

    `gain` and `rise` are shares of the bits per byte: the smallest gain of a domain channel and the largest rise of a
    general one. `money` is what the measured hours cost at the rate of stage plan.
    """
    read = Artifacts(artifacts)
    seconds = total([read.number(f"{stage}_metrics", "seconds") for stage in TRAINING])
    found = {
        "verdict": read.get("decision", "verdict"),
        "model": read.get("decision", "model"),
        "gain": min(_points(read, "gain"), default=None),
        "rise": max(_points(read, "rise"), default=None),
        "documents": read.get("dedup_metrics", "documents"),
        "heldout_documents": read.get("dedup_metrics", "heldout_documents"),
        "domain_share": read.get("mix_metrics", "domain_share"),
        "tokens": _whole(total([read.number(f"{stage}_metrics", "tokens") for stage in TRAINING])),
        "loss": read.get(f"{TRAINING[-1]}_metrics", "loss_last"),
        "skipped_steps": sum(len(read.rows(f"{stage}_metrics", "skipped_steps")) for stage in TRAINING),
        "hours": None if seconds is None else seconds / 3600,
        "money": at_plan_rate(read, "money", seconds),
    }
    return {name: value for name, value in found.items() if value is not None}


def training_curve(artifacts: Mapping[str, Any]) -> list[Row]:
    """Return loss, learning rate and gradient norm over the tokens of both stages, one row per step."""
    rows = []
    for read_before, row in _log_rows(Artifacts(artifacts), "train"):
        values = Artifacts({"row": row})
        names = ("loss", "learning_rate", "gradient_norm")
        figures = {name: value for name in names if (value := values.number("row", name)) is not None}
        if len(figures) == len(names):
            rows.append({"tokens": read_before + row["tokens"], **figures})
    return rows


def heldout_curve(artifacts: Mapping[str, Any]) -> list[Row]:
    """Return the mean bits per byte of the domain and of the general channels over the tokens of both stages."""
    read = Artifacts(artifacts)
    rows = []
    for read_before, row in _log_rows(read, "heldout"):
        by_role: dict[str, list[float]] = {"domain": [], "general": []}
        for channel, role in read.roles().items():
            value = Artifacts({"row": row}).number("row", "channels", channel, "bits_per_byte")
            if value is not None:
                by_role[role].append(value)
        if all(by_role.values()):
            means = {role: sum(values) / len(values) for role, values in by_role.items()}
            rows.append({"tokens": read_before + row["tokens"], **means})
    return rows


def _log_rows(read: Artifacts, kind: str) -> Iterable[tuple[int, dict[str, Any]]]:
    """Yield the rows of both stages, each with the tokens that the stages before had read."""
    before = 0
    for stage in TRAINING:
        rows = read.records(f"{stage}_log")
        yield from ((before, row) for row in rows if row.get("kind") == kind)
        before += max((row["tokens"] for row in rows), default=0)


def _points(read: Artifacts, quantity: str) -> list[float]:
    checks = [check for check in read.records("decision", "checks") if check.get("quantity") == quantity]
    return [point for check in checks if (point := Artifacts(check).number("point")) is not None]


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
