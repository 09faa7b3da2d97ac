"""Plan the order of training: which piece of which document stands in which row of which step.

Composition is exact: every global batch gets each channel's share of rows, rounded down or up, and the sum over
any number of steps stays within one row of the share (`quota`). The texts of a channel are laid end to end in shuffled
passes and cut at row borders: no padding, no token lost (`packing`). The rows of a pass are then shuffled as well, as
Megatron-LM does with its samples, so that the pieces of a long text do not stand in one step (`order`). Of a pass that
is not read whole the first of its shuffled rows are read: a sample of all its texts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.params import Report
from cpt_pipeline.formats.mixture import write_mixture
from cpt_pipeline.formats.tokens import open_shard
from cpt_pipeline.mixture.arrays import Ints, TokenRanges
from cpt_pipeline.mixture.eligibility import (
    ANY_USE,
    Amount,
    Codes,
    available_tokens,
    count_read,
    count_unused,
    find_ineligible,
    require_enough,
)
from cpt_pipeline.mixture.exposures import (
    count_tokens_read,
    find_ranges,
    unread_shares,
    warn_unread,
    write_exposures,
)
from cpt_pipeline.mixture.order import interleave, make_generator
from cpt_pipeline.mixture.packing import NO_ROWS, join, pack
from cpt_pipeline.mixture.params import MixParams, MixStageParams
from cpt_pipeline.mixture.quota import channel_shares, rows_by_step
from cpt_pipeline.mixture.size import with_tokens


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
    """Channel to reason to the documents that the stage does not read (reasons: mixture.eligibility)."""


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
class _StagePlan:
    """What was decided for one stage: its report, and what it reads by channel."""

    report: StageMix
    tokens_read: dict[str, Ints]
    """Tokens read of every document, shape [documents]."""
    ranges: dict[str, TokenRanges]


def mix(tokens: Path, ratio: Mapping[str, Any], out: Path, params: MixParams, channels: ChannelsParams) -> MixReport:
    """Write `mixture_stage1`, `mixture_stage2` and `exposures` into `out`.

    `ratio` is the artifact of mix_law; without a fitted share `params.domain_share` holds. `NothingLeftError` when a
    channel has no token to give, `ParameterError` when it would be read more than `max_passes` times.
    """
    fitted = ratio.get("domain_share")
    share = params.domain_share if fitted is None else float(fitted)
    _check_names(params, channels)
    plans = {}
    for number, stage in enumerate(("stage1", "stage2")):
        wanted = with_tokens(tokens, stage, params, channels.domain, share)
        shares = channel_shares(channels, share, wanted.weights)
        mixture = out / f"mixture_{stage}"
        plans[stage] = _plan_stage(tokens, mixture, stage, wanted, params, shares, seed=2 * params.seed + number)
    write_exposures(tokens, out / "exposures", {stage: plan.tokens_read for stage, plan in plans.items()})
    unread = unread_shares(tokens, channels.roles, [plan.ranges for plan in plans.values()])
    warn_unread({name: unread[name] for name in channels.domain if name in unread}, params)
    return MixReport(
        sequence_length=params.sequence_length,
        rows_per_step=params.rows_per_step,
        domain_share=share,
        domain_share_from="mix.domain_share" if fitted is None else "mix_law",
        unread=unread,
        stage1=plans["stage1"].report,
        stage2=plans["stage2"].report,
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
    return _plan_stage(tokens, out, out.name, wanted, params, shares, seed=seed).report


def _check_names(params: MixParams, channels: ChannelsParams) -> None:
    named = {
        f"mix.{stage}.{key}": getattr(getattr(params, stage), key)
        for stage in ("stage1", "stage2")
        for key in ("weights", "categories")
    }
    unknown = [f"{key}: {name}" for key, names in named.items() for name in sorted(set(names) - set(channels.roles))]
    raise_all(ParameterError, "mix names channels that are not in channels.roles", unknown)


def _plan_stage(
    tokens: Path,
    out: Path,
    stage: str,
    wanted: MixStageParams,
    params: MixParams,
    shares: Mapping[str, float],
    *,
    seed: int,
) -> _StagePlan:
    """Write the mixture of a stage into `out`."""
    length, rows_per_step = params.sequence_length, params.rows_per_step
    assert wanted.num_tokens is not None, "with_tokens settles the size of a stage"
    num_steps = math.ceil(wanted.num_tokens / (length * rows_per_step))
    names = tuple(shares)
    counts = rows_by_step([shares[name] for name in names], rows_per_step, num_steps)
    num_rows = {name: int(count) for name, count in zip(names, counts.sum(0), strict=True)}
    ineligible = {name: find_ineligible(tokens, name, wanted) for name in names}
    needed = {name: count * length for name, count in num_rows.items()}
    require_enough(tokens, stage, ineligible, needed, params.max_passes)
    rows = {}
    for name, count in num_rows.items():
        shard, eligible = open_shard(tokens, "train", name), np.flatnonzero(ineligible[name] == 0)
        rows[name] = pack(shard, eligible, count, length, partial(make_generator, seed, name)) if count else NO_ROWS
    order = interleave(counts, make_generator(seed, "order"))
    block = join(order, list(rows.values()))
    write_mixture(out, [block], sequence_length=length, rows_per_step=rows_per_step, channels=names)
    ranges = {name: find_ranges(tokens, name, of_channel) for name, of_channel in rows.items()}
    tokens_read = {name: count_tokens_read(tokens, name, of_channel) for name, of_channel in ranges.items()}
    report = _report(tokens, num_steps, needed, ineligible, tokens_read)
    return _StagePlan(report, tokens_read, ranges)


def _report(
    tokens: Path,
    num_steps: int,
    needed: Mapping[str, int],
    ineligible: Mapping[str, Codes],
    tokens_read: Mapping[str, Ints],
) -> StageMix:
    total = sum(needed.values())
    channels = {}
    for name, count in needed.items():
        available = available_tokens(tokens, name, np.flatnonzero(ineligible[name] == 0))
        channels[name] = ChannelUse(
            share=count / total,
            tokens=count,
            available_tokens=available,
            passes=round(count / available, 4) if count else 0.0,
            documents=int((tokens_read[name] > 0).sum()),
        )
    synthetic = count_read(tokens, "synthetic", tokens_read)
    return StageMix(
        steps=num_steps,
        tokens=total,
        channels=channels,
        uses=count_read(tokens, "use", tokens_read),
        synthetic={kind: amount for kind, amount in synthetic.items() if kind != ANY_USE},
        unused=count_unused(tokens, ineligible, tokens_read),
    )
