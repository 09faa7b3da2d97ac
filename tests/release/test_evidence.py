"""Every hint names the key that binds: the one that changes the number when it alone is raised."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.release.evidence import Evidence, find_lacking, read_evidence


def evidence(heldout: int, training: int, **changes: Any) -> Evidence:
    given: dict[str, Any] = {"max_evaluated": 100, "max_heldout": 150, "max_heldout_share": 0.1, **changes}
    return Evidence(heldout={"domain": heldout}, training={"domain": training}, **given)


@pytest.mark.parametrize(
    ("found", "measured", "key"),
    [
        (evidence(150, 5000), 100, "evaluate.documents_per_channel (100) is the limit"),
        (evidence(150, 5000, max_evaluated=200), 150, "dedup.heldout_documents_per_channel (150) is the limit"),
        (
            evidence(150, 5000, max_evaluated=150),
            150,
            "dedup.heldout_documents_per_channel (150) and evaluate.documents_per_channel (150) are the limits",
        ),
        (evidence(26, 234), 26, "26 of 260 documents were held out; dedup.heldout_max_share (0.1) is the limit"),
        (
            evidence(30, 270, max_heldout=30),
            30,
            "dedup.heldout_documents_per_channel (30) and dedup.heldout_max_share (0.1) are the limits",
        ),
        (
            evidence(30, 270, max_heldout=30, max_evaluated=30),
            30,
            "(30), dedup.heldout_max_share (0.1) and evaluate.documents_per_channel (30) are the limits: raise them",
        ),
        (evidence(3, 997), 3, "3 of 1000 documents could be held out; bring more documents"),
        (evidence(20, 20, max_heldout_share=0.5), 20, "20 of 40 documents could be held out; bring more documents"),
        (evidence(1, 2), 1, "1 of 3 documents could be held out; bring more documents"),
    ],
)
def test_the_limit_in_force_is_named(found: Evidence, measured: int, key: str) -> None:
    assert key in found.how_to_measure_more("domain", measured)


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.1, 0.25, 0.4, 0.5]))
def test_a_key_is_the_limit_where_raising_it_alone_measures_more(
    total: int, max_evaluated: int, max_heldout: int, share: float
) -> None:
    def measure(evaluated: int, most: int, part: float) -> int:
        return min(evaluated, most, max(1, int(part * total)))

    heldout = min(max_heldout, max(1, int(share * total)))
    measured = measure(max_evaluated, max_heldout, share)
    found = evidence(
        heldout, total - heldout, max_evaluated=max_evaluated, max_heldout=max_heldout, max_heldout_share=share
    )
    said = found.how_to_measure_more("domain", measured)
    more = {
        "evaluate.documents_per_channel": measure(99, max_heldout, share),
        "dedup.heldout_documents_per_channel": measure(max_evaluated, 99, share),
        "dedup.heldout_max_share": measure(max_evaluated, max_heldout, 0.5),
    }
    binding = {key for key, number in more.items() if number > measured}
    named = {key for key in more if key in said}
    if " is the limit" in said:
        assert named == binding
    elif "are the limits" in said:
        assert not binding
        evaluated = 99 if "evaluate.documents_per_channel" in named else max_evaluated
        most = 99 if "dedup.heldout_documents_per_channel" in named else max_heldout
        assert measure(evaluated, most, 0.5 if "dedup.heldout_max_share" in named else share) > measured
    else:
        assert (binding, named) == (set(), set())


@pytest.mark.parametrize(
    ("unread", "most", "growth"), [(0.5, 9.0, 2.0), (0.9, 9.0, 4.0), (0.9, 3.0, 3.0), (0.05, 9.0, 1.0), (0.5, 0.7, 1.0)]
)
def test_more_is_read_as_far_as_the_text_allows(unread: float, most: float, growth: float) -> None:
    found = evidence(26, 234, unread={"domain": unread}, most_growth=most)
    assert found.growth("domain") == pytest.approx(growth)


def test_the_scarcest_channel_limits_the_tokens() -> None:
    uses = {"domain": {"share": 0.2, "available_tokens": 1000}, "en": {"share": 0.8, "available_tokens": 1000}}
    found = read_evidence(
        {"heldout_works": {"domain": 3}, "works": {"domain": 7}},
        {"unread": {"domain": 0.5}, "stage1": {"tokens": 2500, "channels": uses}},
        max_evaluated=1, max_heldout=1, max_heldout_share=0.1, size_key="mix.stage1.passes", max_passes=4.0,
    )  # fmt: skip
    assert (found.heldout, found.training, found.most_growth) == ({"domain": 3}, {"domain": 7}, 2.0)


def test_what_a_promotion_will_lack_is_known_from_what_was_held_out() -> None:
    found = Evidence(
        max_evaluated=100, max_heldout=150, max_heldout_share=0.1,
        heldout={"domain": 26, "en": 30}, training={"domain": 234, "en": 9_000},
    )  # fmt: skip
    (sentence,) = find_lacking(found, ["en", "domain"], 30)
    assert sentence == (
        "nothing can be promoted: decide.min_documents asks for 30 held-out documents of every channel. Channel "
        "domain: 26 of 260 documents were held out; dedup.heldout_max_share (0.1) is the limit. Raise it, or bring "
        "more documents."
    )
    assert len(find_lacking(found, ["en", "domain", "code"], 30)) == 2
