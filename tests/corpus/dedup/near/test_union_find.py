"""Union-find, against sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near.union_find import are_linked, link, name_clusters


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15))
def test_a_cluster_is_named_by_its_smallest_member(links: list[tuple[int, int]]) -> None:
    groups = [{number} for number in range(10)]
    joined = []
    for one, other in links:
        joined.append(other not in groups[one])
        together = groups[one] | groups[other]
        for member in together:
            groups[member] = together
    parents, listed = np.arange(10), np.array(links, np.int64).reshape(-1, 2)
    assert link(parents, listed[:, 0].copy(), listed[:, 1].copy()).tolist() == joined
    one, other = (grid.ravel().astype(np.int64) for grid in np.indices((10, 10)))
    linked = [second in groups[first] for first, second in zip(one.tolist(), other.tolist(), strict=True)]
    assert are_linked(parents, one, other).tolist() == linked
    name_clusters(parents)
    assert parents.tolist() == [min(group) for group in groups]
