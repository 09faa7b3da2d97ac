"""Array types that the modules of the mixture share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
TokenRanges = tuple[Ints, Ints]
"""First tokens of ranges of a shard, and those behind their last; shape [ranges] each."""
