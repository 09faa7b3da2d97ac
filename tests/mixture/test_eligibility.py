"""What a stage may read: text with faults goes where its grade allows, and every document that is left has a reason."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError, ParameterError
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.routes import USES
from cpt_pipeline.mixture.plan import MixReport, StageMix, mix
from tests.mixture.corpus import CHANNELS, NO_LAW, lengths, params, run, walk, write_tokens

GRADED = {
    "lengths": {"code": [90] * 4, "domain": [90] * 5, "en": [90] * 4, "loose": [7, 8]},
    "uses": {"domain": [None, "stage1_only", "synthesis", "sft_source", "stage1_only"]},
    "synthetic": {"domain": ["questions", None, None, None, None], "en": [None, "rewrite", None, None]},
}


def run_graded(folder: Path, **changes: Any) -> MixReport:
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
    report = run_graded(tmp_path, domain_share=0.6, stage1={"num_tokens": 800, "uses": ["stage1_only"]})
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
    run_graded(tmp_path, domain_share=0.6, stage1={"num_tokens": 800, "uses": ["synthesis", "sft_source"]})
    assert [tokens > 0 for tokens in exposures(tmp_path, "domain")["stage1"]] == [True, False, True, True, False]


@pytest.mark.feature(11)
def test_each_stage_says_what_it_read_by_use_and_by_kind_of_synthesis(tmp_path: Path) -> None:
    report = run_graded(tmp_path, domain_share=0.6, stage1={"num_tokens": 1040, "uses": ["stage1_only"]})
    domain, english = exposures(tmp_path, "domain")["stage1"], exposures(tmp_path, "en")["stage1"]
    faulty = domain[1] + domain[4]
    assert plain(report.stage1.uses) == {"any": (9, 1040 - faulty), "stage1_only": (2, faulty)}
    assert plain(report.stage1.synthetic) == {"questions": (1, domain[0]), "rewrite": (1, english[1])}
    assert sum(each.documents for each in report.stage1.channels.values()) == 11
    assert set(report.stage2.uses) == {"any"}


def test_what_was_not_reached_and_what_has_no_share_is_counted(tmp_path: Path) -> None:
    report = run_graded(tmp_path, domain_share=0.2, stage2={"num_tokens": 80})
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


@pytest.mark.feature(91)
def test_categories_and_quality_choose_the_documents(tmp_path: Path) -> None:
    """0.7 is a little less as float32; a document of quality 0.7 passes a minimum of 0.7 all the same."""
    tokens = write_tokens(
        tmp_path / "tokens",
        {"code": [90] * 2, "domain": [90] * 4, "en": [90] * 5},
        categories={"domain": ["examples", "prose", None, "examples"]},
        qualities={"code": [0.9, 0.9], "domain": [0.7, 0.9, 0.9, 0.69], "en": [0.7, 0.69, None, 1.0, 0.0]},
    )
    stage2 = {"num_tokens": 80, "categories": {"domain": ["examples"]}, "min_quality": 0.7}
    report = mix(tokens, NO_LAW, tmp_path, params(stage2=stage2), CHANNELS)
    available = {name: use.available_tokens for name, use in report.stage2.channels.items()}
    assert available == {"code": 180, "domain": 90, "en": 180}
    read = walk(Mixture(tmp_path / "mixture_stage2", tokens))
    assert {document for document, *_ in read["domain"]} == {0}
    assert {document for document, *_ in read["en"]} <= {0, 3}
    assert {name: use.available_tokens for name, use in report.stage1.channels.items()} == {
        "code": 180,
        "domain": 360,
        "en": 450,
    }


def test_documents_of_one_token_teach_nothing_and_stay_out(tmp_path: Path) -> None:
    sizes = {**lengths(0), "en": [1, 0, 40, 1]}
    report, mixture, _ = run(tmp_path, sizes, params(max_passes=100))
    assert report.stage1.channels["en"].available_tokens == 40
    assert {document for document, *_ in walk(mixture)["en"]} == {2}


@pytest.mark.parametrize("share", [0.3, 1e-4])
def test_channels_without_text_are_named_all_at_once(tmp_path: Path, share: float) -> None:
    write_tokens(tmp_path / "tokens", {"code": [1, 1], "en": [50] * 40})
    with pytest.raises(NothingLeftError) as caught:
        mix(tmp_path / "tokens", NO_LAW, tmp_path, params(domain_share=share), CHANNELS)
    assert str(caught.value) == (
        "mix.stage1: nothing to train on (mix.stage1.categories, uses, min_quality, or the sources)\n"
        "  - channel code: no document left to read (too_short 2)\n"
        "  - channel domain: no document left to read"
    )


def test_too_many_passes_are_refused_with_the_figures(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", {"code": [70] * 10, "domain": [60], "en": [40]})
    with pytest.raises(ParameterError) as caught:
        mix(tmp_path / "tokens", NO_LAW, tmp_path, params(max_passes=3.5), CHANNELS)
    assert str(caught.value) == (
        "mix.stage1 reads too little text too often; bring more text of the channel, or lower mix.stage1.num_tokens "
        "(or passes). A channel's share is mix.domain_share for the domain, and what that leaves for the general ones\n"
        "  - channel domain: 240 tokens asked, 60 there = 4.0 passes, mix.max_passes is 3.5\n"
        "  - channel en: 272 tokens asked, 40 there = 6.8 passes, mix.max_passes is 3.5"
    )
    assert not (tmp_path / "mixture_stage1").exists()


def test_as_many_passes_as_allowed_are_allowed(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", {"code": [300], "domain": [60], "en": [300]})
    report = mix(tmp_path / "tokens", NO_LAW, tmp_path, params(max_passes=4.0), CHANNELS)
    assert report.stage1.channels["domain"].passes == 4.0


def test_a_heldout_split_is_never_read(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", {"code": [300], "domain": [300]})
    (tmp_path / "tokens" / "heldout").mkdir()
    for suffix in ("bin", "idx", "parquet"):
        (tmp_path / "tokens" / "train" / f"code.{suffix}").rename(tmp_path / "tokens" / "heldout" / f"code.{suffix}")
    seal(tmp_path / "tokens", "tokens")
    only = ChannelsParams(roles={"code": "general", "domain": "domain"})
    with pytest.raises(NothingLeftError, match="channel code: no document left"):
        mix(tmp_path / "tokens", NO_LAW, tmp_path, params(), only)
