"""The bill: what every stage took, how training went, and the plan beside what was measured."""

from __future__ import annotations

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.outcome import total
from cpt_pipeline.reporting.page import Cell, Mark, Table, bars, table
from cpt_pipeline.reporting.reading import STAGES, TRAINING, Artifacts


def times(artifacts: Artifacts) -> Table:
    """Give the time of every stage at its last start."""
    seconds = [artifacts.number(f"{stage}_provenance", "seconds") for stage in STAGES]
    cells = bars([(words.duration(value), value) for value in seconds])
    rows: list[tuple[Cell, ...]] = list(zip(STAGES, cells, strict=True))
    return table(("stage", "took"), [*rows, ("all stages", words.duration(total(seconds)))])


def training(artifacts: Artifacts) -> Table:
    """Give steps, tokens, speed and losses of everything that was trained."""
    rows: list[list[Cell]] = []
    for stage, place in (("base", ("training",)), *((stage, ()) for stage in TRAINING)):
        found = Artifacts({"training": artifacts.get(f"{stage}_metrics", *place)})
        if stage == "base" and artifacts.get("base_metrics", "kind") == "pretrained":
            continue
        resumed = found.rows("training", "resumed_from")
        rows.append(
            [
                stage,
                words.count(found.number("training", "steps")),
                words.tokens(found.number("training", "tokens")),
                words.duration(found.number("training", "seconds")),
                words.count(found.number("training", "tokens_per_second")),
                words.decimal(found.number("training", "loss_first")),
                words.decimal(found.number("training", "loss_last")),
                _steps(found.get("training", "skipped_steps"), "none"),
                "never" if found.get("training") and not resumed else _steps(resumed or None, "never"),
            ]
        )
    columns = (
        "stage", "steps", "tokens", "in steps", "tokens/s", "first loss", "last loss", "skipped steps",
        "resumed from step",
    )  # fmt: skip
    return table(columns, rows)


def _steps(steps: object, nothing: str) -> str | None:
    """Name steps; a count stays a count."""
    if isinstance(steps, list | tuple):
        return ", ".join(str(step) for step in steps) or nothing
    return None if steps is None else str(steps)


def plan(artifacts: Artifacts) -> Table:
    """Give the estimate beside what was measured; money, energy and carbon follow the measured time."""
    actual = total([artifacts.number(f"{stage}_metrics", "seconds") for stage in TRAINING])
    currency = str(artifacts.get("plan_metrics", "currency") or "")
    rows = [_line(artifacts, "time of training", "seconds", actual, "")]
    for label, key, unit in (
        (f"money ({currency})" if currency else "money", "money", ""),
        ("energy", "energy_kwh", " kWh"),
        ("carbon", "carbon_kg", " kg"),
    ):
        rows.append(_line(artifacts, label, key, at_plan_rate(artifacts, key, actual), unit))
    rows.append(_memory(artifacts))
    rows.append(["disk", _interval(artifacts, "disk_gb", " GB"), Mark("not measured", "quiet"), ""])
    return table(("", "estimated", "actual", ""), rows, left=(0, 3))


def _memory(artifacts: Artifacts) -> list[Cell]:
    """Return the line of memory; only a GPU tells its peak."""
    peaks = [artifacts.number(f"{stage}_metrics", "memory_gb") for stage in TRAINING]
    known = [peak for peak in peaks if peak is not None]
    label = "memory at the peak"
    if not known:
        return [label, _interval(artifacts, "memory_gb", " GB"), Mark("not measured", "quiet"), ""]
    return _line(artifacts, label, "memory_gb", max(known), " GB")


def _line(artifacts: Artifacts, label: str, key: str, actual: float | None, unit: str) -> list[Cell]:
    low, high = (artifacts.number("plan_metrics", key, end) for end in ("low", "high"))
    shown = words.duration(actual) if key == "seconds" else _with_unit(words.significant(actual), unit)
    return [label, _interval(artifacts, key, unit), shown, _verdict(low, high, actual)]


def _interval(artifacts: Artifacts, key: str, unit: str) -> str | None:
    low, high = (artifacts.number("plan_metrics", key, end) for end in ("low", "high"))
    if key == "seconds":
        return words.between(words.duration(low), words.duration(high))
    return _with_unit(words.between(words.significant(low), words.significant(high)), unit)


def _with_unit(text: str | None, unit: str) -> str | None:
    return None if text is None else f"{text}{unit}"


def at_plan_rate(artifacts: Artifacts, key: str, seconds: float | None) -> float | None:
    """Return what measured seconds come to (`money`, `energy_kwh`, `carbon_kg`) at the plan's own rate."""
    amount, planned = (artifacts.number("plan_metrics", name, "high") for name in (key, "seconds"))
    return None if amount is None or not planned or seconds is None else amount / planned * seconds


def _verdict(low: float | None, high: float | None, actual: float | None) -> Cell:
    if low is None or high is None or actual is None:
        return ""
    if actual < low:
        return Mark("below the estimate", "quiet")
    return Mark("above the estimate", "bad") if actual > high else Mark("as estimated", "good")
