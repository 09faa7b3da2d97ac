"""Texts by number are those of the artifact, whatever its shards and row groups are."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.texts import TextsByNumber
from cpt_pipeline.formats.documents import SCHEMA
from tests.corpus.texts import make_row, write_artifact


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=30),
    st.integers(1, 200),
    st.randoms(use_true_random=False),
)
def test_every_number_gives_its_text_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, given: list[str], shard_bytes: int, chance: random.Random
) -> None:
    rows = [make_row(number, text) for number, text in enumerate(given)]
    texts = TextsByNumber(write_artifact(tmp_path_factory.mktemp("texts"), rows, shard_bytes=shard_bytes))
    asked = list(range(len(given))) * 2
    chance.shuffle(asked)
    assert [texts[number] for number in asked] == [given[number] for number in asked]


def test_groups_within_a_shard_are_told_apart(tmp_path: Path) -> None:
    rows = [make_row(number, f"text {number}") for number in range(10)]
    for shard, (some, group_rows) in enumerate([(rows[:7], 3), (rows[7:], 2)]):
        table = pa.Table.from_pylist(some, schema=SCHEMA)
        pq.write_table(table, tmp_path / f"documents-{shard:05}.parquet", row_group_size=group_rows)
    texts = TextsByNumber(tmp_path)
    assert [texts[number] for number in (9, 0, 6, 2, 3, 8, 7)] == [f"text {number}" for number in (9, 0, 6, 2, 3, 8, 7)]


def test_a_number_beyond_the_last_is_an_error(tmp_path: Path) -> None:
    texts = TextsByNumber(write_artifact(tmp_path, [("en", "one"), ("en", "two")]))
    with pytest.raises(IndexError):
        texts[2]
