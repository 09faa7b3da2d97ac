"""Shuffles: every pass, channel and stage has an order of its own that follows from the seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.mixture.params import MixStageParams
from cpt_pipeline.mixture.plan import mix_channels
from tests.mixture.corpus import lengths, params, run, walk, write_tokens


@pytest.mark.feature(56)
@pytest.mark.parametrize("num_tokens", [6_400, 1_600], ids=["whole pass", "quarter of a pass"])
def test_no_step_reads_one_long_document_alone(tmp_path: Path, num_tokens: int) -> None:
    """Ten books of 640 tokens in rows of 16: laid end to end, a step of 8 rows would be one book or two."""
    tokens = write_tokens(tmp_path / "tokens", {"en": [640] * 10})
    wanted = MixStageParams(num_tokens=num_tokens)
    mix_channels(tokens, tmp_path / "mixture", {"en": 1.0}, wanted, sequence_length=16, rows_per_step=8, seed=0)
    mixture = Mixture(tmp_path / "mixture", tokens)
    largest, books = [], set()
    for step in range(mixture.num_steps):
        read: Counter[int] = Counter()
        for row in range(8 * step, 8 * step + 8):
            for document, _, length in mixture.spans(row)[1].tolist():
                read[document] += length
        largest.append(max(read.values()) / read.total())
        books |= set(read)
    assert len(books) == 10, "a part of a pass is a sample of all texts"
    assert sum(largest) / len(largest) < 0.4  # 0.98 as they lie; 8 draws of 10 books have 0.30 on average


def test_every_pass_has_an_order_of_its_own(tmp_path: Path) -> None:
    tokens = write_tokens(tmp_path / "tokens", {"en": [8] * 20})
    wanted = MixStageParams(num_tokens=4 * 8 * 20)
    for name, seed in (("a", 0), ("again", 0), ("b", 1)):
        mix_channels(tokens, tmp_path / name, {"en": 1.0}, wanted, sequence_length=8, rows_per_step=1, seed=seed)
    orders = [[document for document, *_ in walk(Mixture(tmp_path / name, tokens))["en"]] for name in ("a", "b")]
    turns = [tuple(order[start : start + 20]) for order in orders for start in range(0, 80, 20)]
    assert [sorted(turn) for turn in turns] == [list(range(20))] * 8
    assert len(set(turns)) == 8
    assert read_manifest(tmp_path / "a") == read_manifest(tmp_path / "again") != read_manifest(tmp_path / "b")


def test_every_channel_and_every_stage_has_an_order_of_its_own(tmp_path: Path) -> None:
    same = {name: [10] * 30 for name in ("code", "domain", "en")}
    _, *mixtures = run(tmp_path, same, params(domain_share=0.33, stage2={"num_tokens": 800}))
    firsts = [tuple(document for document, *_ in walk(each)[name])[:20] for each in mixtures for name in same]
    assert len(set(firsts)) == 6


def test_rows_of_a_step_are_shuffled(tmp_path: Path) -> None:
    tokens = write_tokens(tmp_path / "tokens", {"domain": [64], "en": [64]})
    wanted = MixStageParams(num_tokens=8 * 4 * 16)
    shares = {"domain": 0.5, "en": 0.5}
    mix_channels(tokens, tmp_path / "mixture", shares, wanted, sequence_length=8, rows_per_step=4, seed=0)
    mixture = Mixture(tmp_path / "mixture", tokens)
    orders = {tuple(mixture.spans(4 * step + row)[0] for row in range(4)) for step in range(16)}
    assert len(orders) > 2
    assert all(sorted(order) == [0, 0, 1, 1] for order in orders)


def test_one_channel_does_not_disturb_the_order_of_another(tmp_path: Path) -> None:
    sizes = lengths(0)
    before = run(tmp_path, sizes, params())[1]
    other = tmp_path / "other"
    other.mkdir()
    after = run(other, {**sizes, "domain": [9] * 70}, params())[1]
    assert walk(before)["en"] == walk(after)["en"]
    assert walk(before)["domain"] != walk(after)["domain"]
