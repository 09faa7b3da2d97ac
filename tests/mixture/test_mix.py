"""The plan of training: exact shares, every token once a pass, every use counted."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError, ParameterError
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import TokenWriter, open_shard
from cpt_pipeline.mixture.mix import MixReport, channel_shares, mix, mix_channels, rows_by_step
from cpt_pipeline.mixture.params import MixParams, MixStageParams
from tests.mixture.corpus import CHANNELS, lengths, params, write_tokens

NO_LAW = {"domain_share": None}


def run(folder: Path, sizes: dict[str, list[int]], given: MixParams) -> tuple[MixReport, Mixture, Mixture]:
    tokens = folder / "tokens"
    if not tokens.exists():
        write_tokens(tokens, sizes)
    out = Path(tempfile.mkdtemp(dir=folder))
    report = mix(tokens, NO_LAW, out, given, CHANNELS)
    return report, Mixture(out / "mixture_stage1", tokens), Mixture(out / "mixture_stage2", tokens)


def walk(mixture: Mixture) -> dict[str, list[tuple[int, int, int]]]:
    """Give the spans of every channel in the order of training."""
    read: dict[str, list[tuple[int, int, int]]] = {name: [] for name in mixture.channels}
    for row in range(mixture.num_steps * mixture.rows_per_step):
        channel, spans = mixture.spans(row)
        read[mixture.channels[channel]].extend(spans.tolist())
    return read


# --- shares ---------------------------------------------------------------------------------------------------------


def assert_exact(shares: list[float], rows_per_step: int, counts: np.ndarray) -> None:
    quota = np.asarray(shares) * rows_per_step
    steps = np.arange(1, len(counts) + 1)[:, None]
    assert (counts.sum(1) == rows_per_step).all()
    assert (counts >= np.floor(quota + 1e-6)).all()
    assert (counts <= np.ceil(quota - 1e-6)).all()
    assert np.abs(counts.cumsum(0) - quota * steps).max() < 1 + 1e-6


@pytest.mark.feature(55)
def test_rows_of_three_shares_literally() -> None:
    counts = rows_by_step([0.715, 0.215, 0.07], 20, 10)
    assert counts.sum(0).tolist() == [143, 43, 14]
    assert counts.tolist() == [
        [14, 4, 2],
        [15, 4, 1],
        [14, 5, 1],
        [14, 4, 2],
        [15, 4, 1],
        [14, 5, 1],
        [14, 4, 2],
        [15, 4, 1],
        [14, 5, 1],
        [14, 4, 2],
    ]


@pytest.mark.feature(55)
@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.floats(1e-3, 1.0), st.sampled_from([0.1, 0.2, 0.25, 0.5, 1.0])), min_size=1, max_size=16),
    st.integers(1, 64),
    st.integers(1, 60),
)
def test_every_step_and_every_prefix_is_exact(weights: list[float], rows_per_step: int, num_steps: int) -> None:
    shares = (np.asarray(weights) / sum(weights)).tolist()
    assert_exact(shares, rows_per_step, rows_by_step(shares, rows_per_step, num_steps))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([5, 22, 29, 30, 45, 48, 54, 55, 57, 58, 59]), min_size=8, max_size=24))
def test_many_channels_of_almost_a_whole_row_stay_exact(sixtieths: list[int]) -> None:
    rest = -sum(sixtieths) % 60
    parts = [*sixtieths, *([rest] if rest else [])]
    rows_per_step = sum(parts) // 60
    shares = [part / sum(parts) for part in parts]
    assert_exact(shares, rows_per_step, rows_by_step(shares, rows_per_step, 120))


def test_ten_channels_that_earliest_deadline_first_cannot_serve() -> None:
    shares = [part / 540 for part in (29, 54, 54, 54, 54, 59, 59, 59, 59, 59)]
    assert_exact(shares, 9, rows_by_step(shares, 9, 120))


def test_whole_shares_need_no_rounding() -> None:
    assert rows_by_step([0.5, 0.3, 0.2], 10, 3).tolist() == [[5, 3, 2]] * 3
    assert rows_by_step([1 / 3] * 3, 3, 2).tolist() == [[1, 1, 1]] * 2
    assert rows_by_step([1.0], 7, 2).tolist() == [[7], [7]]


def test_a_share_below_one_row_a_step_comes_up_at_its_rate() -> None:
    counts = rows_by_step([0.99, 0.01], 10, 100)
    assert counts.sum(0).tolist() == [990, 10]
    (steps,) = np.nonzero(counts[:, 1])
    assert [step // 10 for step in steps] == list(range(10))


def test_shares_have_two_levels() -> None:
    shares = channel_shares(CHANNELS, 0.1, {"en": 3.0})
    assert shares == pytest.approx({"code": 0.225, "domain": 0.1, "en": 0.675})
    assert list(shares) == ["code", "domain", "en"]


def test_a_role_without_share_is_left_out() -> None:
    assert channel_shares(CHANNELS, 0.0, {}) == {"code": 0.5, "en": 0.5}
    assert channel_shares(CHANNELS, 1.0, {}) == {"domain": 1.0}


def test_a_share_for_nobody_is_refused() -> None:
    only = ChannelsParams(roles={"domain": "domain"})
    assert channel_shares(only, 1.0, {}) == {"domain": 1.0}
    with pytest.raises(ParameterError, match=r"mix\.domain_share is 0\.3, but channels\.roles has no general channel"):
        channel_shares(only, 0.3, {})
    with pytest.raises(ParameterError, match=r"  - fr: not in channels\.roles\n  - zh: not in channels\.roles"):
        channel_shares(CHANNELS, 0.3, {"zh": 1.0, "en": 1.0, "fr": 2.0})


# --- order of reading -----------------------------------------------------------------------------------------------


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


# --- texts that were cut --------------------------------------------------------------------------------------------


def write_works(artifact: Path, works: list[list[int]], *, gap: tuple[int, int] | None = None) -> Path:
    """Write works of parts of the given sizes; token numbers go up through all of them; `gap` leaves a part out."""
    following = 1
    with TokenWriter(artifact / "train", "en", vocabulary_size=100_000) as writer:
        for number, sizes in enumerate(works):
            for part, size in enumerate(sizes):
                ids = range(following, following + size)
                following += size
                last = part + 1 == len(sizes)
                if (number, part) != gap:
                    place = {"part_of": f"w{number}", "part": part, "last_part": last}
                    is_continued = part > 0 and (number, part - 1) != gap
                    name = f"w{number}/{part}"
                    writer.write([*ids], id=name, num_bytes=size, is_continued=is_continued, **place)
    seal(artifact, "tokens")
    return artifact


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


def test_a_single_mixture_may_name_uses_though_stage_2_may_not(tmp_path: Path) -> None:
    tokens = write_tokens(tmp_path / "tokens", {"en": [8] * 20})
    wanted = MixStageParams(num_tokens=8 * 20, uses=("stage1_only",))
    report = mix_channels(tokens, tmp_path / "a", {"en": 1.0}, wanted, sequence_length=8, rows_per_step=1, seed=0)
    assert report.uses["any"].documents == 20


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


# --- what stays equal -----------------------------------------------------------------------------------------------


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


def test_one_channel_does_not_disturb_the_order_of_another(tmp_path: Path) -> None:
    sizes = lengths(0)
    before = run(tmp_path, sizes, params())[1]
    other = tmp_path / "other"
    other.mkdir()
    after = run(other, {**sizes, "domain": [9] * 70}, params())[1]
    assert walk(before)["en"] == walk(after)["en"]
    assert walk(before)["domain"] != walk(after)["domain"]


# --- exposures ------------------------------------------------------------------------------------------------------


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


# --- what may be read -----------------------------------------------------------------------------------------------


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


def test_channels_that_do_not_exist_are_named_all_at_once(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", lengths(0))
    given = params(
        stage1={"num_tokens": 800, "weights": {"englisch": 2.0}},
        stage2={"num_tokens": 800, "categories": {"domian": ["examples"], "en": ["news"]}},
    )
    message = "  - mix.stage1.weights: englisch\n  - mix.stage2.categories: domian"
    with pytest.raises(ParameterError, match=re.escape(message)):
        mix(tmp_path / "tokens", NO_LAW, tmp_path, given, CHANNELS)


def test_a_heldout_split_is_never_read(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", {"code": [300], "domain": [300]})
    (tmp_path / "tokens" / "heldout").mkdir()
    for suffix in ("bin", "idx", "parquet"):
        (tmp_path / "tokens" / "train" / f"code.{suffix}").rename(tmp_path / "tokens" / "heldout" / f"code.{suffix}")
    seal(tmp_path / "tokens", "tokens")
    only = ChannelsParams(roles={"code": "general", "domain": "domain"})
    with pytest.raises(NothingLeftError, match="channel code: no document left"):
        mix(tmp_path / "tokens", NO_LAW, tmp_path, params(), only)
