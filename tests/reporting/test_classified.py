"""What a classifier gave, in the cleaning report; nothing where there was none."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.reporting import classified
from cpt_pipeline.reporting.page import Mark
from cpt_pipeline.reporting.reading import Artifacts


def _class(name: str) -> dict[str, Any]:
    share = {"share": 0.9, "low": 0.852, "high": 0.951}
    none = {"share": None, "low": None, "high": None}
    numbers = {"trained": 80, "heldout": 20, "min_probability": 0.7, "taken": 10}
    return {name: {**numbers, "precision": share, "recall": share, "false_share": none, "curve": []}}


@pytest.fixture
def read(artifacts: dict[str, Any]) -> Artifacts:
    doubts = [{"id": "crawl/7", "channel": "domain", "probability": 0.69, "taken": False}]
    source = {"channels": {"domain": 12, "en": 30}, "unclear": 4, "doubts": doubts}
    artifacts["clean_metrics"] |= {
        "classify": {"classifier": {"classes": _class("domain")}, "sources": {"crawl": source}},
        "category_classifier": {"classifier": {"classes": _class("news")}, "documents": {"news": 5}, "unclear": 1},
    }
    return Artifacts(artifacts)


def test_every_class_has_precision_and_recall_with_intervals(read: Artifacts) -> None:
    rest = ("80", "20", "0.70", "90.0% (85.2% to 95.1%)", "90.0% (85.2% to 95.1%)", None)
    assert classified.classes(read).rows == (("channel domain", *rest), ("category news", *rest))


def test_documents_are_counted_where_they_went(read: Artifacts) -> None:
    assert classified.documents(read).rows == (
        ("crawl", "channel en", "30"),
        ("crawl", "channel domain", "12"),
        ("crawl", Mark("unclear: channel of the source", "quiet"), "4"),
        ("all sources", "category news", "5"),
        ("all sources", Mark("no category", "quiet"), "1"),
    )
    assert classified.doubts(read).rows == (("crawl/7", "domain", "0.69", "not taken"),)


def test_a_run_without_a_classifier_shows_nothing(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"] |= {"classify": None, "category_classifier": None}
    found = Artifacts(artifacts)
    assert not any((classified.classes(found).rows, classified.documents(found).rows, classified.doubts(found).rows))
