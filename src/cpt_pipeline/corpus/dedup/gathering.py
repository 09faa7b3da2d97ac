"""What dedup publishes and says: the rows of all tasks, kept, held out or excluded, and what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.dedup import verdicts as kinds
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex
from cpt_pipeline.corpus.dedup.decontamination.verdicts import read_all_leaks
from cpt_pipeline.corpus.dedup.families import follow_parents
from cpt_pipeline.corpus.dedup.params import (
    BenchmarkReport,
    DedupParams,
    DedupReport,
    DedupRunParams,
    LeaksReport,
    PassagesReport,
)
from cpt_pipeline.corpus.dedup.statistics.diversity import DiversitySample
from cpt_pipeline.corpus.dedup.survey import Survey
from cpt_pipeline.corpus.dedup.verdicts import Verdicts
from cpt_pipeline.corpus.engine.sieve import Sieve
from cpt_pipeline.corpus.engine.steps import gather, gather_counts
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.documents import work_of, write_families

_EXAMPLES = 5


def gather_documents(
    judged: Tasks,
    found: Verdicts,
    survey: Survey,
    out: Path,
    params: DedupParams,
    run: DedupRunParams,
    stated: Mapping[str, Any],
) -> DedupReport:
    """Write `unique_documents`, `heldout_documents` and `dedup_excluded` below `out`.

    Of the report, `stated` is what was known before the documents went by.
    """
    sample = DiversitySample(params.diversity)
    firsts: dict[int, str] = {}
    families: dict[str, str] = {}
    with Sieve(out, kept=("unique_documents", "heldout_documents"), excluded="dedup_excluded") as sieve:
        judged_rows = zip(gather(judged), found.kinds == kinds.HELDOUT, strict=True)
        for (row, is_heldout), family in zip(follow_parents(judged_rows), found.families.tolist(), strict=True):
            if row["reason"] is not None:
                sieve.exclude(row, row["reason"], row["detail"])
            elif is_heldout:
                sieve.keep(row, "heldout_documents")
                families[work_of(row)] = firsts.setdefault(family, work_of(row))
            else:
                sieve.keep(row, "unique_documents")
                sample.add(row)
        raise_all(NothingLeftError, "dedup cannot split what there is:", _missing(sieve, survey, found))
        differing = {work: first for work, first in families.items() if work != first}
        write_families(out / "heldout_documents", differing)
    return _report(sieve, found, gather_counts(judged), {**stated, "diversity": sample.measure(run.encoder)})


def report_benchmarks(index: BenchmarkIndex, surveyed: Tasks, verdicts: Verdicts) -> dict[str, BenchmarkReport]:
    """Return what was found of each benchmark; a document that goes as a copy is not one that was trimmed."""
    excluded: Counter[str] = Counter()
    trimmed: Counter[str] = Counter()
    found: dict[str, dict[str, str]] = {name: {} for name in index.num_items}
    for document in read_all_leaks(surveyed):
        names = {leak["benchmark"] for leak in document.leaks}
        if document.is_excluded:
            excluded.update(names)
        elif verdicts.kinds[document.number] in (kinds.KEPT, kinds.HELDOUT):
            trimmed.update(names)
        for leak in document.leaks:
            found[leak["benchmark"]].setdefault(leak["item"], leak["text"])
    return {
        name: BenchmarkReport(
            items=size,
            unguarded_items=index.unguarded.get(name, 0),
            found_items=len(found[name]),
            documents=excluded[name],
            trimmed_documents=trimmed[name],
            examples=dict(sorted(found[name].items())[:_EXAMPLES]),
        )
        for name, size in sorted(index.num_items.items())
    }


def _missing(sieve: Sieve, survey: Survey, found: Verdicts) -> Iterator[str]:
    if not survey.num_documents:
        yield "clean_documents holds no document at all"
    for name, kind in {"unique_documents": "training", "heldout_documents": "held-out"}.items():
        for channel in sorted(set(survey.channels) - set(sieve.amounts(name))):
            if shared := _shared_text(channel, survey, found):
                yield f"channel {channel} has no {kind} document: {shared}"
                continue
            reasons = dict(sieve.reasons_by_channel[channel].most_common())
            yield (
                f"channel {channel} has no {kind} document (excluded: {reasons or 'none'}). Give it more text; for "
                "benchmark, a smaller dedup.leaks.min_left_characters lets documents lose the items and stay. A file "
                "of many texts counts as one unless its source says how to divide it"
            )


def _shared_text(channel: str, survey: Survey, found: Verdicts) -> str:
    """Return why a channel cannot be divided: its works share text with one another, or with another channel's."""
    mine = found.drawable & (survey.channel == survey.channels.index(channel))
    if {kinds.KEPT, kinds.HELDOUT} <= set(found.kinds[mine].tolist()):
        return ""  # what is missing went for another reason
    num_works = np.unique(survey.works[mine]).size
    families = np.unique(found.families[mine])
    relatives = survey.channel[found.drawable & np.isin(found.families, families)]
    others = [name for name in np.array(survey.channels)[np.unique(relatives)].tolist() if name != channel]
    if others and families.size:
        return (
            f"its {num_works} works share a fifth of their text or more with works of {', '.join(others)}, and are "
            "held out with those or not at all. Give it text of its own, or take the copies out of the other channels"
        )
    if num_works > 1 and families.size == 1:
        return (
            f"its {num_works} works share a fifth of their text or more with one another, so they count as one. Give "
            "it other text, or let clean.phrases.remove_share take out what all of them repeat"
        )
    return ""


def _report(sieve: Sieve, found: Verdicts, counts: Counter[str], stated: Mapping[str, Any]) -> DedupReport:
    unique = sieve.total("unique_documents")
    by_channel = sorted(sieve.reasons_by_channel.items())
    return DedupReport(
        records_in=sieve.num_records,
        documents=unique.documents,
        bytes=unique.bytes,
        heldout_documents=sieve.total("heldout_documents").documents,
        excluded=sieve.excluded(),
        excluded_by_channel={channel: dict(sorted(reasons.items())) for channel, reasons in by_channel},
        channels=sieve.amounts("unique_documents"),
        heldout_channels=sieve.amounts("heldout_documents"),
        clusters=found.num_clusters,
        largest_cluster=found.largest_cluster,
        leaks=LeaksReport(
            documents=counts["leaks/documents"],
            passages=counts["leaks/passages"],
            characters=counts["leaks/characters"],
        ),
        passages=PassagesReport(
            documents=counts["passages/documents"],
            units=counts["passages/units"],
            characters=counts["passages/characters"],
        ),
        **stated,
    )
