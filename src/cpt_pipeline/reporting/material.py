"""What went in: text per channel from source to training step, licences, and everything that was excluded."""

from __future__ import annotations

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Cell, Table, bars, table
from cpt_pipeline.reporting.reading import TRAINING, Artifacts

_SIEVES = ("collect", "clean", "dedup")


def channels(artifacts: Artifacts) -> Table:
    """Follow every channel from the sources to what training may read."""
    rows: list[list[Cell]] = []
    for channel in artifacts.channels():
        documents = [artifacts.number(f"{stage}_metrics", "channels", channel, "documents") for stage in _SIEVES]
        rows.append(
            [
                channel,
                artifacts.roles().get(channel),
                *(words.count(number) for number in documents),
                words.count(artifacts.number("dedup_metrics", "heldout_channels", channel, "documents")),
                words.size(artifacts.number("dedup_metrics", "channels", channel, "bytes")),
                words.tokens(artifacts.number("tokenize_metrics", "train", channel, "tokens")),
            ]
        )
    columns = ("channel", "role", "collected", "cleaned", "unique, for training", "held out", "bytes", "tokens")
    return table(columns, rows, left=(0, 1))


def use(artifacts: Artifacts) -> Table:
    """Say how much of each channel every training stage reads, and how often."""
    rows: list[list[Cell]] = []
    for stage in TRAINING:
        for channel, known in artifacts.mapping("mix_metrics", stage, "channels").items():
            found = Artifacts({"use": known})
            passes = found.number("use", "passes")
            rows.append(
                [
                    stage,
                    channel,
                    words.percent(found.number("use", "share")),
                    words.tokens(found.number("use", "tokens")),
                    words.tokens(found.number("use", "available_tokens")),
                    None if passes is None else f"{passes:.2f}",
                    words.count(found.number("use", "documents")),
                ]
            )
    columns = ("stage", "channel", "share", "tokens read", "tokens at hand", "passes", "documents")
    return table(columns, rows, left=(0, 1))


def sources(artifacts: Artifacts) -> Table:
    """List the sources with channel, amount and licences."""
    rows: list[list[Cell]] = []
    for name, source in artifacts.mapping("collect_metrics", "sources").items():
        found = Artifacts({"source": source})
        licenses = ", ".join(sorted(found.mapping("source", "licenses")))
        rows.append(
            [
                name,
                found.get("source", "channel"),
                licenses or None,
                words.count(found.number("source", "documents")),
                words.size(found.number("source", "bytes")),
            ]
        )
    return table(("source", "channel", "licences", "documents", "bytes"), rows, left=(0, 1, 2))


def licenses(artifacts: Artifacts) -> Table:
    """Count the collected documents of every licence."""
    counts = artifacts.counts("collect_metrics", "licenses")
    cells = bars([(words.count(number), number) for _, number in counts])
    return table(("licence", "documents"), [[name, cell] for (name, _), cell in zip(counts, cells, strict=True)])


def excluded(artifacts: Artifacts) -> Table:
    """Count what was not kept, by stage and reason, with the balance of every stage."""
    rows: list[list[Cell]] = []
    for stage in _SIEVES:
        reasons = artifacts.counts(f"{stage}_metrics", "excluded")
        total = artifacts.number(f"{stage}_metrics", "records_in")
        if not reasons:
            rows.append([stage, *(("nothing", "0", "") if total is not None else (None, None, None))])
        for reason, number in reasons:
            share = number / total if number is not None and total else None
            rows.append([stage, reason, words.count(number), words.percent(share, 2)])
    return table(("stage", "reason", "records", "of the records read"), rows, left=(0, 1))


def guarded(artifacts: Artifacts) -> Table:
    """Say what of each benchmark was found in the text and removed."""
    rows: list[list[Cell]] = []
    for name, benchmark in artifacts.mapping("dedup_metrics", "benchmarks").items():
        found = Artifacts({"benchmark": benchmark})
        keys = ("items", "unguarded_items", "found_items", "documents")
        rows.append([name, *(words.count(found.number("benchmark", key)) for key in keys)])
    return table(("benchmark", "items", "too short to search", "found in text", "documents excluded"), rows)
