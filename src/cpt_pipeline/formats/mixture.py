"""Mixture: the order of every span of every training row, computed before training.

    mixture.json                 sequence_length, rows_per_step, channels, num_steps
    block-00000/rows.npy         [rows] int16    channel index of each row
    block-00000/first_span.npy   [rows + 1] int64
    block-00000/spans.npy        [spans] SPAN    document, start, length

Row `n` is `sequence_length` tokens of one channel, made of the spans `first_span[n]:first_span[n + 1]`, each
a piece of one text of the tokens artifact: `length` tokens from token `start` of `document` on, and through the parts
that follow it where the text was cut. Step `s` takes rows `s * rows_per_step` and on. Nothing depends
on the number of processes, so resuming is "go on at row n". Blocks follow one another; a later block may be
planned after an earlier one was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.artifact import read_manifest, seal, write_json
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.formats import tokens

SPAN = np.dtype([("document", "<i8"), ("start", "<i8"), ("length", "<i4")])


@dataclass(frozen=True)
class Block:
    """A stretch of rows: their channels and their spans."""

    rows: npt.NDArray[np.int16]
    first_span: npt.NDArray[np.int64]
    spans: npt.NDArray[Any]


@dataclass(frozen=True)
class Row:
    """One training row. All arrays have shape [sequence_length]."""

    channel: int
    input_ids: npt.NDArray[np.int64]
    position_ids: npt.NDArray[np.int64]
    """Restart at 0 with every span: what keeps documents from attending to one another."""
    labels: npt.NDArray[np.int64]
    """`input_ids` with -100 at the first token of every span: nothing is predicted across a border."""


def write_mixture(
    directory: Path, blocks: Sequence[Block], *, sequence_length: int, rows_per_step: int, channels: Sequence[str]
) -> dict[str, Any]:
    """Write and seal a mixture; return its manifest."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, block in enumerate(blocks):
        folder = directory / f"block-{number:05}"
        folder.mkdir()
        np.save(folder / "rows.npy", block.rows.astype(np.int16))
        np.save(folder / "first_span.npy", block.first_span.astype(np.int64))
        np.save(folder / "spans.npy", block.spans.astype(SPAN))
    num_rows = sum(len(block.rows) for block in blocks)
    description = {
        "sequence_length": sequence_length,
        "rows_per_step": rows_per_step,
        "channels": list(channels),
        "num_steps": num_rows // rows_per_step,
    }
    write_json(directory / "mixture.json", description)
    return seal(directory, "mixture", rows=num_rows, tokens=num_rows * sequence_length)


class Mixture:
    """A mixture joined with its tokens: random access to any row, nothing held in memory."""

    def __init__(self, artifact: Path, tokens_artifact: Path) -> None:
        read_manifest(artifact)
        read_manifest(tokens_artifact)
        description = read_json(
            artifact / "mixture.json", keys=("sequence_length", "rows_per_step", "channels", "num_steps")
        )
        self.sequence_length: int = description["sequence_length"]
        self.rows_per_step: int = description["rows_per_step"]
        self.channels: tuple[str, ...] = tuple(description["channels"])
        self.num_steps: int = description["num_steps"]
        self._shards = [tokens.open_shard(tokens_artifact, "train", channel) for channel in self.channels]
        self._blocks = [_open_block(folder) for folder in sorted(artifact.glob("block-*"))]
        self._ends = np.cumsum([len(block.rows) for block in self._blocks])

    @property
    def tokens_per_step(self) -> int:
        """Tokens of one global batch."""
        return self.rows_per_step * self.sequence_length

    def spans(self, row: int) -> tuple[int, npt.NDArray[Any]]:
        """Give the channel index and the spans of one row."""
        number = int(np.searchsorted(self._ends, row, side="right"))
        block = self._blocks[number]
        local = row - (int(self._ends[number - 1]) if number else 0)
        return int(block.rows[local]), block.spans[block.first_span[local] : block.first_span[local + 1]]

    def row(self, row: int) -> Row:
        """Gather the tokens of one row."""
        channel, spans = self.spans(row)
        shard = self._shards[channel]
        ids = np.empty(self.sequence_length, np.int64)
        positions = np.empty(self.sequence_length, np.int64)
        first = np.zeros(self.sequence_length, bool)
        place = 0
        for document, start, length in spans.tolist():
            begin = int(shard.starts[document]) + start
            ids[place : place + length] = shard.tokens[begin : begin + length]
            positions[place : place + length] = np.arange(length)
            first[place] = True
            place += length
        assert place == self.sequence_length, f"row {row} has {place} tokens, not {self.sequence_length}"
        return Row(channel, ids, positions, np.where(first, -100, ids))

    def num_labels(self, step: int) -> int:
        """Give how many tokens of a step are predicted: all but the first of every span."""
        rows = range(step * self.rows_per_step, (step + 1) * self.rows_per_step)
        return self.tokens_per_step - sum(len(self.spans(row)[1]) for row in rows)


def _open_block(folder: Path) -> Block:
    return Block(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("rows", "first_span", "spans")))
