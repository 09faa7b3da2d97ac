"""Union-find over numbers in an array, compiled: a cluster is named by its smallest member."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cpt_pipeline.text.kernel import compiled


@compiled
def find_root(parents: npt.NDArray[np.int64], member: int) -> int:
    """Give the smallest member of the cluster, and shorten the way to it."""
    while parents[member] != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


@compiled
def link(
    parents: npt.NDArray[np.int64], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Make one cluster of the two of every pair, in order; say of each pair whether they were two before."""
    joined = np.zeros(first.size, np.bool_)
    for place in range(first.size):
        one, other = find_root(parents, first[place]), find_root(parents, second[place])
        if one != other:
            parents[max(one, other)] = min(one, other)
            joined[place] = True
    return joined


@compiled
def are_linked(
    parents: npt.NDArray[np.int64], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Say of each pair whether both are in one cluster."""
    linked = np.zeros(first.size, np.bool_)
    for place in range(first.size):
        linked[place] = find_root(parents, first[place]) == find_root(parents, second[place])
    return linked


@compiled
def name_clusters(parents: npt.NDArray[np.int64]) -> None:
    """Point every member at the smallest of its cluster; no parent is larger than its child."""
    for member in range(parents.size):
        parents[member] = parents[parents[member]]
