"""Plan the order of training: which piece of which document stands in which row of which step.

Composition is exact: every global batch gets each channel's share of rows, rounded down or up, and the sum over
any number of steps stays within one row of the share. The texts of a channel are laid end to end in shuffled passes
and cut at row borders: no padding, no token lost. The rows of a pass are then shuffled as well, as Megatron-LM does
with its samples, so that the pieces of a long text do not stand in one step. Of a pass that is not read whole the first
of its shuffled rows are read: a sample of all its texts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.params import Report
from cpt_pipeline.formats import tokens as token_format
from cpt_pipeline.formats.mixture import SPAN, Block, write_mixture
from cpt_pipeline.mixture.params import MixParams, MixStageParams
from cpt_pipeline.mixture.size import Stretches, unread_shares, warn_unread, with_tokens
from cpt_pipeline.mixture.supply import (
    ANY_USE,
    Amount,
    Ints,
    available_tokens,
    check_supply,
    count_read,
    count_unused,
    reasons_against,
)

_ROUNDING = 1e-6
_EXPOSURE_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("channel", pa.string()),
        ("tokens", pa.int64()),
        ("stage1_tokens", pa.int64()),
        ("stage2_tokens", pa.int64()),
    ]
)


class ChannelUse(Report):
    """How one stage reads one channel."""

    share: float
    tokens: int
    available_tokens: int
    passes: float
    documents: int


class StageMix(Report):
    """The mixture of one stage."""

    steps: int
    tokens: int
    channels: dict[str, ChannelUse]
    uses: dict[str, Amount]
    """What was read, by the use that the documents are fit for; `any` is text without a grade, or graded clean."""
    synthetic: dict[str, Amount]
    """What was read of texts that clean made from others, by their kind."""
    unused: dict[str, dict[str, Amount]]
    """Channel to reason to the documents that the stage does not read (reasons: mixture.supply)."""


class MixReport(Report):
    """The mixtures of both stages."""

    sequence_length: int
    rows_per_step: int
    domain_share: float
    domain_share_from: str
    unread: dict[str, float]
    """Channel to the share of its training text that neither stage reads."""
    stage1: StageMix
    stage2: StageMix


@dataclass(frozen=True)
class _ChannelRows:
    """The rows one channel gives to a stage: spans of row `n` are `first_span[n]:first_span[n + 1]`."""

    first_span: Ints
    spans: npt.NDArray[Any]


def mix(tokens: Path, ratio: Mapping[str, Any], out: Path, params: MixParams, channels: ChannelsParams) -> MixReport:
    """Write `mixture_stage1`, `mixture_stage2` and `exposures` into `out`.

    `ratio` is the artifact of mix_law; without a fitted share `params.domain_share` holds. `NothingLeftError` when a
    channel has no token to give, `ParameterError` when it would be read more than `max_passes` times.
    """
    fitted = ratio.get("domain_share")
    share = params.domain_share if fitted is None else float(fitted)
    _check_names(params, channels)
    reports, exposures, read = {}, {}, {}
    for number, stage in enumerate(("stage1", "stage2")):
        wanted = with_tokens(tokens, stage, params, channels.domain, share)
        shares = channel_shares(channels, share, wanted.weights)
        reports[stage], exposures[stage], read[stage] = _plan_stage(
            tokens, out / f"mixture_{stage}", stage, wanted, params, shares, seed=2 * params.seed + number
        )
    _write_exposures(tokens, out / "exposures", exposures)
    unread = unread_shares(tokens, channels.roles, read.values())
    warn_unread({name: unread[name] for name in channels.domain if name in unread}, params)
    return MixReport(
        sequence_length=params.sequence_length,
        rows_per_step=params.rows_per_step,
        domain_share=share,
        domain_share_from="mix.domain_share" if fitted is None else "mix_law",
        unread=unread,
        **reports,
    )


def mix_channels(
    tokens: Path,
    out: Path,
    shares: Mapping[str, float],
    wanted: MixStageParams,
    *,
    sequence_length: int,
    rows_per_step: int,
    seed: int,
) -> StageMix:
    """Write one mixture of the given channel shares: what the scratch base and proxy runs train on."""
    params = MixParams(
        sequence_length=sequence_length,
        rows_per_step=rows_per_step,
        domain_share=0.0,
        max_passes=1e9,
        seed=seed,
        stage1=wanted,
        stage2=wanted.model_copy(update={"uses": ()}),
    )
    return _plan_stage(tokens, out, out.name, wanted, params, shares, seed=seed)[0]


def channel_shares(channels: ChannelsParams, domain_share: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Give every channel's share of the tokens: first domain against general, then by weight inside each.

    Channels of share 0 are left out.
    """
    unknown = sorted(set(weights) - set(channels.roles))
    problems = [f"{name}: not in channels.roles" for name in unknown]
    raise_all(ParameterError, "mix: weights for channels that do not exist", problems)
    if domain_share < 1.0 and not channels.general:
        raise ParameterError(
            f"mix.domain_share is {domain_share}, but channels.roles has no general channel to fill the rest"
        )
    shares = {}
    for names, part in ((channels.domain, domain_share), (channels.general, 1.0 - domain_share)):
        total = sum(weights.get(name, 1.0) for name in names)
        shares.update({name: part * weights.get(name, 1.0) / total for name in names if part > 0.0})
    return dict(sorted(shares.items()))


def _check_names(params: MixParams, channels: ChannelsParams) -> None:
    named = {
        f"mix.{stage}.{key}": getattr(getattr(params, stage), key)
        for stage in ("stage1", "stage2")
        for key in ("weights", "categories")
    }
    unknown = [f"{key}: {name}" for key, names in named.items() for name in sorted(set(names) - set(channels.roles))]
    raise_all(ParameterError, "mix names channels that are not in channels.roles", unknown)


def rows_by_step(shares: npt.ArrayLike, rows_per_step: int, num_steps: int) -> Ints:
    """Give how many rows of each channel every step has, shape [num_steps, channels].

    Each entry is the channel's share of the step rounded down or up, and the sum over the first n steps is within
    one row of its share for every n. The rows left after rounding down are dealt out by PD2 (Srinivasan & Anderson
    2002), which keeps this promise for any shares; plain earliest deadline first breaks it with ten channels.
    """
    quota = np.asarray(shares, dtype=np.float64) * rows_per_step
    whole = np.floor(quota + _ROUNDING).astype(np.int64)
    left = rows_per_step - int(whole.sum())
    counts = np.tile(whole, (num_steps, 1))
    (fractional,) = np.nonzero(quota - whole > _ROUNDING)
    part = (quota - whole)[fractional]
    given = np.zeros(len(part), dtype=np.int64)
    for step in range(num_steps if left else 0):
        chosen = _most_urgent(part, given, step)[:left]
        assert len(chosen) == left, f"step {step} has {len(chosen)} rows to give, not {left}"
        counts[step, fractional[chosen]] += 1
        given[chosen] += 1
    return counts


def _most_urgent(part: npt.NDArray[np.float64], given: Ints, step: int) -> Ints:
    """Give the channels that may have one more row at `step`, the most urgent first.

    A channel's next row must stand before its deadline; of equal deadlines the one goes first whose next window
    begins inside this one, and of those the one with the longest chain of such windows behind it (`chain`).
    """
    due = (given + 1) / part
    deadline = np.ceil(due - _ROUNDING)
    overlaps = deadline - due > _ROUNDING
    spare = 1.0 - part
    chain = np.where(part >= 0.5, np.ceil(np.ceil(deadline * spare - _ROUNDING) / spare - _ROUNDING), 0.0)
    order = np.lexsort((-chain, ~overlaps, deadline))
    return order[(np.floor(given / part + _ROUNDING) <= step)[order]]


def _plan_stage(
    tokens: Path,
    out: Path,
    stage: str,
    wanted: MixStageParams,
    params: MixParams,
    shares: Mapping[str, float],
    *,
    seed: int,
) -> tuple[StageMix, dict[str, Ints], dict[str, Stretches]]:
    """Write the mixture of a stage; return its report, tokens read by document, and the stretches that they are."""
    length, rows_per_step = params.sequence_length, params.rows_per_step
    assert wanted.num_tokens is not None, "with_tokens settles the size of a stage"
    num_steps = math.ceil(wanted.num_tokens / (length * rows_per_step))
    names = tuple(shares)
    counts = rows_by_step([shares[name] for name in names], rows_per_step, num_steps)
    against = {name: reasons_against(tokens, name, wanted) for name in names}
    eligible = {name: np.flatnonzero(codes == 0) for name, codes in against.items()}
    needed = {name: int(count) * length for name, count in zip(names, counts.sum(0), strict=True)}
    check_supply(tokens, stage, against, needed, params.max_passes)
    read = {name: _read_channel(tokens, name, eligible[name], needed[name] // length, length, seed) for name in names}
    order = _interleave(counts, np.random.Generator(np.random.Philox(key=_key(seed, "order"))))
    block = _join(order, [read[name] for name in names])
    write_mixture(out, [block], sequence_length=length, rows_per_step=rows_per_step, channels=names)
    stretches = {name: _stretches(tokens, name, rows) for name, rows in read.items()}
    exposures = {name: _tokens_read(tokens, name, each) for name, each in stretches.items()}
    there = {name: available_tokens(tokens, name, documents) for name, documents in eligible.items()}
    channels = {
        name: ChannelUse(
            share=needed[name] / (num_steps * rows_per_step * length),
            tokens=needed[name],
            available_tokens=there[name],
            passes=round(needed[name] / there[name], 4) if needed[name] else 0.0,
            documents=int((exposures[name] > 0).sum()),
        )
        for name in names
    }
    report = StageMix(
        steps=num_steps,
        tokens=num_steps * rows_per_step * length,
        channels=channels,
        uses=count_read(tokens, "use", exposures),
        synthetic={kind: each for kind, each in count_read(tokens, "synthetic", exposures).items() if kind != ANY_USE},
        unused=count_unused(tokens, against, exposures),
    )
    return report, exposures, stretches


def _read_channel(tokens: Path, channel: str, eligible: Ints, num_rows: int, length: int, seed: int) -> _ChannelRows:
    """Lay shuffled passes over the texts end to end, cut them into rows, shuffle those of each pass, take the first."""
    if not num_rows:
        return _ChannelRows(np.zeros(1, np.int64), np.empty(0, SPAN))
    firsts, sizes = _texts(token_format.open_shard(tokens, "train", channel), eligible)
    passes = math.ceil(num_rows * length / int(sizes.sum()))
    generators = [np.random.Generator(np.random.Philox(key=_key(seed, channel, turn))) for turn in range(passes)]
    order = np.concatenate([generator.permutation(firsts.size) for generator in generators])
    ends = np.cumsum(sizes[order])
    row_ends = np.arange(1, int(ends[-1]) // length + 1, dtype=np.int64) * length
    borders = np.union1d(ends[ends < row_ends[-1]], row_ends)
    starts = np.concatenate([[0], borders[:-1]])
    which = np.searchsorted(ends, starts, side="right")
    spans = np.empty(len(starts), SPAN)
    spans["document"] = firsts[order[which]]
    spans["start"] = starts - (ends - sizes[order])[which]
    spans["length"] = borders - starts
    laid = _ChannelRows(np.searchsorted(starts, np.concatenate([[0], row_ends])), spans)
    return _shuffle_rows(laid, generators, int(sizes.sum()) / length, num_rows)


def _texts(shard: token_format.TokenShard, eligible: Ints) -> tuple[Ints, Ints]:
    """Return first document and tokens of each text; of one with parts that may not be read, of each stretch."""
    text = np.searchsorted(shard.texts, eligible, side="right")
    begins = np.flatnonzero(np.diff(eligible, prepend=-2) + np.diff(text, prepend=-2) != 1)
    return eligible[begins], np.add.reduceat(shard.lengths[eligible].astype(np.int64), begins)


def _shuffle_rows(
    laid: _ChannelRows, generators: list[np.random.Generator], rows_per_pass: float, num_wanted: int
) -> _ChannelRows:
    """Shuffle the rows that begin in one pass among themselves and return the first `num_wanted` of all passes.

    A pass is read whole before the next one begins.
    """
    num_rows = len(laid.first_span) - 1
    borders = [min(num_rows, math.ceil(turn * rows_per_pass - _ROUNDING)) for turn in range(len(generators) + 1)]
    passes = zip(borders[:-1], borders[1:], generators, strict=True)
    order = np.concatenate([first + generator.permutation(last - first) for first, last, generator in passes])
    order = order[:num_wanted]
    sizes = np.diff(laid.first_span)[order]
    first_span = np.concatenate([[0], np.cumsum(sizes)])
    gather = np.repeat(laid.first_span[:-1][order] - first_span[:-1], sizes) + np.arange(first_span[-1])
    return _ChannelRows(first_span, laid.spans[gather])


def _interleave(counts: Ints, generator: np.random.Generator) -> npt.NDArray[np.int16]:
    """Give the channel of every row; the order inside a step is shuffled."""
    steps = [generator.permutation(np.repeat(np.arange(len(row)), row)) for row in counts]
    return np.concatenate(steps).astype(np.int16)


def _join(order: npt.NDArray[np.int16], read: list[_ChannelRows]) -> Block:
    """Put the rows of all channels into the order of training."""
    offsets = np.cumsum([0, *(len(each.spans) for each in read)])[:-1]
    firsts, sizes = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    for index, each in enumerate(read):
        mine = order == index
        firsts[mine] = each.first_span[:-1] + offsets[index]
        sizes[mine] = np.diff(each.first_span)
    first_span = np.concatenate([[0], np.cumsum(sizes)])
    gather = np.repeat(firsts - first_span[:-1], sizes) + np.arange(first_span[-1])
    return Block(order, first_span, np.concatenate([each.spans for each in read])[gather])


def _stretches(tokens: Path, channel: str, rows: _ChannelRows) -> Stretches:
    """Return the first token of each span in its shard and the one behind its last; shape [spans] each."""
    begin = token_format.open_shard(tokens, "train", channel).starts[rows.spans["document"]] + rows.spans["start"]
    return begin, begin + rows.spans["length"]


def _tokens_read(tokens: Path, channel: str, stretches: Stretches) -> Ints:
    """Count the tokens read of every document, shape [documents]; a span may begin in one and end in a later one."""
    begin, end = stretches
    if not begin.size:
        return np.zeros(0, np.int64)
    shard = token_format.open_shard(tokens, "train", channel)
    lengths = shard.lengths.astype(np.int64)
    first, last = (np.searchsorted(shard.starts, token, side="right") - 1 for token in (begin, end - 1))
    whole = np.zeros(len(lengths) + 1, np.int64)
    np.add.at(whole, first, 1)
    np.add.at(whole, last + 1, -1)
    read = np.cumsum(whole[:-1]) * lengths
    np.add.at(read, first, shard.starts[first] - begin)
    np.add.at(read, last, end - shard.starts[last] - lengths[last])
    return read


def _write_exposures(tokens: Path, out: Path, exposures: Mapping[str, Mapping[str, Ints]]) -> None:
    tables = []
    for channel in token_format.channels(tokens, "train"):
        sidecar = token_format.read_sidecar(tokens, "train", channel)
        columns: dict[str, Any] = {
            "id": sidecar["id"],
            "channel": [channel] * len(sidecar),
            "tokens": sidecar["tokens"].cast(pa.int64()),
        }
        for stage, found in exposures.items():
            read = found.get(channel, np.zeros(0, np.int64))
            columns[f"{stage}_tokens"] = read if read.size else np.zeros(len(sidecar), np.int64)
        tables.append(pa.table(columns, schema=_EXPOSURE_SCHEMA))
    out.mkdir(parents=True)
    table = pa.concat_tables(tables)
    pq.write_table(table, out / "exposures.parquet", compression="zstd")
    seal(out, "exposures", rows=len(table))


def _key(*parts: Any) -> int:
    return xxhash.xxh3_64_intdigest("\x00".join(map(str, parts)).encode())
