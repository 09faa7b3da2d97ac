"""Mixtures: rows of training joined with their tokens."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.mixture import SPAN, Block, Mixture, write_mixture
from tests.mixture.corpus import END, write_tokens

ROWS = [
    ("en", [(0, 0, 8)]),
    ("domain", [(1, 2, 3), (0, 0, 4), (1, 0, 1)]),
    ("en", [(1, 0, 5), (0, 7, 3)]),
    ("en", [(0, 2, 8)]),
    ("domain", [(0, 1, 3), (1, 0, 5)]),
    ("domain", [(1, 0, 5), (0, 0, 3)]),
]
"""Rows of eight tokens: channel and spans (document, start, length)."""
CHANNELS = ("domain", "en")
LENGTHS = {"domain": [4, 5], "en": [10, 5]}


def blocks(sizes: list[int]) -> list[Block]:
    """Cut ROWS into blocks of the given numbers of rows."""
    made, rows = [], list(ROWS)
    for size in sizes:
        mine, rows = rows[:size], rows[size:]
        spans = [span for _, found in mine for span in found]
        ends = np.cumsum([len(found) for _, found in mine])
        channels = np.asarray([CHANNELS.index(name) for name, _ in mine], np.int16)
        made.append(Block(channels, np.concatenate([[0], ends]).astype(np.int64), np.asarray(spans, SPAN)))
    return made


def open_mixture(folder: Path, sizes: list[int]) -> Mixture:
    write_tokens(folder / "tokens", LENGTHS)
    write_mixture(folder / "mixture", blocks(sizes), sequence_length=8, rows_per_step=2, channels=CHANNELS)
    return Mixture(folder / "mixture", folder / "tokens")


@pytest.mark.feature(151)
def test_a_row_is_made_of_its_spans(tmp_path: Path) -> None:
    """`domain` is 1 2 3 END and 4 5 6 7 END."""
    row = open_mixture(tmp_path, [6]).row(1)
    assert row.channel == 0
    assert row.input_ids.tolist() == [6, 7, END, 1, 2, 3, END, 4]
    assert row.position_ids.tolist() == [0, 1, 2, 0, 1, 2, 3, 0]
    assert row.labels.tolist() == [-100, 7, END, -100, 2, 3, END, -100]
    assert {row.input_ids.dtype, row.position_ids.dtype, row.labels.dtype} == {np.dtype(np.int64)}


def test_a_step_counts_every_token_but_the_first_of_each_span(tmp_path: Path) -> None:
    mixture = open_mixture(tmp_path, [6])
    assert (mixture.num_steps, mixture.rows_per_step, mixture.tokens_per_step) == (3, 2, 16)
    assert [mixture.num_labels(step) for step in range(3)] == [16 - 4, 16 - 3, 16 - 4]
    for step in range(3):
        labels = np.stack([mixture.row(2 * step).labels, mixture.row(2 * step + 1).labels])
        assert (labels >= 0).sum() == mixture.num_labels(step)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_rows_do_not_depend_on_where_blocks_end(ends: list[bool]) -> None:
    borders = [0, *(index + 1 for index, end in enumerate(ends) if end), 6]
    sizes = np.diff(borders).tolist()
    with tempfile.TemporaryDirectory() as folder:
        mixture = open_mixture(Path(folder), sizes)
        found = [(CHANNELS[channel], spans.tolist()) for channel, spans in map(mixture.spans, range(6))]
        assert found == ROWS
        assert mixture.row(1).input_ids.tolist() == [6, 7, END, 1, 2, 3, END, 4]
        assert mixture.num_labels(1) == 13
        assert mixture.num_steps == 3


def test_there_is_no_row_after_the_last(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        open_mixture(tmp_path, [4, 2]).row(6)


def test_a_row_that_is_not_full_is_a_fault_of_ours(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", LENGTHS)
    short = Block(np.zeros(1, np.int16), np.asarray([0, 1]), np.asarray([(0, 0, 4)], SPAN))
    write_mixture(tmp_path / "mixture", [short], sequence_length=8, rows_per_step=1, channels=CHANNELS)
    with pytest.raises(AssertionError, match="row 0 has 4 tokens, not 8"):
        Mixture(tmp_path / "mixture", tmp_path / "tokens").row(0)


def test_two_writes_are_equal(tmp_path: Path) -> None:
    manifests = [
        write_mixture(tmp_path / name, blocks([4, 2]), sequence_length=8, rows_per_step=2, channels=CHANNELS)
        for name in ("a", "b")
    ]
    assert manifests[0] == manifests[1]
    assert (manifests[0]["rows"], manifests[0]["tokens"]) == (6, 48)


@pytest.mark.parametrize("artifact", ["mixture", "tokens"])
def test_an_unfinished_artifact_is_not_read(tmp_path: Path, artifact: str) -> None:
    open_mixture(tmp_path, [6])
    (tmp_path / artifact / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match=f"{artifact} has no manifest"):
        Mixture(tmp_path / "mixture", tmp_path / "tokens")
