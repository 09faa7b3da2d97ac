"""Turn every document into token ids, exactly as the reference tokenizer does, with the end-of-document token."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.formats.documents import count_documents, read_documents
from cpt_pipeline.formats.routes import read_route
from cpt_pipeline.formats.tokens import TokenWriter
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenizer import batches, load


class ChannelTokens(Report):
    """Counts of one split of one channel."""

    documents: int = 0
    tokens: int = 0
    bytes: int = 0


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
    num_tokens = sum(each.tokens for split in counts.values() for each in split.values())
    seal(out, "tokens", tokens=num_tokens, vocabulary_size=len(loaded))
    return TokenizeReport(vocabulary_size=len(loaded), train=counts.get("train", {}), heldout=counts.get("heldout", {}))


def _write_split(
    documents: Path, tokenizer: Any, out: Path, params: TokenizeParams, only: tuple[str, ...] | None
) -> dict[str, ChannelTokens]:
    counts: dict[str, ChannelTokens] = {}
    writers: dict[str, TokenWriter] = {}
    columns = ["id", "text", "channel", "category", "quality", "metadata"]
    with ExitStack() as stack, Progress(f"tokenize {out.name}", count_documents(documents), "documents") as progress:
        for batch in batches(read_documents(documents, columns), params.documents_per_batch):
            chosen = [row for row in batch if only is None or row["channel"] in only]
            for row, ids in zip(chosen, encode(tokenizer, [row["text"] for row in chosen]), strict=True):
                channel, size = row["channel"], len(row["text"].encode())
                if channel not in writers:
                    writers[channel] = stack.enter_context(TokenWriter(out, channel, len(tokenizer)))
                use, synthetic = read_route(row)
                known = {"category": row["category"], "quality": row["quality"], "use": use, "synthetic": synthetic}
                writers[channel].write(ids, id=row["id"], num_bytes=size, **known)
                before = counts.get(channel, ChannelTokens())
                counts[channel] = ChannelTokens(
                    documents=before.documents + 1, tokens=before.tokens + len(ids), bytes=before.bytes + size
                )
            progress.advance(len(batch))
    out.mkdir(parents=True, exist_ok=True)
    return dict(sorted(counts.items()))


def encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Give the ids of each text as the reference tokenizer does, each closed by the end-of-document token."""
    if not texts:
        return []
    end = tokenizer.eos_token_id
    ids: list[list[int]] = tokenizer(texts)["input_ids"]
    return [each if each and each[-1] == end else [*each, end] for each in ids]
