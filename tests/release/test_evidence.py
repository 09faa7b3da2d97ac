"""Every hint names the key that binds."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.release.evidence import Evidence, find_lacking, read_evidence


def evidence(heldout: int, training: int, **changes: Any) -> Evidence:
    given: dict[str, Any] = {"max_evaluated": 100, "max_heldout": 150, "max_heldout_share": 0.1, **changes}
    return Evidence(heldout={"domain": heldout}, training={"domain": training}, **given)


@pytest.mark.parametrize(
    ("found", "measured", "key"),
    [
        (evidence(150, 5000), 100, "evaluate.documents_per_channel (100) is the limit"),
        (evidence(150, 5000, max_evaluated=200), 150, "dedup.heldout_documents_per_channel (150) is the limit"),
        (evidence(150, 5000, max_evaluated=150), 150, "(150) and evaluate.documents_per_channel are the limits"),
        (evidence(26, 234), 26, "26 of 260 documents were held out; dedup.heldout_max_share (0.1) is the limit"),
        (evidence(3, 997), 3, "3 documents could be held out; bring more documents"),
    ],
)
def test_the_limit_in_force_is_named(found: Evidence, measured: int, key: str) -> None:
    assert key in found.how_to_measure_more("domain", measured)


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
