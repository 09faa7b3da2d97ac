"""How much a stage trains when conf gives passes instead of tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.mixture.eligibility import available_tokens, find_ineligible
from cpt_pipeline.mixture.params import MixParams, MixStageParams

logger = logging.getLogger(__name__)


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
    available = 0
    for channel in domain_channels:
        eligible = np.flatnonzero(find_ineligible(tokens, channel, wanted) == 0)
        available += available_tokens(tokens, channel, eligible)
    per_step = params.sequence_length * params.rows_per_step
    num_steps = int(available * wanted.passes / domain_share / per_step)
    if not num_steps:
        raise NothingLeftError(
            f"mix.{stage}.passes is {wanted.passes:g}: {available:,} tokens of domain text at a share of "
            f"{domain_share:g} make less than one step of {per_step:,} tokens (mix.sequence_length x mix.rows_per_step)"
            ". Bring more text, or lower mix.rows_per_step or mix.domain_share, or raise passes"
        )
    logger.info(
        "mix: %s trains on %s tokens (%s of domain text x %g passes / share %g)",
        stage, f"{num_steps * per_step:,}", f"{available:,}", wanted.passes, domain_share,
    )  # fmt: skip
    return wanted.model_copy(update={"num_tokens": num_steps * per_step, "passes": None})


def size_key(params: MixParams) -> str:
    """Return the key in conf that says how much stage 1 reads."""
    return "mix.stage1.num_tokens" if params.stage1.num_tokens is not None else "mix.stage1.passes"
