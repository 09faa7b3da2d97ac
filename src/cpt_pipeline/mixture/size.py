"""How much a stage trains when conf gives passes instead of tokens, and how much domain text no stage reads."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.formats import tokens as token_format
from cpt_pipeline.mixture.params import MixParams, MixStageParams
from cpt_pipeline.mixture.supply import Ints, available_tokens, reasons_against

logger = logging.getLogger(__name__)

Stretches = tuple[Ints, Ints]
"""First tokens of stretches of a shard, and those behind their last; shape [stretches] each."""
_WORTH_A_WARNING = 0.1


def with_tokens(
    tokens: Path, stage: str, params: MixParams, domain_channels: Iterable[str], domain_share: float
) -> MixStageParams:
    """Return the stage's parameters with `num_tokens`: as conf has it, or as `passes` over the domain text make it.

    Tokens = domain tokens x passes / domain share, rounded down to whole steps. `NothingLeftError` when that is less
    than one step.
    """
    wanted: MixStageParams = getattr(params, stage)
    if wanted.num_tokens is not None:
        return wanted
    assert wanted.passes is not None
    there = 0
    for channel in domain_channels:
        there += available_tokens(tokens, channel, np.flatnonzero(reasons_against(tokens, channel, wanted) == 0))
    per_step = params.sequence_length * params.rows_per_step
    num_steps = int(there * wanted.passes / domain_share / per_step)
    if not num_steps:
        raise NothingLeftError(
            f"mix.{stage}.passes is {wanted.passes:g}: {there:,} tokens of domain text at a share of {domain_share:g} "
            f"make less than one step of {per_step:,} tokens (mix.sequence_length x mix.rows_per_step). Bring more "
            "text, or lower mix.rows_per_step or mix.domain_share, or raise passes"
        )
    logger.info(
        "mix: %s trains on %s tokens (%s of domain text x %g passes / share %g)",
        stage, f"{num_steps * per_step:,}", f"{there:,}", wanted.passes, domain_share,
    )  # fmt: skip
    return wanted.model_copy(update={"num_tokens": num_steps * per_step, "passes": None})


def unread_shares(
    tokens: Path, channels: Iterable[str], stretches: Iterable[Mapping[str, Stretches]]
) -> dict[str, float]:
    """Return the share of each channel's training tokens that no stage reads; `stretches` has one entry per stage."""
    stages = list(stretches)
    shares = {}
    for channel in sorted(set(channels) & set(token_format.channels(tokens, "train"))):
        there = int(token_format.open_shard(tokens, "train", channel).lengths.sum(dtype=np.int64))
        found = [each[channel] for each in stages if channel in each]
        read = _count_covered(*(np.concatenate(ends) for ends in zip(*found, strict=True))) if found else 0
        shares[channel] = 1.0 - read / max(there, 1)
    return shares


def _count_covered(begin: Ints, end: Ints) -> int:
    """Count the tokens that stand in one stretch or more."""
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], end[order]
    reached = np.concatenate([[0], np.maximum.accumulate(end)[:-1]]) if end.size else end
    return int(np.maximum(end - np.maximum(begin, reached), 0).sum())


def warn_unread(shares: Mapping[str, float], params: MixParams) -> None:
    """Write a warning for each channel of which a tenth or more is read by no stage, with the key to change."""
    key = size_key(params)
    for channel, share in shares.items():
        if share >= _WORTH_A_WARNING:
            logger.warning(
                "mix: %.0f%% of the training text of channel %s is read by no stage; raise %s to read more of it",
                100 * share, channel, key,
            )  # fmt: skip


def size_key(params: MixParams) -> str:
    """Return the key in conf that says how much stage 1 reads."""
    return "mix.stage1.num_tokens" if params.stage1.num_tokens is not None else "mix.stage1.passes"
