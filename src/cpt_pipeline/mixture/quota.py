"""How many rows of a step each channel gets: its share of the tokens, and the rows that this makes of every step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.mixture.arrays import Ints

_ROUNDING = 1e-6


def channel_shares(channels: ChannelsParams, domain_share: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Return every channel's share of the tokens: first domain against general, then by weight inside each.

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


def rows_by_step(shares: npt.ArrayLike, rows_per_step: int, num_steps: int) -> Ints:
    """Return how many rows of each channel every step has, shape [num_steps, channels].

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
    """Return the channels that may have one more row at `step`, the most urgent first.

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
