"""Sources that lie elsewhere: object stores through fsspec, and datasets of the Hugging Face hub.

What was listed is what is read: a file carries the etag of its listing, a hub dataset the commit of its
conf. Nothing is retried, and a stream that breaks raises, because the rest of it cannot be named record by record.
Web addresses are not opened here: the web source checks where a name leads, and fsspec does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Literal

from pydantic import Field

from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.core.inputs import HubName, HubParams
from cpt_pipeline.corpus.collect.source_params import SourceParams

_DRIVERS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs", "oss": "ossfs"}
"""Protocol to the package that brings it, where the package is not part of fsspec."""
_WEB = ("http", "https", "ftp", "sftp", "github", "hf")
_ETAG_KEYS = ("ETag", "etag", "md5Hash", "crc32c", "content_md5", "mtime", "LastModified", "last_modified", "created")
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """A file of a listing."""

    name: str
    """Relative to the folder, or to the part of the pattern before its first wildcard."""
    url: str
    size: int
    etag: str
    """What the store says of the content (ETag, MD5), else size and time of the last change."""


class HubDatasetParams(SourceParams, HubParams):
    """A source of kind `hugging_face`."""

    repository: ClassVar[Literal["model", "dataset"]] = "dataset"
    kind: Literal["hugging_face"]
    dataset: HubName = Field(min_length=1)
    """Hub name like `wikimedia/wikipedia`, or a folder of jsonl, csv or parquet files (absolute, or with ./ or ~)."""
    config: str | None = None
    split: str = "train"
    streaming: bool = True
    """False downloads the whole split into the cache of `datasets` first."""


def list_files(url: str) -> list[RemoteFile]:
    """List a file, all files below a folder, or the files that fit a pattern, sorted by name.

    `url` is a local path or begins with a protocol (`s3://bucket/books/**/*.jsonl.gz`). Nothing found gives an empty
    list. SourceError: unknown protocol, a driver that is not installed, a store that cannot be reached.
    """
    fs, path = _filesystem(url)
    try:
        if any(wildcard in path for wildcard in "*?["):
            root = path[: min(path.find(each) for each in "*?[" if each in path)].rpartition("/")[0]
            found = fs.glob(path, detail=True)
        else:
            root = path.rpartition("/")[0] if fs.isfile(path) else path
            found = fs.find(path, detail=True)
    except Exception as error:  # a driver raises errors of its own, as botocore does without credentials
        raise _unreachable(url, error) from error
    root = root.rstrip("/") + "/"
    files = [
        RemoteFile(name.removeprefix(root), fs.unstrip_protocol(name), int(facts["size"]), _etag(facts))
        for name, facts in found.items()
        if facts["type"] == "file"
    ]
    return sorted(files, key=lambda file: file.name)


@contextmanager
def open_remote(url: str, etag: str | None = None) -> Iterator[BinaryIO]:
    """Open a file for reading, a block at a time. With `etag`, a file that has changed since it was listed raises."""
    fs, path = _filesystem(url)
    try:
        now = None if etag is None else _etag(fs.info(path))
        stream = fs.open(path, "rb", block_size=_BLOCK_BYTES)
    except Exception as error:  # as in list_files
        raise _unreachable(url, error) from error
    with stream:
        if now != etag:
            raise SourceError(f"{url} has changed since it was listed ({etag}, now {now}). List it again.")
        yield stream


def read_hub_dataset(params: HubDatasetParams) -> Iterator[dict[str, Any]]:
    """Give the records of the split, in its order, as `datasets` decodes them. Code of a dataset is never run.

    SourceError: the dataset, its config, split or revision is not there or not reachable, or the stream breaks, which
    may be after many records.
    """
    number = 0
    try:
        for record in _load(params):
            yield dict(record)
            number += 1
    except SourceError:
        raise
    except Exception as error:  # whatever reader the dataset needs raises errors of its own
        where = f"after {number} records" if number else "at its first record"
        raise SourceError(f"source {params.name}: {params.dataset} breaks {where}: {_first_line(error)}") from error


def _load(params: HubDatasetParams) -> Any:
    import datasets

    name = params.dataset
    if params.is_folder:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise SourceError(f"source {params.name}: {folder}: no such folder. Set dataset to a folder or a hub name.")
        name = str(folder)
    try:
        return datasets.load_dataset(
            name, params.config, split=params.split, revision=params.revision, streaming=params.streaming
        )
    except (OSError, ValueError) as error:  # not found, offline, unknown config or split
        offline = " HF_HUB_OFFLINE is set." if os.environ.get("HF_HUB_OFFLINE") and not params.is_folder else ""
        at = f", revision {params.revision}" if params.revision else ""
        raise SourceError(
            f"source {params.name}: {params.dataset} (config {params.config or 'default'}, split {params.split}{at}) "
            f"cannot be opened: {_first_line(error)}.{offline} Check these names, or set dataset to a local folder."
        ) from error


def _filesystem(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    protocol, mark, _ = url.partition("://")
    if "::" in url or (mark and protocol.lower() in _WEB):
        raise SourceError(
            f"{url}: not an object store. For web pages use a source of kind web, for the hub hugging_face."
        )
    try:
        fs, path = url_to_fs(url)
    except ImportError as error:
        package = _DRIVERS.get(protocol, "the package it names")
        raise SourceError(f"{url}: no driver for {protocol}:// ({error}). Run: pip install {package}") from error
    except ValueError as error:
        raise SourceError(f"{url}: {error}. Known are local paths, s3://, gs://, az:// and memory://") from error
    return fs, path


def _unreachable(url: str, error: Exception) -> SourceError:
    return SourceError(f"{url}: {_first_line(error)}. Check the address, the credentials and the connection.")


def _etag(facts: Mapping[str, Any]) -> str:
    for key in _ETAG_KEYS:
        if facts.get(key):
            value = facts[key]
            if isinstance(value, str):
                return value.strip('"')
            # A listing may say seconds where the facts of one file say a date, for the same moment.
            return f"{facts['size']}-{value.timestamp() if isinstance(value, datetime) else value}"
    return str(facts["size"])


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300].rstrip('.')}"
