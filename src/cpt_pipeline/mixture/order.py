"""Every shuffle of the mixture: of the texts of a pass, of the rows of a pass, of the rows of a step.

Each draws from a generator of its own, named by the seed and by what is shuffled, so that one channel does not disturb
the order of another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from cpt_pipeline.mixture.arrays import Ints

_ROUNDING = 1e-6


def make_generator(*name: Any) -> np.random.Generator:
    """Return a generator whose numbers follow from its name alone."""
    key = xxhash.xxh3_64_intdigest("\x00".join(map(str, name)).encode())
    return np.random.Generator(np.random.Philox(key=key))


def shuffle_texts(num_texts: int, generators: Sequence[np.random.Generator]) -> Ints:
    """Return the indices of all texts once for each generator, each time shuffled; shape [passes * texts]."""
    return np.concatenate([generator.permutation(num_texts) for generator in generators])


def shuffle_rows(
    num_rows: int, rows_per_pass: float, generators: Sequence[np.random.Generator], num_wanted: int
) -> Ints:
    """Return the first `num_wanted` indices of rows; those of the rows that begin in one pass are shuffled together.

    A pass is read whole before the next one begins. There is one generator for each pass.
    """
    borders = [min(num_rows, math.ceil(turn * rows_per_pass - _ROUNDING)) for turn in range(len(generators) + 1)]
    passes = zip(borders[:-1], borders[1:], generators, strict=True)
    order = np.concatenate([first + generator.permutation(last - first) for first, last, generator in passes])
    return order[:num_wanted]


def interleave(counts: Ints, generator: np.random.Generator) -> npt.NDArray[np.int16]:
    """Return the channel of every row, shuffled inside each step; `counts` has shape [num_steps, channels]."""
    steps = [generator.permutation(np.repeat(np.arange(len(row)), row)) for row in counts]
    return np.concatenate(steps).astype(np.int16)
