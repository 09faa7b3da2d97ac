"""Token shards searched for the items of the evaluation suite: what `kedro leaks` does, without Kedro.

Joins the search of corpus.dedup with the decoding of vocabulary.token_leaks, so shards are judged as text is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cpt_pipeline.core.artifact import is_sealed
from cpt_pipeline.core.errors import ParameterError, SourceError, raise_all
from cpt_pipeline.core.verification import verify_artifact
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, LeakParams
from cpt_pipeline.corpus.dedup.decontamination.search import LeakSearch
from cpt_pipeline.formats.benchmarks import BenchmarkItem, SuiteParams, load_suite, read_items
from cpt_pipeline.vocabulary.token_leaks import BenchmarkTokenLeaks, TokenLeak, TokenLeakReport, find_token_leaks

_MAX_TEXT = 120
_COLUMNS = ("benchmark", "items", "too short to search", "found", "documents")


def suite_items(benchmark_texts: Path, suite: SuiteParams) -> list[BenchmarkItem]:
    """Give the items of the files of a suite; of the artifact where files are missing and that holds their benchmarks.

    `ParameterError` when the suite is empty, `SourceError` for files that are missing or wrong.
    """
    wanted = {each.name for each in suite.benchmarks}
    if not wanted:
        raise ParameterError("evaluate.suite names no benchmark, so there is nothing to search for")
    items, problems = load_suite(suite)
    if problems and is_sealed(benchmark_texts):
        verify_artifact(benchmark_texts)
        kept = [item for item in read_items(benchmark_texts) if item.benchmark in wanted]
        if wanted <= {item.benchmark for item in kept}:
            return kept
    raise_all(SourceError, "The evaluation suite cannot be read:", problems)
    return items


def search_shards(tokens: Path, tokenizer: Path, items: Iterable[BenchmarkItem], params: LeakParams) -> TokenLeakReport:
    """Search all shards in a folder and the folders in it; `tokenizer` is the one that made them."""
    return find_token_leaks(tokens, tokenizer, LeakSearch(BenchmarkIndex(items, params)))


def describe(report: TokenLeakReport, num_examples: int) -> str:
    """Give a table for people, the first `num_examples` leaks under each benchmark, and a sentence."""
    rows = [_COLUMNS, *(_row(name, found) for name, found in report.benchmarks.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [_line(rows[0], widths)]
    for row, found in zip(rows[1:], report.benchmarks.values(), strict=True):
        lines += [_line(row, widths), *_examples(found.leaks, num_examples)]
    return "\n".join([*lines, "", _sentence(report)])


def _row(name: str, found: BenchmarkTokenLeaks) -> tuple[str, ...]:
    return name, *(f"{number:,}" for number in (found.items, found.unguarded_items, found.found_items, found.documents))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join([f"{row[0]:<{widths[0]}}", *numbers])


def _examples(leaks: Sequence[TokenLeak], limit: int) -> Iterator[str]:
    for leak in leaks[:limit]:
        text = leak.text if len(leak.text) <= _MAX_TEXT else f"{leak.text[:_MAX_TEXT]} ..."
        yield f"    {leak.item} in {leak.split}/{leak.channel} {leak.document}: {text}"


def _sentence(report: TokenLeakReport) -> str:
    found = sum(each.found_items for each in report.benchmarks.values())
    documents = "1 document" if report.documents == 1 else f"{report.documents:,} documents"
    searched = f"{documents} ({report.tokens:,} tokens)"
    if not found:
        return f"No item was found in {searched}."
    noun = "item was" if found == 1 else "items were"
    return f"{found:,} {noun} found in {report.leaking_documents:,} of {searched}."
