"""Stage mix from a user's parameters to what it writes: shares, weights, and how often each text is read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.mixture.plan import mix
from tests.mixture.corpus import CHANNELS, params, write_tokens

SIZES = {"code": [90] * 4, "domain": [90] * 4, "en": [90] * 4}


def plan(place: Path, tokens: Path, **changes: Any) -> dict[str, Any]:
    """Run the stage below `place` and give its metrics; rows are 16 tokens, steps 5 rows."""
    return mix(tokens, {"domain_share": None}, place, params(max_passes=100, **changes), CHANNELS).as_metrics()


def rows_of(place: Path, tokens: Path, stage: str) -> list[list[str]]:
    """Give the channel of each row, by step."""
    mixture = Mixture(place / f"mixture_{stage}", tokens)
    names = [mixture.channels[mixture.spans(row)[0]] for row in range(5 * mixture.num_steps)]
    return [names[first : first + 5] for first in range(0, len(names), 5)]


def exposures(place: Path, stage: str) -> dict[str, int]:
    """Give the tokens read of each document."""
    rows = pq.read_table(place / "exposures" / "exposures.parquet").to_pylist()
    return {row["id"]: row[f"{stage}_tokens"] for row in rows}


@pytest.mark.feature(55)
def test_each_global_batch_has_the_rows_that_the_domain_share_asks_for(tmp_path: Path) -> None:
    """A share of 0.3 of 5 rows is 1.5: one row or two in each step, 15 in ten steps, never a whole row off."""
    tokens = write_tokens(tmp_path / "tokens", SIZES)
    metrics = plan(tmp_path, tokens, domain_share=0.3)
    for stage, num_steps in (("stage1", 10), ("stage2", 4)):
        steps = rows_of(tmp_path, tokens, stage)
        counts = np.asarray([[Counter(step)[name] for name in ("code", "domain", "en")] for step in steps])
        assert len(steps) == num_steps
        assert set(counts.flatten().tolist()) == {1, 2}
        due = np.arange(1, num_steps + 1)[:, None] * np.asarray([1.75, 1.5, 1.75])
        assert np.abs(counts.cumsum(0) - due).max() < 1
    use = metrics["stage1"]["channels"]["domain"]
    assert (use["share"], use["tokens"], use["available_tokens"]) == (0.3, 240, 360)


@pytest.mark.feature(59)
def test_the_domain_gets_its_share_first_and_the_weights_divide_what_is_left(tmp_path: Path) -> None:
    """Of 50 rows the domain has 20 %; English has three times the rows of code in stage 1, a third in stage 2."""
    tokens = write_tokens(tmp_path / "tokens", SIZES)
    stages = {
        "stage1": {"num_tokens": 800, "weights": {"en": 3.0}},
        "stage2": {"num_tokens": 320, "weights": {"code": 3.0}},
    }
    metrics = plan(tmp_path, tokens, domain_share=0.2, **stages)
    expected = {"stage1": {"code": 10, "domain": 10, "en": 30}, "stage2": {"code": 12, "domain": 4, "en": 4}}
    for stage, rows in expected.items():
        assert Counter(name for step in rows_of(tmp_path, tokens, stage) for name in step) == rows
        assert {name: each["tokens"] for name, each in metrics[stage]["channels"].items()} == {
            name: 16 * count for name, count in rows.items()
        }


@pytest.mark.feature(68)
def test_what_is_read_of_each_document_is_written_and_too_many_passes_stop_the_stage(tmp_path: Path) -> None:
    tokens = write_tokens(tmp_path / "tokens", {"code": [90, 30], "domain": [50, 60], "en": [200, 7], "unread": [5]})
    metrics = plan(tmp_path, tokens)
    for stage, num_tokens in (("stage1", 800), ("stage2", 320)):
        mixture = Mixture(tmp_path / f"mixture_{stage}", tokens)
        read = exposures(tmp_path, stage)
        counted = Counter(dict.fromkeys(read, 0))
        for row in range(5 * mixture.num_steps):
            channel, spans = mixture.spans(row)
            for document, _, length in spans.tolist():
                counted[f"{mixture.channels[channel]}-{document}"] += length
        assert read == counted
        assert (counted["unread-0"], counted.total()) == (0, num_tokens)
    assert metrics["stage1"]["channels"]["domain"]["passes"] == 2.1818
    said = "  - channel domain: 240 tokens asked, 110 there = 2.2 passes, mix.max_passes is 2"
    with pytest.raises(ParameterError, match=re.escape(said)):
        mix(tokens, {"domain_share": None}, tmp_path / "no", params(max_passes=2.0), CHANNELS)
    assert not (tmp_path / "no" / "mixture_stage1").exists()
