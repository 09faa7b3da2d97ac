"""Turn every document into token ids, exactly as the reference tokenizer encodes its words.

A text that was cut into parts is one text again: what stood between two parts is put back, and the tokens that a model
knows as begin and end of a document stand before the first part and after the last one alone. Where a part was left out
on the way, the next one begins anew; a text whose last part was left out has no end.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import Field

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.formats.documents import continues, count_documents, read_documents, read_synthetic
from cpt_pipeline.formats.plain_text import PlainTextEncoder
from cpt_pipeline.formats.routes import read_route
from cpt_pipeline.formats.tokens import TokenWriter
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenizer import batches, load

logger = logging.getLogger(__name__)

_COLUMNS = (
    *("id", "text", "channel", "category", "quality", "metadata"),
    *("part_of", "part", "separator", "last_part"),
)


class ChannelTokens(Report):
    """Counts of one split of one channel."""

    documents: int = 0
    tokens: int = 0
    bytes: int = 0
    works: int = 0
    """Texts that end: documents but for the parts of one that is cut, which count once, with the last."""
    control_token_documents: int = 0
    """Documents that spell a control token of the tokenizer (`<|endoftext|>`); its name is encoded as plain text."""
    control_tokens: dict[str, int] = Field(default_factory=dict)
    """Name to how often it is spelt."""


class TokenizeReport(Report):
    """What stage tokenize wrote, by split and channel."""

    vocabulary_size: int
    train: dict[str, ChannelTokens]
    heldout: dict[str, ChannelTokens]


def tokenize_documents(
    unique_documents: Path, heldout_documents: Path, tokenizer: Path, out: Path, params: TokenizeParams
) -> TokenizeReport:
    """Write `tokens` into `out`: a train and a heldout split, one set of files per channel."""
    read_manifest(tokenizer)
    return tokenize_splits({"train": unique_documents, "heldout": heldout_documents}, tokenizer, out / "tokens", params)


def tokenize_splits(
    splits: dict[str, Path], tokenizer: Path, out: Path, params: TokenizeParams, *, only: tuple[str, ...] | None = None
) -> TokenizeReport:
    """Write a tokens artifact of the given documents artifacts; `only` names the channels to take."""
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    loaded = load(tokenizer)
    counts = {split: _write_split(documents, loaded, out / split, params, only) for split, documents in splits.items()}
    every = [each for split in counts.values() for each in split.values()]
    num_tokens = sum(each.tokens for each in every)
    if num_spelling := sum(each.control_token_documents for each in every):
        names = sorted({name for each in every for name in each.control_tokens})
        logger.warning("tokenize: %d documents spell %s; it is read as plain text", num_spelling, ", ".join(names))
    seal(out, "tokens", tokens=num_tokens, vocabulary_size=len(loaded))
    return TokenizeReport(vocabulary_size=len(loaded), train=counts.get("train", {}), heldout=counts.get("heldout", {}))


def _write_split(
    documents: Path, tokenizer: Any, out: Path, params: TokenizeParams, only: tuple[str, ...] | None
) -> dict[str, ChannelTokens]:
    channels: dict[str, _Channel] = {}
    encoder = PlainTextEncoder(tokenizer)
    with ExitStack() as stack, Progress(f"tokenize {out.name}", count_documents(documents), "documents") as progress:
        for batch in batches(read_documents(documents, _COLUMNS), params.documents_per_batch):
            chosen = [row for row in batch if only is None or row["channel"] in only]
            for row in chosen:
                if row["channel"] not in channels:
                    writer = stack.enter_context(TokenWriter(out, row["channel"], len(tokenizer)))
                    channels[row["channel"]] = _Channel(writer)
            continued = [channels[row["channel"]].follow(row) for row in chosen]
            encoded = encode(encoder, tokenizer.eos_token_id, chosen, continued)
            for row, is_continued, ids in zip(chosen, continued, encoded, strict=True):
                names = encoder.count_control_tokens(row["text"])
                channels[row["channel"]].write(row, ids, names, is_continued=is_continued)
            progress.advance(len(batch))
        for channel in channels.values():
            channel.write_waiting()
    out.mkdir(parents=True, exist_ok=True)
    return {name: channel.counts.report() for name, channel in sorted(channels.items())}


class _Channel:
    """What is written of one channel: the parts of a text side by side, what clean made of them after the last one."""

    def __init__(self, writer: TokenWriter) -> None:
        self.counts = _Counts()
        self._writer = writer
        self._followed: dict[str, Any] | None = None
        self._is_open = False
        self._waiting: list[tuple[list[int], dict[str, Any]]] = []

    def follow(self, row: dict[str, Any]) -> bool:
        """Return whether a document goes on with the text before; call it once for each, in order."""
        if read_synthetic(row) is not None:
            return False
        is_continued = continues(self._followed, row)
        self._followed = {name: row[name] for name in ("id", "part_of", "part", "last_part")}
        return is_continued

    def write(self, row: dict[str, Any], ids: list[int], names: Counter[str], *, is_continued: bool) -> None:
        use, synthetic = read_route(row)
        size = len(text_of(row, is_continued).encode())
        known = {name: row[name] for name in ("category", "quality", "part_of", "part", "last_part")}
        columns = {"id": row["id"], "num_bytes": size, "use": use, "synthetic": synthetic, **known}
        self.counts.add(row, len(ids), size, names)
        if synthetic is not None and self._is_open:
            self._waiting.append((ids, columns))
            return
        if not is_continued:
            self.write_waiting()
        self._writer.write(ids, is_continued=is_continued, **columns)
        self._is_open = synthetic is None and not row["last_part"]

    def write_waiting(self) -> None:
        """Write what was made of the parts of a text that has ended."""
        for ids, columns in self._waiting:
            self._writer.write(ids, **columns)
        self._waiting = []


class _Counts:
    """What is counted of one channel while its documents go by."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._names: Counter[str] = Counter()

    def add(self, row: dict[str, Any], num_tokens: int, num_bytes: int, names: Counter[str]) -> None:
        self._sums.update(documents=1, tokens=num_tokens, bytes=num_bytes, works=int(row["last_part"]))
        self._sums.update(control_token_documents=int(bool(names)))
        self._names.update(names)

    def report(self) -> ChannelTokens:
        return ChannelTokens(**self._sums, control_tokens=dict(sorted(self._names.items())))


def encode(
    encoder: PlainTextEncoder, end: int, rows: Sequence[dict[str, Any]], continued: Sequence[bool]
) -> Iterator[list[int]]:
    """Yield the ids of each document (columns `text`, `separator`, `last_part`); `end` closes a text.

    One that is not `continued` begins a text: also the part of a text whose part before is not there.
    """
    texts: dict[bool, list[str]] = {False: [], True: []}
    for row, goes_on in zip(rows, continued, strict=True):
        texts[goes_on].append(text_of(row, goes_on))
    new, following = (iter(encoder.encode(texts[goes_on], continued=goes_on)) for goes_on in (False, True))
    for row, goes_on in zip(rows, continued, strict=True):
        ids = [*next(following)] if goes_on else [*encoder.before, *next(new)]
        if row["last_part"]:
            ids += encoder.after if encoder.after[-1:] == [end] else [*encoder.after, end]
        yield ids


def text_of(row: dict[str, Any], is_continued: bool) -> str:
    """Return the text of a document, behind what stood before it in the text that it goes on with."""
    text: str = row["text"]
    return (row["separator"] or "") + text if is_continued else text
