"""How much a stage trains when conf gives passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.mixture.plan import mix
from cpt_pipeline.mixture.size import with_tokens
from tests.mixture.corpus import CHANNELS, NO_LAW, params, write_tokens


def sized(passes: float) -> dict[str, float | None]:
    return {"num_tokens": None, "passes": passes}


def test_tokens_follow_from_the_domain_text_passes_and_share(tmp_path: Path) -> None:
    """1,000 tokens of domain text, read twice, are 30 % of 6,666 tokens: 83 whole steps of 80."""
    text = {"domain": [100] * 10, "en": [100] * 30, "code": [100] * 30}
    artifact = write_tokens(tmp_path / "tokens", text)
    changed = params(stage1=sized(2.0), stage2=sized(0.5), max_passes=4.0)
    report = mix(artifact, NO_LAW, tmp_path / "out", changed, CHANNELS)
    assert (report.stage1.steps, report.stage1.tokens) == (83, 83 * 80)
    assert report.stage1.channels["domain"].passes == pytest.approx(2.0, abs=0.03)
    assert (report.stage2.steps, report.stage2.tokens) == (20, 1600)


def test_only_text_that_the_stage_may_read_counts(tmp_path: Path) -> None:
    artifact = write_tokens(
        tmp_path / "tokens",
        {"domain": [100] * 10, "en": [100]},
        categories={"domain": ["examples"] * 4 + [None] * 6},
    )
    wanted = params(stage2={**sized(1.0), "categories": {"domain": ["examples"]}})
    assert with_tokens(artifact, "stage2", wanted, ("domain",), 0.5).num_tokens == 800
    assert with_tokens(artifact, "stage1", wanted, ("domain",), 0.5).num_tokens == 800


def test_tokens_that_conf_gives_are_taken_as_they_are(tmp_path: Path) -> None:
    assert with_tokens(tmp_path / "not-there", "stage1", params(), ("domain",), 0.3).num_tokens == 800


def test_less_than_one_step_is_refused_with_the_keys_to_change(tmp_path: Path) -> None:
    artifact = write_tokens(tmp_path / "tokens", {"domain": [10], "en": [100]})
    with pytest.raises(NothingLeftError, match=r"mix\.stage1\.passes is 1: 10 tokens .* one step of 80 tokens"):
        with_tokens(artifact, "stage1", params(stage1=sized(1.0)), ("domain",), 0.3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stage1": {}}, "how much is read"),
        ({"stage1": {"num_tokens": None}}, "how much is read"),
        ({"stage1": {"num_tokens": 800, "passes": 1.0}}, "are both set"),
        ({"stage1": sized(5.0)}, "mix.stage1.passes is 5 and mix.max_passes is 4"),
        ({"stage2": sized(1.0), "domain_share": 0.0}, "mix.domain_share is 0"),
    ],
)
def test_a_stage_has_one_size(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        params(**changes)


@settings(max_examples=30, deadline=None)
@given(
    documents=st.lists(st.integers(40, 200), min_size=5, max_size=20),
    passes=st.floats(0.5, 3.0),
    share=st.floats(0.1, 1.0),
)
def test_the_domain_is_read_as_often_as_asked_but_for_a_step(
    documents: list[int], passes: float, share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    artifact = write_tokens(tmp_path_factory.mktemp("t") / "tokens", {"domain": documents})
    num_tokens = with_tokens(artifact, "stage1", params(stage1=sized(passes)), ("domain",), share).num_tokens
    assert num_tokens is not None
    read = num_tokens * share
    assert read <= sum(documents) * passes + 1e-6
    assert read > sum(documents) * passes - 80 * share - 1e-6
