"""The compiled loop that finds items of one template; modules that hold parameters import it in functions (numba)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cpt_pipeline.text.kernel import compiled

Numbers = npt.NDArray[np.int64]


@compiled
def find_siblings(
    runs: Numbers,
    bounds: Numbers,
    firsts: Numbers,
    holders: Numbers,
    min_share: float,
    most_items: int,
    num_wanted: int,
) -> Numbers:
    """Return for each item some that have `min_share` of its runs, itself among them, -1 where there are no more.

    The runs of item `i` are those from `bounds[i]` on; run `r` is one of the holders from `firsts[r]` on. Runs that
    more than `most_items` have are passed over.
    """
    found = np.full((bounds.size - 1, num_wanted), -1, np.int64)
    votes, met = np.zeros(bounds.size - 1, np.int64), np.empty(bounds.size - 1, np.int64)
    for item in range(bounds.size - 1):
        num_met = num_used = num_found = 0
        for place in range(bounds[item], bounds[item + 1]):
            first, last = firsts[runs[place]], firsts[runs[place] + 1]
            if last - first > most_items:
                continue
            num_used += 1
            for holder in holders[first:last]:
                if votes[holder] == 0:
                    met[num_met] = holder
                    num_met += 1
                votes[holder] += 1
        for other in met[:num_met]:
            if votes[other] >= min_share * num_used and num_found < num_wanted:
                found[item, num_found] = other
                num_found += 1
            votes[other] = 0
    return found
