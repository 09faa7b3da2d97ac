"""Sources divided into parts that workers read apart from one another.

A part is JSON: the files it is about, or the state of a source that is read in one piece. It tells in what state it
found what it names, so that a stage that goes on reads again what was changed since.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import digest_file
from cpt_pipeline.corpus.collect import python_environment, remote, web
from cpt_pipeline.corpus.collect.file_list import list_files
from cpt_pipeline.corpus.collect.params import FilesParams, ObjectStoreParams, Source
from cpt_pipeline.corpus.collect.remote import HubDatasetParams
from cpt_pipeline.corpus.collect.web import WebParams
from cpt_pipeline.corpus.collect.web_store import INDEX

Part = dict[str, Any]


def plan_parts(source: Source, part_bytes: int) -> list[Part]:
    """Divide a source; one that is capped, linked or cannot be divided is one part. Fetches what is missing."""
    files: list[list[str | None]]
    if isinstance(source, FilesParams):
        found = list_files(source.path, source.follow_links_to)
        sizes = [each.size for each in found]
        files = [[each.name, str(each.path), each.state, each.reason, each.detail] for each in found]
    elif isinstance(source, ObjectStoreParams):
        listed = remote.list_files(source.address)
        files = [[each.name, each.url, each.etag] for each in listed]
        sizes = [each.size for each in listed]
    elif isinstance(source, WebParams):
        web.crawl(source, source.store)
        return [{"index": digest_file(source.store / INDEX)}]
    elif isinstance(source, HubDatasetParams):
        found = list_files(Path(source.dataset).expanduser()) if source.is_folder else []
        return [{"files": [[each.name, each.state] for each in found if not each.reason]}]
    else:
        return [{"revisions": python_environment.revisions(source)}]
    if source.max_characters is not None or (source.dialogues is not None and source.dialogues.unit == "linked"):
        return [{"files": files}]
    return [{"files": files[first:last]} for first, last in _runs(sizes, part_bytes)]


def _runs(sizes: list[int], part_bytes: int) -> Iterator[tuple[int, int]]:
    """Divide files into runs of about `part_bytes`, and at most 10,000 files."""
    first = total = 0
    for number, size in enumerate(sizes):
        if number > first and (total + size > part_bytes or number - first >= 10_000):
            yield first, number
            first, total = number, 0
        total += size
    if sizes:
        yield first, len(sizes)
