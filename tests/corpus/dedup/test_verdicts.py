"""Verdicts against their definition: who survives a cluster, who is held out, who goes and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.survey import Survey
from cpt_pipeline.corpus.dedup.verdicts import (
    BENCHMARK,
    EXACT,
    HELDOUT,
    KEPT,
    NEAR,
    NEAR_EARLIER,
    NEAR_HELDOUT,
    SEMANTIC,
    Verdicts,
    decide,
    first_alike,
    free_documents,
)


def survey(size: int, **columns: Any) -> Survey:
    """Make documents that differ in everything, unless a column is given."""
    exact = columns.get("exact", range(size))
    return Survey(
        channels=["a", "b"],
        channel=np.array(columns.get("channel", [0] * size), np.uint8),
        characters=np.array(columns.get("characters", [100] * size), np.int64),
        quality=np.array(columns.get("quality", [0.5] * size), np.float32),
        exact=np.array([[value, value + 1] for value in exact], np.uint64).reshape(-1, 2),
        works=np.array(columns.get("works", range(size)), np.int64),
        draw=np.array(columns.get("draw", range(size)), np.uint64),
        leaks=np.array(columns.get("leaks", [False] * size), np.bool_),
        trimmed=np.array(columns.get("trimmed", [False] * size), np.bool_),
        synthetic=np.array(columns.get("synthetic", [False] * size), np.bool_),
    )


def judge(found: Survey, labels: list[int], earlier: list[int] | None = None, **params: Any) -> Verdicts:
    marked = np.isin(np.arange(found.num_documents), earlier or [])
    params = {"heldout_documents_per_channel": 1, **params}
    return decide(found, np.array(labels, np.int64), marked, DedupParams.model_validate(params))


def test_the_best_of_a_cluster_survives_and_of_equals_the_earliest() -> None:
    found = judge(survey(6, quality=[0.1, 0.9, 0.9, 0.2, 0.5, 0.5], draw=[9, 9, 9, 9, 9, 0]), [0, 0, 0, 0, 4, 5])
    assert found.survivors.tolist() == [1, 1, 1, 1, 4, 5]
    assert found.kinds.tolist() == [NEAR, KEPT, NEAR, NEAR, KEPT, HELDOUT]
    assert (found.num_clusters, found.largest_cluster) == (1, 4)


def test_a_copy_that_loses_a_benchmark_item_survives_only_where_all_do() -> None:
    found = judge(survey(5, quality=[0.9, 0.1, 0.5, 0.2, 0.3], trimmed=[1, 0, 1, 1, 1]), [0, 0, 0, 3, 3])
    assert found.survivors.tolist() == [1, 1, 1, 4, 4]


def test_a_copy_is_exact_when_its_text_is_that_of_the_survivor() -> None:
    found = judge(survey(5, exact=[7, 7, 8, 8, 9], draw=[9, 9, 9, 9, 0]), [0, 0, 0, 0, 4])
    assert found.kinds.tolist() == [KEPT, EXACT, NEAR, NEAR, HELDOUT]


def test_copies_of_a_heldout_document_are_never_kept() -> None:
    found = judge(survey(6, exact=[1, 1, 2, 3, 4, 5], draw=[0, 9, 9, 9, 9, 9]), [0, 0, 0, 3, 4, 5])
    assert found.kinds.tolist() == [HELDOUT, NEAR_HELDOUT, NEAR_HELDOUT, KEPT, KEPT, KEPT]


def test_made_documents_are_never_held_out_and_do_not_count_for_the_share() -> None:
    made = [number % 2 == 1 for number in range(20)]
    found = judge(survey(20, synthetic=made), list(range(20)), heldout_documents_per_channel=9, heldout_max_share=0.5)
    assert np.flatnonzero(found.kinds == HELDOUT).tolist() == [0, 2, 4, 6, 8]
    assert (found.kinds[made] == KEPT).all()


def test_one_copy_of_an_earlier_round_marks_its_whole_cluster() -> None:
    found = judge(survey(5, draw=[9, 9, 9, 9, 0]), [0, 0, 0, 3, 4], earlier=[2])
    assert found.kinds.tolist() == [NEAR_EARLIER, NEAR_EARLIER, NEAR_EARLIER, KEPT, HELDOUT]


def test_a_leak_is_called_a_leak_whatever_else_it_is() -> None:
    found = judge(survey(4, leaks=[True, False, False, True], draw=[0, 1, 2, 3]), [0, 1, 2, 3], earlier=[0])
    assert found.kinds.tolist() == [BENCHMARK, HELDOUT, KEPT, BENCHMARK]


@pytest.mark.parametrize(("num_wanted", "share", "expected"), [(2, 0.5, [3, 5]), (150, 0.25, [3, 5]), (150, 0.01, [3])])
def test_heldout_are_those_with_the_smallest_numbers(num_wanted: int, share: float, expected: list[int]) -> None:
    found = judge(
        survey(8, draw=[60, 20, 70, 0, 50, 10, 40, 30]),
        list(range(8)),
        heldout_documents_per_channel=num_wanted,
        heldout_max_share=share,
    )
    assert np.flatnonzero(found.kinds == HELDOUT).tolist() == expected


def test_every_channel_is_drawn_from_by_itself() -> None:
    found = judge(survey(4, channel=[0, 1, 0, 1], draw=[3, 2, 1, 9]), [0, 1, 2, 3])
    assert found.kinds.tolist() == [KEPT, HELDOUT, HELDOUT, KEPT]


def test_no_document_is_no_error() -> None:
    found = judge(survey(0), [])
    assert (found.kinds.size, found.num_clusters, found.largest_cluster) == (0, 0, 0)


def test_first_alike_names_the_earliest_and_leaves_the_skipped_alone() -> None:
    exact = np.array([[1, 2], [3, 4], [1, 2], [1, 9], [3, 4], [1, 2]], np.uint64)
    skip = np.array([True, False, False, False, False, False])
    assert first_alike(exact, np.zeros(6, np.bool_)).tolist() == [0, 1, 0, 3, 1, 0]
    assert first_alike(exact, skip).tolist() == [0, 1, 2, 3, 1, 2]
    assert first_alike(exact, np.ones(6, np.bool_)).tolist() == [0, 1, 2, 3, 4, 5]


@st.composite
def corpora(draw: st.DrawFn) -> tuple[Survey, list[int], list[int], DedupParams]:
    size = draw(st.integers(1, 25))
    leaks = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    wanted = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    groups = [number + 10 if leaks[number] else wanted[number] for number in range(size)]
    labels = [groups.index(group) for group in groups]
    some = {
        "leaks": leaks,
        "quality": draw(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=size, max_size=size)),
        "characters": draw(st.lists(st.integers(1, 9), min_size=size, max_size=size)),
        "channel": draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)),
        "exact": draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)),
        "draw": draw(st.permutations(range(size))),
    }
    earlier = draw(st.lists(st.integers(0, size - 1), max_size=3))
    params = {"heldout_documents_per_channel": draw(st.integers(1, 4))}
    return survey(size, **some), labels, earlier, DedupParams.model_validate({**params, "heldout_max_share": 0.5})


@settings(max_examples=300, deadline=None)
@given(corpora())
def test_each_cluster_keeps_its_best_or_nothing(given: tuple[Survey, list[int], list[int], DedupParams]) -> None:
    found, labels, earlier, params = given
    verdicts = decide(found, np.array(labels), np.isin(np.arange(len(labels)), earlier), params)
    for label in set(labels):
        members = [number for number, other in enumerate(labels) if other == label]
        best = max(members, key=lambda number: (found.quality[number], -number))
        kinds = {number: int(verdicts.kinds[number]) for number in members}
        assert {int(verdicts.survivors[number]) for number in members} == {best}
        if found.leaks[best]:
            assert kinds == {best: BENCHMARK}
        elif set(members) & set(earlier):
            assert set(kinds.values()) == {NEAR_EARLIER}
        else:
            survived = kinds.pop(best)
            assert survived in (KEPT, HELDOUT)
            same = {number: bool((found.exact[number] == found.exact[best]).all()) for number in kinds}
            if survived == HELDOUT:
                assert set(kinds.values()) <= {NEAR_HELDOUT}
            else:
                assert kinds == {number: EXACT if same[number] else NEAR for number in kinds}
    check_heldout(found, verdicts.kinds, params)


def check_heldout(found: Survey, kinds: npt.NDArray[np.uint8], params: DedupParams) -> None:
    for channel in (0, 1):
        free = np.flatnonzero((found.channel == channel) & np.isin(kinds, (KEPT, HELDOUT)))
        wanted = min(params.heldout_documents_per_channel, max(1, free.size // 2))
        limit = found.characters[free].sum() / 2
        fitting = [number for number in free.tolist() if found.characters[number] <= limit]
        if not fitting and free.size:
            fitting, wanted = [min(free.tolist(), key=lambda number: (found.characters[number], found.draw[number]))], 1
        expected = sorted(sorted(fitting, key=lambda number: int(found.draw[number]))[:wanted])
        assert [number for number in free.tolist() if kinds[number] == HELDOUT] == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20))
def test_first_alike_is_the_first_that_is_alike(rows: list[tuple[int, bool]]) -> None:
    exact = np.array([[text, 0] for text, _ in rows], np.uint64).reshape(-1, 2)
    skip = np.array([skipped for _, skipped in rows], np.bool_)
    expected = [
        number if skipped else next(n for n, (other, left) in enumerate(rows) if other == text and not left)
        for number, (text, skipped) in enumerate(rows)
    ]
    assert first_alike(exact, skip).tolist() == expected


def test_a_copy_by_meaning_goes_and_its_near_copies_follow_it() -> None:
    """1 and 2 are near copies, 1 says what 0 says, and 3 what the held-out 4 says."""
    known = (survey(5, draw=[9, 9, 9, 9, 0]), np.array([0, 1, 1, 3, 4]), np.zeros(5, np.bool_))
    assert free_documents(*known).tolist() == [True, True, False, True, True]
    params = DedupParams(heldout_documents_per_channel=1)
    found = decide(*known, params, np.array([0, 0, 2, 4, 4]))
    assert found.kinds.tolist() == [KEPT, SEMANTIC, NEAR, SEMANTIC, HELDOUT]
    assert found.survivors.tolist() == [0, 0, 0, 4, 4]
    assert (found.num_clusters, found.largest_cluster) == (2, 3)
    assert decide(*known, params, np.arange(5)).kinds.tolist() == decide(*known, params).kinds.tolist()


def test_other_verdicts_have_another_digest() -> None:
    one, same, other = (judge(survey(3), labels) for labels in ([0, 0, 2], [0, 0, 2], [0, 1, 1]))
    assert one.digest() == same.digest() != other.digest()
