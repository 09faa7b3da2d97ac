"""Texts into full rows: those of a channel are laid end to end and cut at row borders; no padding, no token lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.formats.mixture import SPAN, Block
from cpt_pipeline.formats.tokens import TokenShard
from cpt_pipeline.mixture.arrays import Ints
from cpt_pipeline.mixture.order import shuffle_rows, shuffle_texts


@dataclass(frozen=True)
class ChannelRows:
    """The rows that one channel gives to a stage: spans of row `n` are `first_span[n]:first_span[n + 1]`."""

    first_span: Ints
    spans: npt.NDArray[Any]


NO_ROWS = ChannelRows(np.zeros(1, np.int64), np.empty(0, SPAN))


def pack(
    shard: TokenShard, eligible: Ints, num_rows: int, length: int, generator: Callable[[int], np.random.Generator]
) -> ChannelRows:
    """Lay shuffled passes over the texts end to end, cut them into rows, shuffle those of each pass, take the first.

    `eligible` holds the documents that may be read, in their order; `generator` returns the one of a pass by its
    number. Rows have `length` tokens.
    """
    first_documents, sizes = _texts(shard, eligible)
    tokens_per_pass = int(sizes.sum())
    generators = [generator(turn) for turn in range(math.ceil(num_rows * length / tokens_per_pass))]
    order = shuffle_texts(first_documents.size, generators)
    rows = _cut(first_documents[order], sizes[order], length)
    return _take(rows, shuffle_rows(len(rows.first_span) - 1, tokens_per_pass / length, generators, num_rows))


def _texts(shard: TokenShard, eligible: Ints) -> tuple[Ints, Ints]:
    """Return first document and tokens of each text; of one with parts that may not be read, of each stretch."""
    text = np.searchsorted(shard.texts, eligible, side="right")
    begins = np.flatnonzero(np.diff(eligible, prepend=-2) + np.diff(text, prepend=-2) != 1)
    return eligible[begins], np.add.reduceat(shard.lengths[eligible].astype(np.int64), begins)


def _cut(first_documents: Ints, sizes: Ints, length: int) -> ChannelRows:
    """Return the rows of texts laid end to end; the tokens after the last full row are left out."""
    ends = np.cumsum(sizes)
    row_ends = np.arange(1, int(ends[-1]) // length + 1, dtype=np.int64) * length
    borders = np.union1d(ends[ends < row_ends[-1]], row_ends)
    starts = np.concatenate([[0], borders[:-1]])
    text = np.searchsorted(ends, starts, side="right")
    spans = np.empty(len(starts), SPAN)
    spans["document"] = first_documents[text]
    spans["start"] = starts - (ends - sizes)[text]
    spans["length"] = borders - starts
    return ChannelRows(np.searchsorted(starts, np.concatenate([[0], row_ends])), spans)


def _take(rows: ChannelRows, order: Ints) -> ChannelRows:
    """Return the rows of the given indices, in that order."""
    first_span, source = _gather(rows.first_span[:-1][order], np.diff(rows.first_span)[order])
    return ChannelRows(first_span, rows.spans[source])


def join(order: npt.NDArray[np.int16], channels: Sequence[ChannelRows]) -> Block:
    """Return the rows of all channels in the order of training; `order` has the channel of every row."""
    offsets = np.cumsum([0, *(len(rows.spans) for rows in channels)])[:-1]
    firsts, sizes = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    for index, rows in enumerate(channels):
        mine = order == index
        firsts[mine] = rows.first_span[:-1] + offsets[index]
        sizes[mine] = np.diff(rows.first_span)
    first_span, source = _gather(firsts, sizes)
    return Block(order, first_span, np.concatenate([rows.spans for rows in channels])[source])


def _gather(firsts: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Return where rows of such sizes begin when laid end to end, and from where each of their spans is taken."""
    first_span = np.concatenate([[0], np.cumsum(sizes)])
    return first_span, np.repeat(firsts - first_span[:-1], sizes) + np.arange(first_span[-1])
