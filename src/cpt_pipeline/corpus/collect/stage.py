"""Collect: every source of conf becomes documents, each with its licence, origin and channel.

Whatever can be known before the work (a missing path, no licence, an unknown channel, a broken benchmark item)
is said in one error before anything is read. What turns out to be no text is excluded by name.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import SourceError, raise_all
from cpt_pipeline.corpus.collect import sources
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.admission.recency import is_older
from cpt_pipeline.corpus.collect.dialogue_units import COUNTS
from cpt_pipeline.corpus.collect.files import archives, repositories
from cpt_pipeline.corpus.collect.files.file_list import OUTSIDE, SPECIAL
from cpt_pipeline.corpus.collect.files.parts import plan_parts
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport, DialoguesReport, Source, SourceReport
from cpt_pipeline.corpus.collect.source_params import DIALOGUE, SourceParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.sieve import Row, Sieve
from cpt_pipeline.corpus.engine.steps import (
    DocumentStep,
    WriteDocuments,
    as_document,
    count,
    exclude,
    gather,
    gather_counts,
)
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.extraction import litter
from cpt_pipeline.extraction.code import files as code_files
from cpt_pipeline.extraction.dialogues.dialogues import ROLE_LEFT_OUT
from cpt_pipeline.extraction.encoding.binary_content import BINARY
from cpt_pipeline.extraction.kinds import kind_of
from cpt_pipeline.extraction.records import COLUMNS_THERE
from cpt_pipeline.extraction.sandbox import Sandbox
from cpt_pipeline.formats.benchmarks import SuiteParams, load_suite, write_items

logger = logging.getLogger(__name__)

_SECOND = re.compile(r"#2(?:/\d+)?$")
"""End of the id of the second text of a file, or of a part of it."""
_ON_PURPOSE = frozenset(
    {
        "unsupported_format",
        "license_refused",
        "license_unclear",
        "not_recent",
        "table_of_contents",
        "not_text",
        "robots",
        "host_not_allowed",
        "redirected",
        ROLE_LEFT_OUT,
        OUTSIDE,
        SPECIAL,
        BINARY,
        *litter.KINDS,
        *code_files.REASONS,
        *repositories.REASONS,
        *archives.REASONS,
    }
)
"""Reasons that say nothing about the state of a source."""
_COUNTED = (
    "tables", "formulas", "images", "icons", "unknown_symbols", "malformed_cells", "bad_bytes", "bad_dates",
    "bad_columns",
)  # fmt: skip
_NUM_EXAMPLES = 3


class ReadSources(PipelineStep):  # type: ignore[misc]
    """Read the part of a source that is a task's."""

    name = "read sources"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: CollectParams) -> None:
        super().__init__()
        self._tasks, self._params = tasks, params

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Give the documents of task `rank`, in order, also those that are no text."""
        number, part = self._tasks.read(rank)
        limits = self._params.parsing
        with Sandbox(seconds=limits.seconds, memory_bytes=limits.memory_megabytes << 20) as sandbox:
            for row in sources.read_part(self._params.sources[number], part, sandbox):
                there = row.pop(COLUMNS_THERE, ())
                document = as_document({"text": "", **row})
                for column in there:
                    count(document, f"column/{row['source']}/{column}")
                if "reason" in row:
                    exclude(document, row["reason"], row["detail"])
                _count_contents(document)
                yield document


class Admit(DocumentStep):
    """Ask the licence policy and the rule of recency."""

    name = "admit"

    def __init__(self, policy: LicensePolicyParams, params: CollectParams, channels: ChannelsParams) -> None:
        super().__init__()
        self._policy = policy
        self._border = params.recency.published_after
        self._recent = params.recency.channels if params.recency.channels is not None else channels.general

    def apply(self, document: Document) -> None:
        """Exclude what may not be used, and what the base has likely read."""
        found = document.metadata
        if problem := self._policy.find_problem(found["license"]):
            exclude(document, "license_refused", problem)
        elif self._border is not None and found["channel"] in self._recent:
            if found["published"] is None:
                count(document, "undated")
            elif is_older(found["published"], self._border):
                exclude(document, "not_recent", f"published {found['published']}, before {self._border}")


def collect_documents(
    out: Path,
    params: CollectParams,
    channels: ChannelsParams,
    suite: SuiteParams,
    policy: LicensePolicyParams,
    run: EngineParams,
) -> CollectReport:
    """Read every source into `raw_documents`, `collect_excluded` and `benchmark_texts` below `out`.

    The result depends on the sources alone: their order in conf, then the order each source states. `SourceError`
    lists all that is wrong with all sources at once. Unfinished tasks are kept beside `out`.
    """
    items, problems = load_suite(suite)
    problems += _find_problems(params, channels, policy)
    raise_all(SourceError, "Nothing was collected. Wrong in conf (collect, evaluate.suite):", problems)
    for unread in filter(None, map(sources.name_unread, params.sources)):
        logger.warning("collect: %s", unread)
    parts = [
        (number, part)
        for number, source in enumerate(params.sources)
        for part in plan_parts(source, run.task_megabytes << 20)
    ]
    settings = {"collect": params.model_dump(mode="json"), "policy": policy.model_dump(mode="json")}
    tasks = Tasks(out.parent / "tasks", "collect", parts, {**settings, "channels": channels.model_dump(mode="json")})
    tasks.run([ReadSources(tasks, params), Admit(policy, params, channels), WriteDocuments(tasks)], run)
    report = _gather(tasks, out, params)
    write_items(out / "benchmark_texts", items)
    reasons = ", ".join(f"{number} {reason}" for reason, number in report.excluded.items())
    excluded = f"{sum(report.excluded.values())} excluded" + (f" ({reasons})" if reasons else "")
    logger.info("collect: %d documents, %s", report.documents, excluded)
    by_benchmark = Counter(item.benchmark for item in items)
    return report.model_copy(update={"benchmark_items": dict(sorted(by_benchmark.items()))})


def _find_problems(params: CollectParams, channels: ChannelsParams, policy: LicensePolicyParams) -> Iterator[str]:
    known = ", ".join(sorted(channels.roles))
    for source in params.sources:
        if source.channel not in channels.roles:
            yield f"source {source.name}: channel {source.channel} is not in channels.roles ({known})"
        yield from (f"source {source.name}: {problem}" for problem in sources.find_problems(source))
        stated = source.license if isinstance(source, SourceParams) and "license" not in source.columns else ""
        if stated and (problem := policy.find_problem(stated)):
            yield f"source {source.name}: {problem}. Leave the source out or change the policy"
    for channel in sorted(set(channels.roles) - {source.channel for source in params.sources}):
        yield f"channel {channel} of channels.roles has no source"


def _count_contents(document: Document) -> None:
    """Count what the format held, under `format/counter`."""
    found = json.loads(document.metadata["metadata"] or "{}")
    if "file" in found:
        kind = kind_of(found["file"]).lstrip(".") or "none"
        count(document, f"format/{kind}/records")
        for name in _COUNTED:
            if found.get(name):
                count(document, f"format/{kind}/{name}", found[name])
        if "encoding" in found:
            count(document, f"encoding/{found['encoding']}")


class _SourceCount:
    """What is counted of a source while its rows go by."""

    def __init__(self) -> None:
        self.licenses: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.bytes = 0
        self.examples: list[str] = []
        self.dialogues: Counter[str] = Counter()
        self.is_split = False
        """A file held more than one text."""

    def keep(self, row: Row, num_bytes: int) -> None:
        self.is_split = self.is_split or _SECOND.search(row["id"]) is not None
        self.licenses[row["license"]] += 1
        self.bytes += num_bytes
        if row["category"] == DIALOGUE:
            self.dialogues.update(json.loads(row["metadata"] or "{}").get(COUNTS, {}))

    def exclude(self, row: Row) -> None:
        self.reasons[row["reason"]] += 1
        if row["reason"] not in _ON_PURPOSE and len(self.examples) < _NUM_EXAMPLES:
            detail = f": {row['detail']}" if row["detail"] else ""
            self.examples.append(f"{row['id']} ({row['reason']}{detail})")

    def report(self, source: Source) -> SourceReport:
        return SourceReport(
            channel=source.channel,
            records_in=self.licenses.total() + self.reasons.total(),
            documents=self.licenses.total(),
            bytes=self.bytes,
            excluded=dict(sorted(self.reasons.items())),
            licenses=dict(sorted(self.licenses.items())),
            dialogues=self._dialogues(source),
        )

    def _dialogues(self, source: Source) -> DialoguesReport | None:
        if not isinstance(source, SourceParams) or source.dialogues is None:
            return None
        names = ("records", "conversations", "turns", "left_out")
        counts = {name: self.dialogues[name] for name in names}
        return DialoguesReport(unit=source.dialogues.unit, documents=self.licenses.total(), **counts)

    def find_problem(self, name: str, max_bad_share: float) -> str | None:
        num_bad = sum(number for reason, number in self.reasons.items() if reason not in _ON_PURPOSE)
        num_read = max(self.licenses.total(), self.dialogues["records"]) + num_bad
        if num_bad > max_bad_share * num_read:
            share = f"{num_bad} of {num_read} records are broken, more than collect.max_bad_share = {max_bad_share}"
            return f"source {name}: {share}. First: {'; '.join(self.examples)}"
        return None if self.licenses else f"source {name}: no document in it ({dict(self.reasons) or 'no record'})"


def _gather(tasks: Tasks, out: Path, params: CollectParams) -> CollectReport:
    found = {source.name: _SourceCount() for source in params.sources}
    license_bytes: defaultdict[str, int] = defaultdict(int)
    with Sieve(out, kept=("raw_documents",), excluded="collect_excluded") as sieve:
        for row in gather(tasks):
            source = found[row["source"]]
            if row["reason"] is not None:
                source.exclude(row)
                sieve.exclude(row, row["reason"], row["detail"])
                continue
            num_bytes = sieve.keep(row, "raw_documents")
            source.keep(row, num_bytes)
            license_bytes[row["license"]] += num_bytes
        counts = gather_counts(tasks)
        problems = [each.find_problem(name, params.max_bad_share) for name, each in found.items()]
        told = [source for source in params.sources if found[source.name].licenses]
        problems += [problem for source in told for problem in _missing_columns(source, counts)]
        raise_all(SourceError, "The sources were read, and some cannot be used:", filter(None, problems))
    for each in told:
        _warn_of_separator(each, found[each.name])
    reports = {source.name: found[source.name].report(source) for source in params.sources}
    return _report(sieve, reports, dict(sorted(license_bytes.items())), counts)


def _missing_columns(source: Source, counts: Counter[str]) -> Iterator[str]:
    """Yield the columns that conf names and no document of the source has."""
    for column, field in source.columns.items() if isinstance(source, SourceParams) else ():
        if not counts[f"column/{source.name}/{column}"]:
            yield (
                f"source {source.name}: columns.{column} names the field {field!r}, which no record has; "
                "correct it, or leave it out"
            )


def _warn_of_separator(source: Source, found: _SourceCount) -> None:
    """Say that a separator parted nothing: where it is misspelt, a file of many texts is one document."""
    if isinstance(source, SourceParams) and source.separator is not None and not found.is_split:
        logger.warning(
            "collect: source %s: its separator %r parts no file in two; every file is one document",
            source.name,
            source.separator,
        )


def _report(
    sieve: Sieve, reports: dict[str, SourceReport], license_bytes: dict[str, int], counts: Counter[str]
) -> CollectReport:
    licenses: Counter[str] = Counter()
    for source in reports.values():
        licenses.update(source.licenses)
    total = sieve.total("raw_documents")
    return CollectReport(
        records_in=sieve.num_records,
        documents=total.documents,
        bytes=total.bytes,
        excluded=sieve.excluded(),
        channels=sieve.amounts("raw_documents"),
        licenses=dict(sorted(licenses.items())),
        license_bytes=license_bytes,
        sources=reports,
        formats=_by_format(counts),
        encodings={
            name.removeprefix("encoding/"): number
            for name, number in sorted(counts.items())
            if name.startswith("encoding/")
        },
        undated=counts["undated"],
        benchmark_items={},
    )


def _by_format(counts: Counter[str]) -> dict[str, dict[str, int]]:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, number in sorted(counts.items()):
        if name.startswith("format/"):
            _, kind, counter = name.split("/")
            found[kind][counter] = number
    return dict(found)
