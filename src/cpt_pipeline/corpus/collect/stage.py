"""Collect: every source of conf becomes documents, each with its licence, origin and channel.

Whatever can be known before the work (a missing path, no licence, an unknown channel, a broken benchmark item)
is said in one error before anything is read. What turns out to be no text is excluded by name.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import SourceError, raise_all
from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.corpus.collect import files, python_environment
from cpt_pipeline.corpus.collect.files import FilesParams
from cpt_pipeline.corpus.collect.python_environment import PythonEnvironmentParams
from cpt_pipeline.corpus.sieve import Amount, Row, Sieve
from cpt_pipeline.formats.benchmarks import SuiteParams, load_suite, write_items

logger = logging.getLogger(__name__)

Source = Annotated[PythonEnvironmentParams | FilesParams, Field(discriminator="kind")]
_NOT_BAD = "unsupported_format"
_NUM_EXAMPLES = 3


class CollectParams(Params):
    """`collect:` in conf."""

    sources: tuple[Source, ...] = Field(min_length=1)
    """In this order; where two documents are alike, the earlier one survives."""
    max_bad_share: float = Field(0.05, ge=0, le=1)
    """A source with a larger share of broken records stops the run. Files of unknown suffix do not count."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> CollectParams:
        twice = [name for name, count in Counter(source.name for source in self.sources).items() if count > 1]
        if twice:
            raise ValueError(f"collect.sources: more than one source is named {', '.join(twice)}; names make the ids")
        return self


class SourceReport(Report):
    """What one source gave."""

    channel: str
    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    licenses: dict[str, int]
    """Licence to documents."""


class CollectReport(Report):
    """`collect_metrics`: `records_in` = `documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    channels: dict[str, Amount]
    licenses: dict[str, int]
    """Licence to documents."""
    sources: dict[str, SourceReport]
    benchmark_items: dict[str, int]


def collect_documents(out: Path, params: CollectParams, channels: ChannelsParams, suite: SuiteParams) -> CollectReport:
    """Read every source into `raw_documents`, `collect_excluded` and `benchmark_texts` below `out`.

    The result depends on the sources alone: their order in conf, then the order each source states. `SourceError`
    lists all that is wrong with all sources at once.
    """
    items, problems = load_suite(suite)
    problems += _find_problems(params, channels)
    raise_all(SourceError, "Nothing was collected. Wrong in conf (collect, evaluate.suite):", problems)
    reports: dict[str, SourceReport] = {}
    with (
        Sieve(out, kept=("raw_documents",), excluded="collect_excluded") as sieve,
        Progress("collect", len(params.sources), "sources") as progress,
    ):
        for source in params.sources:
            reports[source.name], found = _collect_source(source, sieve, params.max_bad_share)
            problems += found
            progress.advance(note=source.name)
        raise_all(SourceError, "The sources were read, and some cannot be used:", problems)
    write_items(out / "benchmark_texts", items)
    report = _report(sieve, reports, Counter(item.benchmark for item in items))
    logger.info("collect: %d documents, %d excluded", report.documents, sum(report.excluded.values()))
    return report


def _find_problems(params: CollectParams, channels: ChannelsParams) -> Iterator[str]:
    known = ", ".join(sorted(channels.roles))
    for source in params.sources:
        if source.channel not in channels.roles:
            yield f"source {source.name}: channel {source.channel} is not in channels.roles ({known})"
        found = (
            files.find_problems(source) if isinstance(source, FilesParams) else python_environment.find_problems(source)
        )
        yield from (f"source {source.name}: {problem}" for problem in found)
    for channel in sorted(set(channels.roles) - {source.channel for source in params.sources}):
        yield f"channel {channel} of channels.roles has no source"


def _collect_source(
    source: PythonEnvironmentParams | FilesParams, sieve: Sieve, max_bad_share: float
) -> tuple[SourceReport, list[str]]:
    rows = files.read_records(source) if isinstance(source, FilesParams) else python_environment.read_records(source)
    licenses: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    examples: list[str] = []
    before = sieve.total("raw_documents").bytes
    for row in rows:
        if "text" in row:
            licenses[row["license"]] += 1
            sieve.keep(row, "raw_documents")
        else:
            reasons[row["reason"]] += 1
            sieve.exclude(row, row["reason"], row["detail"])
            if row["reason"] != _NOT_BAD and len(examples) < _NUM_EXAMPLES:
                examples.append(_example(row))
    report = SourceReport(
        channel=source.channel,
        records_in=licenses.total() + reasons.total(),
        documents=licenses.total(),
        bytes=sieve.total("raw_documents").bytes - before,
        excluded=dict(sorted(reasons.items())),
        licenses=dict(sorted(licenses.items())),
    )
    return report, list(_judge(source.name, report, max_bad_share, examples))


def _judge(name: str, report: SourceReport, max_bad_share: float, examples: list[str]) -> Iterator[str]:
    readable = report.records_in - report.excluded.get(_NOT_BAD, 0)
    num_bad = readable - report.documents
    if num_bad > max_bad_share * readable:
        share = f"{num_bad} of {readable} records are broken, more than collect.max_bad_share = {max_bad_share}"
        yield f"source {name}: {share}. First: {'; '.join(examples)}"
    elif not report.documents:
        yield f"source {name}: no document in it"


def _example(row: Row) -> str:
    return f"{row['id']} ({row['reason']}{': ' + row['detail'] if row['detail'] else ''})"


def _report(sieve: Sieve, sources: dict[str, SourceReport], items: Counter[str]) -> CollectReport:
    licenses: Counter[str] = Counter()
    for source in sources.values():
        licenses.update(source.licenses)
    return CollectReport(
        records_in=sieve.num_records,
        documents=sieve.total("raw_documents").documents,
        bytes=sieve.total("raw_documents").bytes,
        excluded=sieve.excluded(),
        channels=sieve.amounts("raw_documents"),
        licenses=dict(sorted(licenses.items())),
        sources=sources,
        benchmark_items=dict(sorted(items.items())),
    )
