"""What a stage may read: text with faults goes where its grade allows, and every document that is left has a reason."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.formats.routes import USES
from cpt_pipeline.mixture.mix import MixReport, StageMix, mix
from tests.mixture.corpus import CHANNELS, params, write_tokens

NO_LAW = {"domain_share": None}
GRADED = {
    "lengths": {"code": [90] * 4, "domain": [90] * 5, "en": [90] * 4, "loose": [7, 8]},
    "uses": {"domain": [None, "stage1_only", "synthesis", "sft_source", "stage1_only"]},
    "synthetic": {"domain": ["questions", None, None, None, None], "en": [None, "rewrite", None, None]},
}


def run(folder: Path, **changes: Any) -> MixReport:
    """Plan a mixture of a domain channel with every grade, in both stages more than a pass."""
    tokens = write_tokens(folder / "tokens", GRADED["lengths"], uses=GRADED["uses"], synthetic=GRADED["synthetic"])
    return mix(tokens, NO_LAW, folder, params(**{"max_passes": 100, **changes}), CHANNELS)


def exposures(folder: Path, channel: str) -> dict[str, list[int]]:
    table = pq.read_table(folder / "exposures" / "exposures.parquet").to_pandas()
    rows = table[table["channel"] == channel]
    return {stage: rows[f"{stage}_tokens"].tolist() for stage in ("stage1", "stage2")}


def plain(amounts: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {name: (each.documents, each.tokens) for name, each in amounts.items()}


@pytest.mark.feature(11)
def test_text_with_faults_is_read_where_its_grade_allows_and_never_in_stage_2(tmp_path: Path) -> None:
    report = run(tmp_path, domain_share=0.6, stage1={"num_tokens": 800, "uses": ["stage1_only"]})
    read = exposures(tmp_path, "domain")
    assert [tokens > 0 for tokens in read["stage1"]] == [True, True, False, False, True]
    assert [tokens > 0 for tokens in read["stage2"]] == [True, False, False, False, False]
    assert sum(read["stage1"]) == 480 == report.stage1.channels["domain"].tokens
    assert plain(report.stage1.unused["domain"]) == {"synthesis": (1, 90), "sft_source": (1, 90)}
    assert plain(report.stage2.unused["domain"]) == {
        "stage1_only": (2, 180),
        "synthesis": (1, 90),
        "sft_source": (1, 90),
    }


def test_raw_material_can_be_let_into_stage_1_by_name(tmp_path: Path) -> None:
    run(tmp_path, domain_share=0.6, stage1={"num_tokens": 800, "uses": ["synthesis", "sft_source"]})
    assert [tokens > 0 for tokens in exposures(tmp_path, "domain")["stage1"]] == [True, False, True, True, False]


@pytest.mark.feature(11)
def test_each_stage_says_what_it_read_by_use_and_by_kind_of_synthesis(tmp_path: Path) -> None:
    report = run(tmp_path, domain_share=0.6, stage1={"num_tokens": 1040, "uses": ["stage1_only"]})
    domain, english = exposures(tmp_path, "domain")["stage1"], exposures(tmp_path, "en")["stage1"]
    faulty = domain[1] + domain[4]
    assert plain(report.stage1.uses) == {"any": (9, 1040 - faulty), "stage1_only": (2, faulty)}
    assert plain(report.stage1.synthetic) == {"questions": (1, domain[0]), "rewrite": (1, english[1])}
    assert sum(each.documents for each in report.stage1.channels.values()) == 11
    assert set(report.stage2.uses) == {"any"}


def test_what_was_not_reached_and_what_has_no_share_is_counted(tmp_path: Path) -> None:
    report = run(tmp_path, domain_share=0.2, stage2={"num_tokens": 80})
    assert plain(report.stage2.unused["loose"]) == {"no_share": (2, 15)}
    assert report.stage2.unused["code"]["not_reached"].documents == 4 - report.stage2.channels["code"].documents


def test_a_channel_of_nothing_but_raw_material_says_why_it_is_empty(tmp_path: Path) -> None:
    tokens = write_tokens(
        tmp_path / "tokens", {"code": [90], "domain": [90, 90, 90], "en": [90]}, uses={"domain": ["synthesis"] * 3}
    )
    with pytest.raises(NothingLeftError, match=r"channel domain: no document left to read \(synthesis 3\)"):
        mix(tokens, NO_LAW, tmp_path, params(max_passes=100), CHANNELS)


document = st.tuples(
    st.integers(0, 40),
    st.sampled_from([None, *USES]),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from([None, 0.2, 0.9]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(document, min_size=1, max_size=12), st.lists(st.sampled_from(USES), unique=True))
def test_every_document_of_the_split_is_read_or_has_one_reason(drawn: list[Any], taken: list[str]) -> None:
    sizes, uses, categories, qualities = (list(column) for column in zip(*drawn, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        tokens = write_tokens(
            Path(folder) / "tokens",
            {"code": [30, 30], "domain": [20, *sizes], "en": [30]},
            uses={"domain": [None, *uses]},
            categories={"domain": ["a", *categories]},
            qualities={"domain": [0.9, *qualities], "code": [0.9, 0.1], "en": [0.9]},
        )
        stage1 = {"num_tokens": 160, "uses": taken, "min_quality": 0.5, "categories": {"domain": ["a"]}}
        stage2 = {"num_tokens": 80}
        report = mix(tokens, NO_LAW, Path(folder), params(max_passes=1e6, stage1=stage1, stage2=stage2), CHANNELS)
    for stage in (report.stage1, report.stage2):
        assert _documents(stage) == 4 + len(drawn)
        assert sum(each.tokens for each in stage.uses.values()) == stage.tokens


def _documents(stage: StageMix) -> int:
    left = sum(each.documents for reasons in stage.unused.values() for each in reasons.values())
    return left + sum(each.documents for each in stage.channels.values())
