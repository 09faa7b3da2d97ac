"""Turn every document into token ids, exactly as the reference tokenizer encodes its words.

A text that was cut into parts is one text again: what stood between two parts is put back, and the tokens that a model
knows as begin and end of a document stand before the first part and after the last one alone.
"""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import Field

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.formats.documents import count_documents, read_documents
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
    counts: dict[str, _Counts] = defaultdict(_Counts)
    writers: dict[str, TokenWriter] = {}
    encoder = PlainTextEncoder(tokenizer)
    with ExitStack() as stack, Progress(f"tokenize {out.name}", count_documents(documents), "documents") as progress:
        for batch in batches(read_documents(documents, _COLUMNS), params.documents_per_batch):
            chosen = [row for row in batch if only is None or row["channel"] in only]
            for row, ids in zip(chosen, encode(encoder, tokenizer.eos_token_id, chosen), strict=True):
                channel = row["channel"]
                if channel not in writers:
                    writers[channel] = stack.enter_context(TokenWriter(out, channel, len(tokenizer)))
                use, synthetic = read_route(row)
                size = len(text_of(row).encode())
                known = {name: row[name] for name in ("category", "quality", "part_of", "part", "last_part")}
                writers[channel].write(ids, id=row["id"], num_bytes=size, use=use, synthetic=synthetic, **known)
                counts[channel].add(row, len(ids), size, encoder.count_control_tokens(row["text"]))
            progress.advance(len(batch))
    out.mkdir(parents=True, exist_ok=True)
    return {channel: each.report() for channel, each in sorted(counts.items())}


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


def encode(encoder: PlainTextEncoder, end: int, rows: Sequence[dict[str, Any]]) -> Iterator[list[int]]:
    """Yield the ids of each document (columns `text`, `part`, `separator`, `last_part`); `end` closes a text."""
    new, continued = (
        iter(encoder.encode([text_of(row) for row in rows if bool(row["part"]) == goes_on], continued=goes_on))
        for goes_on in (False, True)
    )
    for row in rows:
        ids = next(continued if row["part"] else new)
        before = [] if row["part"] else encoder.before
        after = [*encoder.after, end] if row["last_part"] and encoder.after[-1:] != [end] else encoder.after
        yield [*before, *ids, *(after if row["last_part"] else [])]


def text_of(row: dict[str, Any]) -> str:
    """Return the text of a document as it stood in the text that it was cut from."""
    text: str = row["text"]
    return (row["separator"] or "") + text if row["part"] else text
