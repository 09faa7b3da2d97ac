"""The cleaning report: what was excluded, changed and replaced between the records read and the text for training."""

from __future__ import annotations

import math
from collections import defaultdict

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.corpus_card import PERSONAL_DATA
from cpt_pipeline.reporting.page import Bar, Cell, Lines, Mark, Table, bars, table
from cpt_pipeline.reporting.reading import Artifacts

SIEVES = ("collect", "clean", "dedup")
"""The stages that exclude, in the order the text passes them."""

_UNITS = {"normalise": "documents changed", "noise": "lines removed", "language": "documents", "dialogues": "removed"}
"""What the counts of a step count, where its name does not say it."""
_PHRASE_CHARACTERS = 240


def excluded(artifacts: Artifacts) -> Table:
    """Count what was not kept, by stage and reason, with the balance of every stage."""
    rows: list[list[Cell]] = []
    for stage in SIEVES:
        reasons = artifacts.counts(f"{stage}_metrics", "excluded")
        total = artifacts.number(f"{stage}_metrics", "records_in")
        if not reasons:
            counted = total is not None and artifacts.get(f"{stage}_metrics", "excluded") is not None
            rows.append([stage, *(("nothing", "0", "") if counted else (None, None, None))])
        for reason, number in reasons:
            share = number / total if number is not None and total else None
            rows.append([stage, reason, words.count(number), words.percent(share, 2)])
    return table(("stage", "reason", "records", "of the records read"), rows, left=(0, 1))


def excluded_by_channel(artifacts: Artifacts) -> Table:
    """Count the same by channel; of collect from its sources. A stage that did not count by channel shows missing."""
    channels = artifacts.channels()
    rows: list[list[Cell]] = []
    for stage in SIEVES:
        found = _by_channel(artifacts, stage)
        for reason, _ in artifacts.counts(f"{stage}_metrics", "excluded"):
            cells = [None if found is None else words.count(found[name].get(reason, 0.0)) for name in channels]
            rows.append([stage, reason, *cells])
    return table(("stage", "reason", *channels), rows, left=(0, 1))


def steps(artifacts: Artifacts) -> Table:
    """Count what the steps of clean changed or removed, by step, without personal data."""
    groups: defaultdict[tuple[str, str], list[tuple[str, float | None]]] = defaultdict(list)
    for name, number in artifacts.counts("clean_metrics", "counts"):
        if not name.startswith(PERSONAL_DATA):
            step, _, what = name.rpartition("/")
            unit = "characters removed" if what.endswith("_characters") else _UNITS.get(step, "")
            groups[step, unit].append((what.removesuffix("_characters"), number))
    rows: list[list[Cell]] = []
    for (step, unit), counts in sorted(groups.items()):
        cells = bars([(words.count(number), number) for _, number in counts])
        rows += [[step, what.replace("_", " "), cell, unit] for (what, _), cell in zip(counts, cells, strict=True)]
    return table(("step", "what", "count", "unit"), rows, left=(0, 1, 3))


def synthetic(artifacts: Artifacts) -> Table:
    """Count what augmentation made, by kind; no row where it is off."""
    rows: list[list[Cell]] = []
    for kind, made in artifacts.counts("clean_metrics", "synthetic", "made"):
        found = artifacts.mapping("clean_metrics", "synthetic")
        reasons = artifacts.counts("clean_metrics", "synthetic", "excluded", kind)
        lines = tuple(f"{reason.replace('_', ' ')} {words.count(number) or 'missing'}" for reason, number in reasons)
        kept, unchanged = ((found.get(key) or {}).get(kind, 0) for key in ("documents", "unchanged"))
        excluded = Lines(lines) if lines else "none"
        rows.append([kind.replace("_", " "), words.count(made), words.count(kept), excluded, words.count(unchanged)])
    return table(("kind", "made", "kept", "excluded", "nothing to change"), rows, left=(0, 3))


def asked(artifacts: Artifacts) -> Table:
    """Say what an LLM was asked for it, and how many of its questions were too general; no row where none was asked."""
    if not artifacts.number("clean_metrics", "synthetic", "requests"):
        return table(("what", "count", "share"), [])
    number = {
        key: artifacts.number("clean_metrics", "synthetic", key)
        for key in ("requests", "failed_requests", "prompt_tokens", "completion_tokens", "questions")
    }
    rows: list[list[Cell]] = [[key.replace("_", " "), words.count(found), ""] for key, found in number.items()]
    measured = artifacts.number("clean_metrics", "synthetic", "measured_questions")
    general = artifacts.number("clean_metrics", "synthetic", "too_general_questions")
    if number["questions"]:
        share = general / measured if general is not None and measured else None
        rows.append(
            ["questions that are too general", words.count(general) if measured else None, words.percent(share)]
        )
    return table(("what", "count", "share"), rows)


def copies(artifacts: Artifacts) -> Table:
    """Give the groups of copies, and the passages removed because other documents hold them."""
    named = {
        "groups of two or more copies": ("clusters",),
        "documents in the largest group": ("largest_cluster",),
        "documents that lost passages with benchmark items": ("leaks", "documents"),
        "such passages": ("leaks", "passages"),
        "characters removed around them": ("leaks", "characters"),
        "documents that lost repeated passages": ("passages", "documents"),
        "sentences, lines or paragraphs removed from them": ("passages", "units"),
        "characters removed with them": ("passages", "characters"),
    }
    return table(
        ("what", "count"),
        [[what, words.count(artifacts.number("dedup_metrics", *path))] for what, path in named.items()],
    )


def semantic(artifacts: Artifacts) -> Table | None:
    """Give what was compared by meaning, and what went; None where dedup did not compare, which is no number."""
    if artifacts.get("dedup_metrics", "semantic") is None:
        return None
    names = {
        "documents compared": "vectors",
        "clusters they are in": "clusters",
        "documents of the largest cluster": "largest_cluster",
        "clusters too large to be compared as a whole": "divided_clusters",
        "pairs compared": "compared_pairs",
        "pairs at or above the cosine in force": "pairs",
        "documents excluded": "excluded",
        "of them copies of held-out documents in another cluster": "excluded_for_heldout",
    }
    found = [artifacts.number("dedup_metrics", "semantic", key) for key in names.values()]
    rows = [[what, words.count(number)] for what, number in zip(names, found, strict=True)]
    return table(("what", "count"), rows)


def semantic_curve(artifacts: Artifacts) -> Table:
    """Give what would be kept of the documents compared at other cosines; the one in force is marked."""
    in_force = artifacts.number("dedup_metrics", "semantic", "min_cosine")
    rows: list[list[Cell]] = []
    for point in artifacts.records("dedup_metrics", "semantic", "curve"):
        found = Artifacts({"point": point})
        cosine = found.number("point", "min_cosine")
        numbers = [words.count(found.number("point", key)) for key in ("documents", "characters")]
        rows.append([words.decimal(cosine, 2), *numbers, "in force" if cosine == in_force else ""])
    return table(("cosine", "documents kept", "characters kept", ""), rows, left=(0, 3))


def dialogues(artifacts: Artifacts) -> Table:
    """Give the dialogues of each unit: how many, what was left of them, and how dense they were and are."""
    rows: list[list[Cell]] = []
    for unit, report in artifacts.mapping("clean_metrics", "dialogues").items():
        found = Artifacts({"unit": report})
        counts = [words.count(found.number("unit", key)) for key in ("dialogues", "turns", "kept")]
        densities = [words.decimal(found.number("unit", f"density_{when}"), 3) for when in ("before", "after")]
        rows.append([unit, *counts, *densities])
    return table(("unit", "dialogues", "turns", "dialogues kept", "density before", "density after"), rows)


def phrases(artifacts: Artifacts, kind: str = "phrases") -> list[tuple[str, str, Table]]:
    """Give for each source its name, what was found in short, and its frequent phrases, the most frequent first.

    `kind` is `phrases`, or `stock_replies` for those of dialogues.
    """
    found = []
    for source in artifacts.mapping("clean_metrics", kind):
        given = artifacts.records("clean_metrics", kind, source)
        rows = [_phrase(Artifacts({"phrase": phrase})) for phrase in given]
        removed = sum(row[3] == _REMOVED for row in rows)
        short = f"{words.count(len(rows))} listed, {words.count(removed)} removed" if rows else "none listed"
        if artifacts.get("clean_metrics", kind, source) is None:
            short = "missing"
        columns = ("phrase", "documents", "of the source", "removed", "for example in")
        found.append((source, short, table(columns, rows, left=(0, 4))))
    return found


def guarded(artifacts: Artifacts) -> Table:
    """Say what of each benchmark was found in the text and removed."""
    rows: list[list[Cell]] = []
    for name, benchmark in artifacts.mapping("dedup_metrics", "benchmarks").items():
        found = Artifacts({"benchmark": benchmark})
        keys = ("items", "unguarded_items", "found_items", "documents", "trimmed_documents")
        rows.append([name, *(words.count(found.number("benchmark", key)) for key in keys)])
    columns = (
        "benchmark",
        "items",
        "too short to search",
        "found in text",
        "documents excluded",
        "trimmed",
    )
    return table(columns, rows)


_REMOVED, _LEFT = "removed", Mark("left in", "quiet")


def _phrase(found: Artifacts) -> list[Cell]:
    text, removed, example = (found.get("phrase", key) for key in ("text", "removed", "example"))
    share = found.number("phrase", "share")
    return [
        _shortened(text) if isinstance(text, str) else None,
        words.count(found.number("phrase", "documents")),
        None if share is None else Bar(words.percent(share) or "", min(max(share, 0.0), 1.0)),
        (_REMOVED if removed else _LEFT) if isinstance(removed, bool) else None,
        None if example is None else str(example),
    ]


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _PHRASE_CHARACTERS else plain[: _PHRASE_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _by_channel(artifacts: Artifacts, stage: str) -> defaultdict[str, dict[str, float]] | None:
    """Give channel to reason to count, None where the stage did not count by channel; a reason not named is none."""
    if stage == "collect":
        return _by_channel_of_sources(artifacts)
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    given = artifacts.mapping(f"{stage}_metrics", "excluded_by_channel")
    if artifacts.get(f"{stage}_metrics", "excluded_by_channel") is None or None in given.values():
        return None
    for channel in given:
        counts = artifacts.counts(f"{stage}_metrics", "excluded_by_channel", channel)
        found[channel] = {reason: math.nan if number is None else number for reason, number in counts}
    return found


def _by_channel_of_sources(artifacts: Artifacts) -> defaultdict[str, dict[str, float]] | None:
    found: defaultdict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    sources = artifacts.mapping("collect_metrics", "sources")
    for name in sources:
        if artifacts.get("collect_metrics", "sources", name, "excluded") is None:
            return None
        channel = str(artifacts.get("collect_metrics", "sources", name, "channel"))
        for reason, number in artifacts.counts("collect_metrics", "sources", name, "excluded"):
            found[channel][reason] += math.nan if number is None else number
    return found if sources else None
