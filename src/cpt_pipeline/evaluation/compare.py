"""Paired comparison: how much bits per byte changed, and how sure that is.

The same documents are drawn for base and candidate in every resample (paired bootstrap over documents, Efron 1979), so
what makes a document hard cancels out. Bits per byte of a channel are a ratio of sums: long documents weigh more.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xxhash

from cpt_pipeline.core.verdicts import Interval

_CHUNK = 200
"""Resamples held in memory at a time."""


def relative_changes(
    base: npt.NDArray[np.float64],
    candidates: Mapping[str, npt.NDArray[np.float64]],
    *,
    confidence: float,
    resamples: int,
    seed: tuple[int, ...],
) -> dict[str, Interval]:
    """Give the relative change of the summed loss of each candidate against the base.

    All arrays have shape [documents] and hold the same documents in the same order; bytes are equal on both sides and
    cancel. A document whose loss is not finite makes the interval not-a-number.
    """
    losses = np.stack([base, *candidates.values()], axis=1)
    tail = (1.0 - confidence) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        points = _changes(losses.sum(axis=0, keepdims=True))[0]
        drawn = np.concatenate(_resampled(losses, resamples, np.random.default_rng(seed)))
        low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    return {
        name: _interval(float(points[index]), float(low[index]), float(high[index]))
        for index, name in enumerate(candidates)
    }


def seed_of(seed: int, channel: str) -> tuple[int, int]:
    """Give the seed of a channel's resamples: another channel more or less leaves it as it was."""
    return seed, xxhash.xxh3_64_intdigest(channel)


def _resampled(
    losses: npt.NDArray[np.float64], resamples: int, random: np.random.Generator
) -> list[npt.NDArray[np.float64]]:
    num_documents = len(losses)
    even = np.full(num_documents, 1.0 / num_documents)
    sizes = [min(_CHUNK, resamples - first) for first in range(0, resamples, _CHUNK)]
    return [_changes(random.multinomial(num_documents, even, size=size) @ losses) for size in sizes]


def _changes(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the change of every column against the first; shape [resamples, candidates]."""
    changes: npt.NDArray[np.float64] = sums[:, 1:] / sums[:, :1] - 1.0
    return changes


def _interval(point: float, low: float, high: float) -> Interval:
    """Widen to the point where rounding, or a single document, puts it a hair outside."""
    return Interval(point, min(low, point), max(high, point))
