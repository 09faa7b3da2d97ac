"""Texts into rows: every token once a pass, documents cut at the ends of rows alone."""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import open_shard
from cpt_pipeline.mixture.params import MixStageParams
from cpt_pipeline.mixture.plan import mix_channels
from tests.mixture.corpus import lengths, params, run, write_tokens, write_works


@pytest.mark.feature(73)
def test_a_row_holds_the_tokens_of_its_spans(tmp_path: Path) -> None:
    _, mixture, _ = run(tmp_path, lengths(1), params())
    shards = {name: open_shard(tmp_path / "tokens", "train", name) for name in mixture.channels}
    for number in range(50):
        row = mixture.row(number)
        channel, spans = mixture.spans(number)
        shard = shards[mixture.channels[channel]]
        pieces = [shard.document(document)[start : start + length].tolist() for document, start, length in spans]
        assert row.channel == channel
        assert row.input_ids.tolist() == list(chain.from_iterable(pieces))
        assert row.position_ids.tolist() == [place for piece in pieces for place in range(len(piece))]
        assert row.labels.tolist() == [token for piece in pieces for token in [-100, *piece[1:]]]
        assert len(row.input_ids) == 16


@pytest.mark.feature(56)
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 70), min_size=1, max_size=12).filter(lambda sizes: max(sizes) > 1),
    st.integers(8, 40),
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(0, 3),
)
def test_no_token_is_lost_or_repeated_within_a_pass(
    sizes: list[int], length: int, rows_per_step: int, num_steps: int, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tokens = write_tokens(Path(folder) / "tokens", {"en": sizes})
        wanted = MixStageParams(num_tokens=length * rows_per_step * num_steps)
        settings = {"sequence_length": length, "rows_per_step": rows_per_step, "seed": seed}
        mix_channels(tokens, Path(folder) / "mixture", {"en": 1.0}, wanted, **settings)
        shard, mixture = open_shard(tokens, "train", "en"), Mixture(Path(folder) / "mixture", tokens)
        rows = [mixture.row(row).input_ids for row in range(rows_per_step * num_steps)]
        num_tokens = sum(size for size in sizes if size > 1)
        every = [token for index, size in enumerate(sizes) if size > 1 for token in shard.document(index).tolist()]
        assert sum(map(len, rows)) == wanted.num_tokens
        for turn in range(1, wanted.num_tokens // num_tokens + 1):
            begun = np.concatenate(rows[: -(-turn * num_tokens // length)])  # every row that begins in the first passes
            counts = Counter(begun.tolist())
            most = turn + -(-length // num_tokens)
            assert all(turn * count <= counts[token] <= most * count for token, count in Counter(every).items())
        read = Counter(np.concatenate(rows).tolist())
        turns = wanted.num_tokens // num_tokens
        assert all(turns * count <= read[token] <= (turns + 1) * count for token, count in Counter(every).items())


def laid_out(mixture: Mixture, name: str) -> set[tuple[tuple[int, int, int], ...]]:
    """Give the rows of a channel as sets of spans."""
    place = mixture.channels.index(name)
    num_rows = mixture.rows_per_step * mixture.num_steps
    rows = [mixture.spans(row) for row in range(num_rows)]
    return {tuple((int(d), int(s), int(n)) for d, s, n in spans) for channel, spans in rows if channel == place}


def test_documents_are_cut_at_the_ends_of_rows_alone(tmp_path: Path) -> None:
    _, mixture, _ = run(tmp_path, lengths(2), params())
    for name in mixture.channels:
        sizes = open_shard(tmp_path / "tokens", "train", name).lengths
        for spans in laid_out(mixture, name):
            for place, (document, start, length) in enumerate(spans):
                assert start == 0 or place == 0
                assert start + length == sizes[document] or place == len(spans) - 1


def runs(tokens: Path, folder: Path, num_tokens: int, length: int = 32) -> list[list[int]]:
    """Give the pieces of all rows, in the order of their first tokens, joined where one goes on in the next."""
    wanted = MixStageParams(num_tokens=num_tokens)
    mix_channels(tokens, folder, {"en": 1.0}, wanted, sequence_length=length, rows_per_step=1, seed=0)
    mixture = Mixture(folder, tokens)
    pieces = []
    for number in range(mixture.num_steps):
        row = mixture.row(number)
        borders = [*np.flatnonzero(row.position_ids == 0).tolist(), length]
        pieces += [row.input_ids[first:last].tolist() for first, last in pairwise(borders)]
    return sorted(pieces)


@pytest.mark.feature(72)
def test_the_parts_of_a_text_are_read_as_one_document(tmp_path: Path) -> None:
    tokens = write_works(tmp_path / "tokens", [[5, 5, 6], [7], [4, 5]])
    assert runs(tokens, tmp_path / "m", 32) == [[*range(1, 17)], [*range(17, 24)], [*range(24, 33)]]


def test_a_text_with_a_gap_is_two_documents(tmp_path: Path) -> None:
    tokens = write_works(tmp_path / "tokens", [[5, 5, 6], [7], [4, 5, 5]], gap=(0, 1))
    assert runs(tokens, tmp_path / "m", 32) == [[*range(1, 6)], [*range(11, 17)], [*range(17, 24)], [*range(24, 38)]]
