"""The corpus card: what the text is made of, where it comes from, how it was gathered, and what limits follow.

It answers the questions of Gebru et al., "Datasheets for Datasets" (2021), as far as the stages counted an answer. A
question without one is shown as missing; what only a person can know (consent, purpose) is not invented here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Bar, Card, Cell, Lines, Mark, Table, bars, table
from cpt_pipeline.reporting.reading import Artifacts

PERSONAL_DATA = "personal_data/"
"""What the counts of replaced personal data begin with."""

_NOT_COUNTED = Mark("\N{EN DASH}", "quiet")
_CONTENTS = {"tables": "tables", "formulas": "formulas", "images": "images", "bad_bytes": "undecodable bytes"}
_ORIGINS = ("url", "dataset", "address", "path", "start", "packages")
_DIVERSITY: tuple[tuple[str, str, Callable[[object], str | None]], ...] = (
    ("documents", "documents", words.count),
    ("vendi_score", "Vendi score", words.significant),
    ("mean_cosine", "mean cosine", words.decimal),
    ("largest_group", "largest group", words.percent),
    ("words", "words", words.count),
    ("distinct_2", "distinct pairs", words.percent),
    ("pair_entropy", "entropy of pairs", words.significant),
    ("effective_sources", "sources", words.significant),
    ("effective_categories", "kinds of text", words.significant),
    ("effective_languages", "languages", words.significant),
)
_SHOWN = 3
"""So many languages or categories of a channel are named; the rest is summed."""


def overview(artifacts: Artifacts) -> tuple[Card, ...]:
    """Give the figures of the card that are read first."""
    read = artifacts.number("collect_metrics", "records_in")
    unique = artifacts.number("dedup_metrics", "documents")
    heldout = artifacts.number("dedup_metrics", "heldout_documents")
    kept = None if unique is None or heldout is None or not read else (unique + heldout) / read
    licenses_known = len(artifacts.mapping("collect_metrics", "licenses"))
    return (
        Card("text for training", words.size(artifacts.number("dedup_metrics", "bytes")), "after clean and dedup"),
        Card("documents", words.count(unique), "for training"),
        Card("held out", words.count(heldout), "documents kept for evaluation"),
        Card("kept", words.percent(kept), f"of the records read{_kept_bytes(artifacts)}"),
        Card("languages", _spoken(artifacts), "by documents, after clean"),
        Card("licences", words.count(licenses_known or None), "none comes in without one"),
    )


def _kept_bytes(artifacts: Artifacts) -> str:
    """Return the same of bytes, in words: one record may be a book."""
    collected = artifacts.number("collect_metrics", "bytes")
    heldout = artifacts.mapping("dedup_metrics", "heldout_channels")
    sizes = [artifacts.number("dedup_metrics", "heldout_channels", name, "bytes") for name in heldout]
    left = [artifacts.number("dedup_metrics", "bytes"), *sizes]
    if not collected or None in left:
        return ""
    return f", {words.percent(sum(filter(None, left)) / collected)} of the bytes collected"


def roles(artifacts: Artifacts) -> dict[str, str]:
    """Give channel to role; of a run that was never evaluated, from the parameters of collect."""
    declared = artifacts.mapping("collect_provenance", "params", "channels", "roles")
    return {**{name: str(role) for name, role in declared.items() if role}, **artifacts.roles()}


def composition(artifacts: Artifacts) -> Table:
    """Give every channel with role, amount, languages, kinds of text and mean grade."""
    names, role_of = artifacts.channels(), roles(artifacts)
    sizes = [artifacts.number("dedup_metrics", "channels", name, "bytes") for name in names]
    cells = bars([(words.size(size), size) for size in sizes])
    rows: list[list[Cell]] = []
    for name, cell in zip(names, cells, strict=True):
        rows.append(
            [
                name,
                role_of.get(name),
                words.count(artifacts.number("dedup_metrics", "channels", name, "documents")),
                cell,
                _largest(artifacts.counts("clean_metrics", "languages", name)),
                _largest(artifacts.counts("clean_metrics", "categories", name)),
                words.decimal(artifacts.number("clean_metrics", "mean_quality", name), 2),
            ]
        )
    columns = ("channel", "role", "documents", "bytes", "languages", "kinds of text", "mean grade")
    return table(columns, rows, left=(0, 1, 4, 5))


def diversity(artifacts: Artifacts) -> Table:
    """Give how various the text of every channel is, and of the whole; no row where it was not measured."""
    measured = artifacts.get("dedup_metrics", "diversity") is not None
    channels = artifacts.mapping("dedup_metrics", "diversity", "channels")
    places = [(name, ("channels", name)) for name in channels] + [("the whole", ("whole",))] * measured
    rows: list[list[Cell]] = []
    for name, place in places:
        values = [artifacts.number("dedup_metrics", "diversity", *place, key) for key, _, _ in _DIVERSITY]
        cells = [show(value) for value, (_, _, show) in zip(values, _DIVERSITY, strict=True)]
        rows.append([name, *cells])
    return table(("channel", *(column for _, column, _ in _DIVERSITY)), rows)


def licenses(artifacts: Artifacts) -> Table:
    """Give share of bytes, bytes and documents of every licence, the largest first."""
    names = {name for key in ("licenses", "license_bytes") for name in artifacts.mapping("collect_metrics", key)}
    amounts = {
        name: tuple(artifacts.number("collect_metrics", key, name) for key in ("license_bytes", "licenses"))
        for name in names
    }
    ordered = sorted(names, key=lambda name: (*(-(number or 0.0) for number in amounts[name]), name))
    shares = _share_bars([amounts[name][0] for name in ordered])
    rows = [
        [name, share, words.size(amounts[name][0]), words.count(amounts[name][1])]
        for name, share in zip(ordered, shares, strict=True)
    ]
    return table(("licence", "share of bytes", "bytes", "documents"), rows)


def sources(artifacts: Artifacts) -> Table:
    """List the sources with channel, origin, licences and amount."""
    declared = {
        str(source.get("name")): source
        for source in artifacts.records("collect_provenance", "params", "collect", "sources")
    }
    rows: list[list[Cell]] = []
    for name, source in artifacts.mapping("collect_metrics", "sources").items():
        found = Artifacts({"source": source})
        licensed = tuple(sorted(found.mapping("source", "licenses")))
        rows.append(
            [
                name,
                found.get("source", "channel"),
                _origin(declared.get(name, {})),
                Lines(licensed) if licensed else None,
                words.count(found.number("source", "records_in")),
                words.count(found.number("source", "documents")),
                words.size(found.number("source", "bytes")),
            ]
        )
    columns = ("source", "channel", "origin", "licences", "records", "documents", "bytes")
    return table(columns, rows, left=(0, 1, 2, 3))


def dialogues(artifacts: Artifacts) -> Table:
    """Say of sources that are dialogues how many records went into how many of them."""
    rows: list[list[Cell]] = []
    for name, source in artifacts.mapping("collect_metrics", "sources").items():
        found = Artifacts({"source": source})
        if found.mapping("source", "dialogues"):
            keys = ("records", "conversations", "turns", "documents", "left_out")
            counts = [words.count(found.number("source", "dialogues", key)) for key in keys]
            rows.append([name, found.get("source", "dialogues", "unit"), *counts])
    columns = ("source", "unit", "records", "conversations", "turns", "documents", "turns left out")
    return table(columns, rows, left=(0, 1))


def formats(artifacts: Artifacts) -> Table:
    """Count what the formats held; a dash where nothing of the kind was counted, which is no promise of none."""
    rows: list[list[Cell]] = []
    for name, counters in sorted(artifacts.mapping("collect_metrics", "formats").items()):
        found = Artifacts({"format": counters})
        known = found.mapping("format")
        others = [
            f"{key.replace('_', ' ')}: {words.count(known[key]) or 'missing'}"
            for key in sorted(known)
            if key not in _CONTENTS and key != "records"
        ]
        none: Cell = _NOT_COUNTED if known else None
        contents = [words.count(known[key]) if key in known else none for key in _CONTENTS]
        other = Lines(tuple(others)) if others else none
        rows.append([name, words.count(found.number("format", "records")), *contents, other])
    return table(("format", "records", *_CONTENTS.values(), "other"), rows)


def encodings(artifacts: Artifacts) -> Table:
    """Count the records of every encoding."""
    return _counted(("encoding", "records"), artifacts.counts("collect_metrics", "encodings"))


def personal_data(artifacts: Artifacts) -> Table:
    """Count the personal data that was replaced, by class."""
    found = [
        (name.removeprefix(PERSONAL_DATA).replace("_", " "), number)
        for name, number in artifacts.counts("clean_metrics", "counts")
        if name.startswith(PERSONAL_DATA)
    ]
    return _counted(("class", "replaced"), found)


def limits(artifacts: Artifacts) -> Table:
    """Say what the text is not good for, as far as it follows from the figures; each with its cause and its size."""
    rows = [*_license_limits(artifacts), *_text_limits(artifacts), *_benchmark_limits(artifacts)]
    return table(("limit", "because of", "how much"), rows, left=(0, 1, 2))


def _license_limits(artifacts: Artifacts) -> list[list[Cell]]:
    sizes = dict(artifacts.counts("collect_metrics", "license_bytes"))
    names = sorted({*sizes, *artifacts.mapping("collect_metrics", "licenses")})
    known = {name: size for name in names if (size := sizes.get(name)) is not None}
    total = sum(known.values()) if len(known) == len(names) else 0.0
    rows: list[list[Cell]] = []
    for limit, applies in _LICENSE_LIMITS.items():
        found = [name for name in names if applies(name)]
        share = words.percent(sum(known[name] for name in found) / total) if total else None
        if found:
            rows.append([limit, Lines(tuple(found)), None if share is None else f"{share} of the bytes collected"])
    return rows


def _text_limits(artifacts: Artifacts) -> list[list[Cell]]:
    undated = artifacts.number("collect_metrics", "undated")
    kinds = artifacts.mapping("collect_metrics", "formats")
    bad = sum(artifacts.number("collect_metrics", "formats", kind, "bad_bytes") or 0.0 for kind in kinds)
    rows: list[list[Cell]] = []
    if undated:
        rows.append(["The base may have read it before", "no date", f"{words.count(undated)} documents"])
    if bad:
        rows.append(["Characters are lost", "bytes that no encoding explains", f"{words.count(bad)} bytes"])
    if personal_data(artifacts).rows:
        rows.append(["Personal data may be left", "what no rule recognises is not replaced", "not known"])
    elif artifacts.get("clean_metrics") is not None:
        rows.append(["Personal data was not replaced", "no replacement is recorded", "not known"])
    return rows


def _benchmark_limits(artifacts: Artifacts) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for name in artifacts.mapping("dedup_metrics", "benchmarks"):
        items, unguarded = (
            artifacts.number("dedup_metrics", "benchmarks", name, key) for key in ("items", "unguarded_items")
        )
        if unguarded:
            much = f"{words.count(unguarded)} of {words.count(items) or 'an unknown number of'} items"
            rows.append([f"A score on {name} may be memory", "items too short to be searched for", much])
    return rows


def _all_alternatives(*marks: str) -> Callable[[str], bool]:
    """Hold for a licence of which every alternative (`A OR B`) has one of the marks."""
    return lambda name: all(any(mark in part for mark in marks) for part in name.split(" OR "))


_LICENSE_LIMITS = {
    "Rights are not known": lambda name: name.startswith("unknown"),
    "Commercial use is restricted": _all_alternatives("-NC"),
    "Changed copies may not be passed on": _all_alternatives("-ND"),
    "Passed on, it keeps its licence": _all_alternatives("-SA", "GPL-"),
}
"""What the identifiers of licences say for themselves; no legal advice."""


def _spoken(artifacts: Artifacts) -> str | None:
    total: dict[str, float] = {}
    for channel in artifacts.mapping("clean_metrics", "languages"):
        for code, number in artifacts.counts("clean_metrics", "languages", channel):
            total[code] = total.get(code, 0.0) + (number or 0.0)
    first = sorted(total, key=lambda code: (-total[code], code))[:2]
    return ", ".join(first) + (" \N{HORIZONTAL ELLIPSIS}" if len(total) > len(first) else "") if first else None


def _largest(counts: list[tuple[str, float | None]]) -> Cell:
    """Give the shares of the largest entries in lines; None where nothing was counted."""
    known = [(name, number) for name, number in counts if number]
    total = sum(number for _, number in known)
    if not total:
        return None
    lines = [f"{'not given' if name == 'none' else name} {words.percent(n / total)}" for name, n in known[:_SHOWN]]
    rest = sum(number for _, number in known[_SHOWN:])
    return Lines((*lines, f"{len(known) - _SHOWN} more {words.percent(rest / total)}") if rest else tuple(lines))


def _origin(source: Mapping[str, Any]) -> Cell:
    given = next((source[key] for key in _ORIGINS if source.get(key)), None)
    if given is None:
        return "this Python installation" if source.get("kind") == "python_environment" else None
    return Lines(tuple(map(str, given))) if isinstance(given, list | tuple) else str(given)


def _share_bars(sizes: list[float | None]) -> list[Cell]:
    """Give shares of the whole; missing where a part of the whole is missing."""
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else 0.0
    return [
        Bar(words.percent(size / total) or "", size / total) if size is not None and total else None for size in sizes
    ]


def _counted(columns: tuple[str, str], counts: list[tuple[str, float | None]]) -> Table:
    cells = bars([(words.count(number), number) for _, number in counts])
    return table(columns, [[name, cell] for (name, _), cell in zip(counts, cells, strict=True)])
