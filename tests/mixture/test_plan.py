"""The plan of training: both stages have their shares and sizes, and equal inputs give equal bytes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.mixture.params import MixStageParams
from cpt_pipeline.mixture.plan import mix, mix_channels
from tests.mixture.corpus import CHANNELS, NO_LAW, assert_exact, lengths, params, run, walk, write_tokens


def test_every_step_of_both_stages_has_its_shares(tmp_path: Path) -> None:
    report, *mixtures = run(tmp_path, lengths(0), params())
    for mixture, steps in zip(mixtures, (10, 4), strict=True):
        assert mixture.channels == ("code", "domain", "en")
        assert mixture.num_steps == steps
        counts = [
            Counter(mixture.channels[mixture.spans(row)[0]] for row in range(5 * step, 5 * step + 5))
            for step in range(steps)
        ]
        assert_exact([0.35, 0.3, 0.35], 5, np.asarray([[each[name] for name in mixture.channels] for each in counts]))
    assert (report.stage1.steps, report.stage1.tokens) == (10, 800)
    assert (report.sequence_length, report.rows_per_step) == (16, 5)
    assert (report.domain_share, report.domain_share_from) == (0.3, "mix.domain_share")
    assert report.stage1.channels["domain"].model_dump() == {
        "share": 0.3,
        "tokens": 15 * 16,
        "available_tokens": sum(lengths(0)["domain"]),
        "passes": round(240 / sum(lengths(0)["domain"]), 4),
        "documents": len({document for document, *_ in walk(mixtures[0])["domain"]}),
    }


def test_tokens_are_rounded_up_to_whole_steps(tmp_path: Path) -> None:
    report, _, stage2 = run(tmp_path, lengths(0), params(stage2={"num_tokens": 81}))
    assert (report.stage2.steps, report.stage2.tokens) == (2, 160)
    assert stage2.num_steps == 2


def test_a_fitted_share_replaces_the_one_of_conf(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", lengths(0))
    report = mix(tmp_path / "tokens", {"domain_share": 0.6}, tmp_path, params(), CHANNELS)
    assert (report.domain_share, report.domain_share_from) == (0.6, "mix_law")
    assert report.stage1.channels["domain"].share == 0.6


def test_a_single_mixture_may_name_uses_though_stage_2_may_not(tmp_path: Path) -> None:
    tokens = write_tokens(tmp_path / "tokens", {"en": [8] * 20})
    wanted = MixStageParams(num_tokens=8 * 20, uses=("stage1_only",))
    report = mix_channels(tokens, tmp_path / "a", {"en": 1.0}, wanted, sequence_length=8, rows_per_step=1, seed=0)
    assert report.uses["any"].documents == 20


@pytest.mark.feature(4)
def test_equal_inputs_give_equal_bytes_and_a_stage2_setting_leaves_stage1_alone(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", lengths(0))
    changed = params(stage2={"num_tokens": 3 * 80, "weights": {"en": 2.0}})
    for name, settled in (("a", params()), ("b", params()), ("c", changed)):
        mix(tmp_path / "tokens", NO_LAW, tmp_path / name, settled, CHANNELS)
    a, b, c = (
        {each: read_manifest(tmp_path / name / each) for each in ("mixture_stage1", "mixture_stage2", "exposures")}
        for name in "abc"
    )
    assert a == b
    assert a["mixture_stage1"] == c["mixture_stage1"]
    assert a["mixture_stage2"] != c["mixture_stage2"]
    assert a["exposures"] != c["exposures"]


def test_channels_that_do_not_exist_are_named_all_at_once(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", lengths(0))
    given = params(
        stage1={"num_tokens": 800, "weights": {"englisch": 2.0}},
        stage2={"num_tokens": 800, "categories": {"domian": ["examples"], "en": ["news"]}},
    )
    message = "  - mix.stage1.weights: englisch\n  - mix.stage2.categories: domian"
    with pytest.raises(ParameterError, match=re.escape(message)):
        mix(tmp_path / "tokens", NO_LAW, tmp_path, given, CHANNELS)
