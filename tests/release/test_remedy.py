"""What is proposed after a run that was not promoted."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.release.checks import judge_channels
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.release.remedy import command, find_remedy

CHANNELS = ChannelsParams(roles={"domain": "domain", "en": "general"})
RATE, SHARE = "stage1.optimizer.peak_lr", "mix.domain_share"


def judged(domain: float, general: float, width: float = 0.001) -> Any:
    channels = {
        name: {"relative_change": change, "low": change - width, "high": change + width}
        for name, change in (("domain", domain), ("en", general))
    }
    models = {"stage1": {"stage": "stage1", "step": 1, "channels": {name: {"documents": 99} for name in channels}}}
    return judge_channels(
        {"models": models, "comparisons": {"stage1": {"channels": channels}}}, "stage1", DecideParams(), CHANNELS
    )


@pytest.mark.parametrize(
    ("domain", "general", "settings", "remedy"),
    [
        (-0.30, 0.04, {RATE: 3.0e-3, SHARE: 1.0}, {RATE: 1.5e-3, SHARE: 0.5}),
        (-0.30, 0.30, {RATE: 3.0e-3, SHARE: 1.0}, {RATE: 7.5e-4, SHARE: 0.5}),
        (-0.30, 0.30, {RATE: 3.0e-5, SHARE: 0.15}, {RATE: 7.5e-6, SHARE: 0.075}),
        (-0.30, 0.04, {RATE: 3.0e-5, SHARE: 0.08}, {RATE: 1.5e-5, SHARE: 0.05}),
        (-0.30, 0.04, {RATE: 3.0e-5, SHARE: 0.02}, {RATE: 1.5e-5}),
        (-0.02, 0.00, {RATE: 3.0e-5, SHARE: 0.10}, {RATE: 4.5e-5, SHARE: 0.15}),
        (-0.02, 0.00, {RATE: 3.0e-5, SHARE: 0.80}, {RATE: 4.5e-5, SHARE: 0.9}),
        (-0.02, 0.00, {RATE: 3.0e-5, SHARE: 1.0}, {RATE: 4.5e-5}),
        (0.05, 0.00, {RATE: 3.0e-5, SHARE: 0.10}, {RATE: 1.5e-5}),
        (-0.02, 0.04, {RATE: 3.0e-5, SHARE: 0.10}, {RATE: 1.5e-5, SHARE: 0.05}),
        (-0.30, 0.00, {RATE: 3.0e-5, SHARE: 0.10}, {}),
        (-0.30, 0.04, {"stage2.optimizer.peak_lr": 1.0e-4, "mix.seed": 7.0}, {"stage2.optimizer.peak_lr": 5.0e-5}),
    ],
)
def test_remedy(domain: float, general: float, settings: dict[str, float], remedy: dict[str, float]) -> None:
    assert find_remedy(judged(domain, general), settings) == pytest.approx(remedy)


@given(
    domain=st.floats(-0.5, 0.5), general=st.floats(-0.5, 0.5), rate=st.floats(1e-7, 1e-1), share=st.floats(0.01, 1.0)
)
def test_forgetting_never_asks_for_more_of_what_causes_it(
    domain: float, general: float, rate: float, share: float
) -> None:
    remedy = find_remedy(judged(domain, general), {RATE: rate, SHARE: share})
    if general > 0.022:
        assert remedy.get(RATE, rate) < rate
        assert remedy.get(SHARE, share) <= share
    assert 0.0 < remedy.get(SHARE, share) <= 1.0


def test_command_can_be_pasted() -> None:
    line = command({RATE: 7.5e-06, SHARE: 0.5})
    assert line == 'kedro run --pipeline=cpt --params="mix.domain_share=0.5,stage1.optimizer.peak_lr=7.5e-06"'
    assert command({}) == ""


def test_kedro_reads_the_command() -> None:
    """In a process of its own: kedro's command line configures logging when it is imported."""
    option = command({RATE: 7.5e-06, SHARE: 0.5}).split('"')[1]
    code = (
        "import sys; from kedro.framework.cli.utils import _split_params;"
        "found = _split_params(None, None, sys.argv[1]);"
        "assert found == {'mix': {'domain_share': 0.5}, 'stage1': {'optimizer': {'peak_lr': 7.5e-06}}}, found"
    )
    subprocess.run([sys.executable, "-c", code, option], check=True)


def test_a_larger_share_reads_more_of_the_domain_also_where_the_size_follows_from_the_text() -> None:
    """Tokens = domain tokens x passes / share: with the share alone there would be fewer of them."""
    found = find_remedy(judged(-0.02, 0.0), {"mix.domain_share": 0.2, "mix.stage1.passes": 1.0})
    assert found == {"mix.domain_share": 0.3, "mix.stage1.passes": 1.5}
