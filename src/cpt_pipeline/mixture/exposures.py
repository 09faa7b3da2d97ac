"""How much each stage reads of every document, and how much of a channel no stage reads."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.formats import tokens as token_format
from cpt_pipeline.mixture.arrays import Ints, TokenRanges
from cpt_pipeline.mixture.packing import ChannelRows
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.size import size_key

logger = logging.getLogger(__name__)

_WORTH_A_WARNING = 0.1
_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("channel", pa.string()),
        ("tokens", pa.int64()),
        ("stage1_tokens", pa.int64()),
        ("stage2_tokens", pa.int64()),
    ]
)


def find_ranges(tokens: Path, channel: str, rows: ChannelRows) -> TokenRanges:
    """Return which tokens of its shard each span of a channel's rows reads."""
    begin = token_format.open_shard(tokens, "train", channel).starts[rows.spans["document"]] + rows.spans["start"]
    return begin, begin + rows.spans["length"]


def count_tokens_read(tokens: Path, channel: str, ranges: TokenRanges) -> Ints:
    """Count the tokens read of every document, shape [documents]; a range may begin in one and end in a later one."""
    begin, end = ranges
    if not begin.size:
        return np.zeros(0, np.int64)
    shard = token_format.open_shard(tokens, "train", channel)
    lengths = shard.lengths.astype(np.int64)
    first, last = (np.searchsorted(shard.starts, token, side="right") - 1 for token in (begin, end - 1))
    whole = np.zeros(len(lengths) + 1, np.int64)
    np.add.at(whole, first, 1)
    np.add.at(whole, last + 1, -1)
    read = np.cumsum(whole[:-1]) * lengths
    np.add.at(read, first, shard.starts[first] - begin)
    np.add.at(read, last, end - shard.starts[last] - lengths[last])
    return read


def write_exposures(tokens: Path, out: Path, tokens_read: Mapping[str, Mapping[str, Ints]]) -> None:
    """Write and seal the table of the tokens that each stage reads of every document of the training split.

    `tokens_read` has them by stage and channel, shape [documents]; empty where a stage reads nothing of a channel.
    """
    tables = []
    for channel in token_format.channels(tokens, "train"):
        sidecar = token_format.read_sidecar(tokens, "train", channel)
        columns: dict[str, Any] = {
            "id": sidecar["id"],
            "channel": [channel] * len(sidecar),
            "tokens": sidecar["tokens"].cast(pa.int64()),
        }
        for stage, by_channel in tokens_read.items():
            read = by_channel.get(channel, np.zeros(0, np.int64))
            columns[f"{stage}_tokens"] = read if read.size else np.zeros(len(sidecar), np.int64)
        tables.append(pa.table(columns, schema=_SCHEMA))
    out.mkdir(parents=True)
    table = pa.concat_tables(tables)
    pq.write_table(table, out / "exposures.parquet", compression="zstd")
    seal(out, "exposures", rows=len(table))


def unread_shares(
    tokens: Path, channels: Iterable[str], ranges: Iterable[Mapping[str, TokenRanges]]
) -> dict[str, float]:
    """Return the share of each channel's training tokens that no stage reads; `ranges` has one entry per stage."""
    stages = list(ranges)
    shares = {}
    for channel in sorted(set(channels) & set(token_format.channels(tokens, "train"))):
        available = int(token_format.open_shard(tokens, "train", channel).lengths.sum(dtype=np.int64))
        of_channel = [by_channel[channel] for by_channel in stages if channel in by_channel]
        read = _count_covered(*(np.concatenate(ends) for ends in zip(*of_channel, strict=True))) if of_channel else 0
        shares[channel] = 1.0 - read / max(available, 1)
    return shares


def _count_covered(begin: Ints, end: Ints) -> int:
    """Count the tokens that stand in one range or more."""
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], end[order]
    reached = np.concatenate([[0], np.maximum.accumulate(end)[:-1]]) if end.size else end
    return int(np.maximum(end - np.maximum(begin, reached), 0).sum())


def warn_unread(shares: Mapping[str, float], params: MixParams) -> None:
    """Write a warning for each channel of which a tenth or more is read by no stage, with the key to change."""
    key = size_key(params)
    for channel, share in shares.items():
        if share >= _WORTH_A_WARNING:
            logger.warning(
                "mix: %.0f%% of the training text of channel %s is read by no stage; raise %s to read more of it",
                100 * share, channel, key,
            )  # fmt: skip
