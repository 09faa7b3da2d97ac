"""Benchmark leaks in token shards: what is searched is what training will read, whoever made it.

Documents are decoded and given to the same search as in dedup, so a cache older than a benchmark, or a shard from
elsewhere, is judged as text is, by how rare an n-gram is in these shards. Nothing is changed: the report names
documents, items and matched texts. An item over the border of two documents of one running text (the parts of a book)
is found in both. Long documents are decoded in overlapping pieces, so memory is bounded by a piece
and, of each shard, by its ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.params import Report
from cpt_pipeline.formats.tokens import TokenShard, open_shard, read_sidecar
from cpt_pipeline.vocabulary.tokenizer import load

Decode = Callable[[list[int]], str]

_PIECE_TOKENS = 65_536
_OVERLAP_TOKENS = 4_096
"""More than most items take: a question of 3,000 letters, or of 1,300 Chinese characters as single bytes."""


class FoundItem(Protocol):
    """What `corpus.dedup.leaks.Leak` offers."""

    @property
    def benchmark(self) -> str: ...  # noqa: D102
    @property
    def item(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


class LeakSearch(Protocol):
    """What `corpus.dedup.leak_search.LeakSearch` offers; stages know it by this alone."""

    @property
    def num_items(self) -> Mapping[str, int]:
        """Items of each benchmark."""

    @property
    def unguarded(self) -> Mapping[str, int]:
        """Those of them that are not searched."""

    def add(self, pieces: Iterable[str], border: tuple[str, str] | None = None) -> None:
        """Look at a document; `border` is the text before and behind its beginning where it goes on with another."""

    def results(self) -> Iterator[Sequence[FoundItem]]:
        """Return the items of each document that was added, in order."""


class TokenLeak(Report):
    """One item in one document."""

    split: str
    channel: str
    document: str
    """Its id, or `#<place in the shard>` where no parquet stands beside the shard."""
    item: str
    text: str
    """The passage that was found, folded; of several the longest."""


class BenchmarkTokenLeaks(Report):
    """What was found of one benchmark."""

    items: int
    unguarded_items: int
    """Too short to be searched."""
    found_items: int
    documents: int
    leaks: tuple[TokenLeak, ...]
    """In the order of the shards; at most `max_listed` of them."""


class TokenLeakReport(Report):
    """What was searched, and what was found, by benchmark."""

    documents: int
    tokens: int
    leaking_documents: int
    benchmarks: dict[str, BenchmarkTokenLeaks]


def find_token_leaks(
    tokens: Path, tokenizer: Path | Decode, search: LeakSearch, *, max_listed: int = 1_000
) -> TokenLeakReport:
    """Search every document of all shards (`.bin`, `.idx`) in a folder and the folders in it.

    `tokenizer` is the folder of the tokenizer that made the shards, or a function from ids to text. `search` is
    `LeakSearch(BenchmarkIndex(read_items(benchmark_texts), params.leaks))`. A sealed artifact is not needed. Raises
    `ArtifactError` where there is no shard or an id that the tokenizer has not.
    """
    shards = sorted(tokens.rglob("*.idx"))
    if not shards:
        raise ArtifactError(f"{tokens} holds no token shard (.idx with .bin); give the folder of a tokens artifact")
    decode = _decoder(tokenizer) if isinstance(tokenizer, Path) else tokenizer
    found = _Found(max_listed)
    for path in shards:
        shard = open_shard(tokens, _split_of(path, tokens), path.stem)
        for number in range(shard.num_documents):
            border = _border(shard, number)
            sides = (decode(border[0].tolist()), decode(border[1].tolist())) if border else None
            search.add((decode(piece.tolist()) for piece in _pieces(shard.document(number))), sides)
        found.num_documents += shard.num_documents
        found.num_tokens += shard.num_tokens
    results = search.results()
    for path in shards:
        split = _split_of(path, tokens)
        ids = _document_ids(tokens, split, path.stem)
        for number in range(open_shard(tokens, split, path.stem).num_documents):
            found.add(split, path.stem, ids[number] if ids is not None else f"#{number}", next(results))
    return found.report(search)


class _Found:
    """Counts of everything, and the first leaks of each benchmark."""

    def __init__(self, max_listed: int) -> None:
        self.num_documents = self.num_tokens = self._num_leaking = 0
        self._max_listed = max_listed
        self._leaks: dict[str, list[TokenLeak]] = {}
        self._items: dict[str, set[str]] = {}
        self._documents: dict[str, int] = {}

    def add(self, split: str, channel: str, document: str, leaks: Sequence[FoundItem]) -> None:
        self._num_leaking += bool(leaks)
        for benchmark in dict.fromkeys(leak.benchmark for leak in leaks):
            self._documents[benchmark] = self._documents.get(benchmark, 0) + 1
        for leak in leaks:
            self._items.setdefault(leak.benchmark, set()).add(leak.item)
            listed = self._leaks.setdefault(leak.benchmark, [])
            if len(listed) < self._max_listed:
                found = TokenLeak(split=split, channel=channel, document=document, item=leak.item, text=leak.text)
                listed.append(found)

    def report(self, search: LeakSearch) -> TokenLeakReport:
        benchmarks = {
            name: BenchmarkTokenLeaks(
                items=size,
                unguarded_items=search.unguarded.get(name, 0),
                found_items=len(self._items.get(name, ())),
                documents=self._documents.get(name, 0),
                leaks=tuple(self._leaks.get(name, ())),
            )
            for name, size in sorted(search.num_items.items())
        }
        return TokenLeakReport(
            documents=self.num_documents,
            tokens=self.num_tokens,
            leaking_documents=self._num_leaking,
            benchmarks=benchmarks,
        )


def _split_of(shard: Path, tokens: Path) -> str:
    return shard.parent.relative_to(tokens).as_posix()


def _pieces(ids: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    for start in range(0, max(ids.size - _OVERLAP_TOKENS, 1), _PIECE_TOKENS - _OVERLAP_TOKENS):
        yield ids[start : start + _PIECE_TOKENS]


def _border(shard: TokenShard, number: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
    """Return the ids of a running text before and behind the beginning of a document that goes on with it."""
    text = int(np.searchsorted(shard.texts, number, side="right")) - 1
    if text < 0 or shard.texts[text] == number:
        return None
    last = int(shard.texts[text + 1] if text + 1 < shard.texts.size else shard.num_documents) - 1
    first, end = int(shard.starts[shard.texts[text]]), int(shard.starts[last] + shard.lengths[last])
    place = int(shard.starts[number])
    before = shard.tokens[max(first, place - _OVERLAP_TOKENS) : place]
    return before, shard.tokens[place : min(end, place + _OVERLAP_TOKENS)]


def _document_ids(tokens: Path, split: str, channel: str) -> list[str] | None:
    if not (tokens / split / f"{channel}.parquet").is_file():
        return None
    ids: list[str] = read_sidecar(tokens, split, channel)["id"].to_pylist()
    return ids


def _decoder(folder: Path) -> Decode:
    """Decode without special tokens: they are no words of a document."""
    tokenizer = load(folder)
    size = len(tokenizer)

    def decode(ids: list[int]) -> str:
        if ids and max(ids) >= size:
            raise ArtifactError(
                f"token id {max(ids)} is none of the {size} of {folder}; give the tokenizer that made the shards"
            )
        text: str = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    return decode
