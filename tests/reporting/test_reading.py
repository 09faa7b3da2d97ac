"""Look-ups that never raise."""

from __future__ import annotations

import math

from cpt_pipeline.reporting.reading import EXPECTED, Artifacts


def test_what_is_not_there_is_none() -> None:
    artifacts = Artifacts({"a": {"list": [{"x": 1.5}], "broken": math.nan, "flag": True, "text": "t"}, "none": None})
    assert artifacts.get("a", "list", 0, "x") == 1.5
    assert artifacts.number("a", "list", 0, "x") == 1.5
    for path in [
        ("a", "list", 1),
        ("a", "list", "x"),
        ("a", "list", 0, "x", "y"),
        ("a", "broken"),
        ("b",),
        ("none", "x"),
    ]:
        assert artifacts.get(*path) is None
    assert artifacts.number("a", "flag") is None
    assert artifacts.number("a", "text") is None
    assert artifacts.mapping("a", "text") == {}
    assert artifacts.records("a", "list") == [{"x": 1.5}]
    assert artifacts.records("a") == []
    assert set(artifacts.missing()) == set(EXPECTED)


def test_channels_are_known_from_whatever_is_there_domain_first() -> None:
    artifacts = Artifacts(
        {
            "collect_metrics": {"channels": {"a": {}, "z": {}}},
            "decision": {"checks": [{"channel": "z", "role": "domain"}]},
        }
    )
    assert artifacts.channels() == ["z", "a"]
    assert artifacts.roles() == {"z": "domain"}


def test_models_shown_are_base_candidate_and_the_third_in_use() -> None:
    scores = {"models": {"base": {}, "stage1": {}, "stage2": {}}}
    assert Artifacts({"scores": scores}).shown_models() == ["base", "stage2"]
    rolled_back = {"candidate": "stage2", "model": "stage1"}
    assert Artifacts({"scores": scores, "decision": rolled_back}).shown_models() == ["base", "stage2", "stage1"]
    assert Artifacts({"decision": {"candidate": "stage2", "model": "base"}}).shown_models() == ["base", "stage2"]
