"""Documents that clean made from others (augmentation): they stay only where the one they were made from does.

They take no part in what tells copies apart: a shuffled text is a copy of its parent on purpose. They are never held
out, since what is measured must be real text, and they are searched for benchmark items like all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.formats.documents import read_synthetic

SYNTHETIC_PARENT = "synthetic_parent"
"""The reason of a made document whose parent is excluded or held out; its detail is the parent's id."""


def parent_numbers(synthetic: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Give for each document the number of the one it was made from, or its own: children follow their parent."""
    numbers = np.where(synthetic, -1, np.arange(synthetic.size))
    return np.maximum(np.maximum.accumulate(numbers), 0) if numbers.size else numbers


def follow_parents(rows: Iterable[tuple[Row, bool]]) -> Iterator[tuple[Row, bool]]:
    """Pass on (row, is held out), in document order, with made documents excluded whose parent is not in training.

    A row with a `reason` is excluded already. A parent is the last document before it that was not made.
    """
    last = None
    for row, heldout in rows:
        made = read_synthetic(row)
        if made is None:
            last = None if heldout or row["reason"] is not None else row["id"]
        elif row["reason"] is None and made.parent != last:
            yield {**row, "reason": SYNTHETIC_PARENT, "detail": made.parent}, False
            continue
        yield row, heldout
