"""What each stage reads of every document, and what no stage reads."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import open_shard
from cpt_pipeline.mixture.params import MixParams, MixStageParams
from cpt_pipeline.mixture.plan import mix, mix_channels
from tests.mixture.corpus import CHANNELS, NO_LAW, lengths, params, walk, write_tokens, write_works


def test_exposures_are_what_a_walk_over_all_rows_counts(tmp_path: Path) -> None:
    sizes = {**lengths(3, num_documents=9), "unused": [5, 1]}
    write_tokens(tmp_path / "tokens", sizes)
    mix(tmp_path / "tokens", NO_LAW, tmp_path, params(), CHANNELS)
    table = pq.read_table(tmp_path / "exposures" / "exposures.parquet").to_pylist()

    counted: dict[str, Counter[str]] = {}
    for stage in ("stage1", "stage2"):
        counted[stage] = Counter()
        for channel, spans in walk(Mixture(tmp_path / f"mixture_{stage}", tmp_path / "tokens")).items():
            for document, _, length in spans:
                counted[stage][f"{channel}-{document}"] += length
    assert [(row["id"], row["channel"], row["tokens"]) for row in table] == [
        (f"{channel}-{index}", channel, size) for channel in sorted(sizes) for index, size in enumerate(sizes[channel])
    ]
    for stage, steps in (("stage1", 10), ("stage2", 4)):
        assert [row[f"{stage}_tokens"] for row in table] == [counted[stage][row["id"]] for row in table]
        assert counted[stage].total() == steps * 80
    assert max(row["stage1_tokens"] / row["tokens"] for row in table) > 1
    assert read_manifest(tmp_path / "exposures")["rows"] == 29


def test_exposures_of_parts_are_counted_each(tmp_path: Path) -> None:
    tokens = write_works(tmp_path / "tokens", [[5, 9, 6], [7, 3], [4, 5, 20, 5]])
    wanted = MixStageParams(num_tokens=96)
    mixture_params = {"sequence_length": 16, "rows_per_step": 1, "seed": 1}
    report = mix_channels(tokens, tmp_path / "m", {"en": 1.0}, wanted, **mixture_params)
    mixture = Mixture(tmp_path / "m", tokens)
    read = Counter(token for row in range(6) for token in mixture.row(row).input_ids.tolist())
    assert read.total() == 96
    assert report.uses["any"].tokens == 96
    assert report.channels["en"].documents == 9


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(2, 40), min_size=1, max_size=5), min_size=1, max_size=6),
    st.integers(8, 32),
    st.integers(1, 12),
)
def test_exposures_of_cut_texts_are_what_a_walk_counts(works: list[list[int]], length: int, num_rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tokens = write_works(Path(folder) / "tokens", works)
        every = MixParams(
            sequence_length=length,
            rows_per_step=1,
            domain_share=0.0,
            max_passes=1e9,
            stage1=MixStageParams(num_tokens=length * num_rows),
            stage2=MixStageParams(num_tokens=length),
        )
        mix(tokens, NO_LAW, Path(folder), every, ChannelsParams(roles={"en": "general", "domain": "domain"}))
        table = pq.read_table(Path(folder) / "exposures" / "exposures.parquet")["stage1_tokens"].to_pylist()
        mixture, shard = Mixture(Path(folder) / "mixture_stage1", tokens), open_shard(tokens, "train", "en")
        owner = np.repeat(np.arange(shard.num_documents), shard.lengths)
        read: Counter[int] = Counter()
        for row in range(num_rows):
            read.update(owner[mixture.row(row).input_ids - 1].tolist())
        assert table == [read[document] for document in range(shard.num_documents)]


def test_domain_text_that_no_stage_reads_is_said_with_the_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Stage 1 reads 240 of 10,000 tokens, stage 2 at most 96 others."""
    artifact = write_tokens(tmp_path / "tokens", {"domain": [100] * 100, "en": [100] * 100, "code": [100] * 100})
    with caplog.at_level(logging.WARNING):
        report = mix(artifact, NO_LAW, tmp_path / "out", params(), CHANNELS)
    assert 0.966 <= report.unread["domain"] <= 0.976
    assert report.unread["en"] > 0.9
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "mix: 97% of the training text of channel domain is read by no stage; raise mix.stage1.num_tokens to read "
        "more of it"
    ]


def test_what_both_stages_read_counts_once(tmp_path: Path) -> None:
    """Two books of 6,400 tokens; each stage reads three fifths of them, and by chance some of it is the same."""
    artifact = write_tokens(tmp_path / "tokens", {"domain": [6_400] * 2, "en": [6_400], "code": [6_400]})
    three_fifths = {"num_tokens": 7_680, "weights": {}}
    given = params(domain_share=1.0, stage1=three_fifths, stage2=three_fifths)
    report = mix(artifact, NO_LAW, tmp_path / "out", given, CHANNELS)
    read = np.zeros(12_800, np.bool_)
    for stage in ("stage1", "stage2"):
        mixture = Mixture(tmp_path / "out" / f"mixture_{stage}", artifact)
        for row in range(mixture.num_steps * mixture.rows_per_step):
            for document, start, length in mixture.spans(row)[1].tolist():
                read[6_400 * document + start :][:length] = True
    assert report.unread["domain"] == pytest.approx(1 - read.mean())
    assert 0.1 < report.unread["domain"] < 0.25  # 0.16 on average; 0 if the two were added up


def test_text_that_is_read_is_not_complained_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    artifact = write_tokens(tmp_path / "tokens", {"domain": [100] * 4, "en": [100] * 9, "code": [100] * 9})
    wanted = params(stage1={"num_tokens": None, "passes": 1.0}, stage2={"num_tokens": None, "passes": 0.5})
    with caplog.at_level(logging.WARNING):
        report = mix(artifact, NO_LAW, tmp_path / "out", wanted, CHANNELS)
    assert report.unread["domain"] < 0.1
    assert caplog.records == []
