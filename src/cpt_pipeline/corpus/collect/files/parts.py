"""Sources divided into parts that workers read apart from one another.

A part is JSON: the files it is about, or the state of a source that is read in one piece. It tells in what state it
found what it names, so that a stage that goes on reads again what was changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

from cpt_pipeline.core.artifact import digest_file
from cpt_pipeline.corpus.collect import python_environment, remote
from cpt_pipeline.corpus.collect.crawl import crawl as web
from cpt_pipeline.corpus.collect.crawl.crawl import WebParams
from cpt_pipeline.corpus.collect.crawl.store import INDEX
from cpt_pipeline.corpus.collect.files.file_list import list_files, open_file
from cpt_pipeline.corpus.collect.files.repositories import MAX_LICENSE_BYTES, Verdict, judge_files
from cpt_pipeline.corpus.collect.params import FilesParams, ObjectStoreParams, Source
from cpt_pipeline.corpus.collect.remote import HubDatasetParams
from cpt_pipeline.extraction.litter import member_litter

Part = dict[str, Any]
Entry = list[str | None]
"""Name of a file, where it is opened, its state, why it is not read (reason, detail), the licence of its repository."""
Opened = Callable[[str], AbstractContextManager[BinaryIO]]


def plan_parts(source: Source, part_bytes: int) -> list[Part]:
    """Divide a source; one that is capped, linked or cannot be divided is one part. Fetches what is missing."""
    files: list[Entry]
    if isinstance(source, FilesParams):
        found = list_files(source.path, source.follow_links_to)
        sizes = [each.size for each in found]
        files = [[each.name, str(each.path), each.state, each.reason, each.detail, None] for each in found]
        files = judge_entries(files, source.category, open_file)
    elif isinstance(source, ObjectStoreParams):
        listed = remote.list_files(source.address)
        litter = [member_litter(each.name) for each in listed]
        files = [
            [each.name, each.url, each.etag, kind and kind[1], kind and kind[0], None]
            for each, kind in zip(listed, litter, strict=True)
        ]
        files = judge_entries(files, source.category, remote.open_remote)
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


def judge_entries(files: list[Entry], category: str | None, opened: Opened) -> list[Entry]:
    """Return the entries with what their names say of one another: no document, or the licence of a repository."""
    places = {name: place for name, place, _, reason, *_ in files if reason is None and name is not None}

    def read(name: str) -> bytes:
        with opened(places[name] or "") as stream:
            return stream.read(MAX_LICENSE_BYTES)

    verdicts = judge_files(places, category, read)
    judged = []
    for name, place, state, reason, detail, _ in files:
        verdict = verdicts.get(name or "", Verdict()) if reason is None else Verdict(reason, detail)
        judged.append([name, place, state, verdict.reason, verdict.detail, verdict.license])
    return judged


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
