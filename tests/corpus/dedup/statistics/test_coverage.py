"""Coverage: training documents that hold a term are counted by channel, and what the domain lacks is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport
from cpt_pipeline.corpus.dedup.statistics.coverage_params import CoverageReport
from cpt_pipeline.formats.benchmarks import BenchmarkItem, write_items
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.stages import dedup_documents
from tests.corpus.texts import make_row, make_text, write_artifact

_GENERAL = [
    ("en", f"{make_text(number)}\nThe bank and the market: yes, does it make what would be there, beside it?")
    for number in range(60)
]
_DOMAIN = [
    ("domain", f"{make_text(100 + number)}\nHere the vena cava {'and the liver ' * (number < 8)}are named; 尺神经。")
    for number in range(12)
]
_TEXTS = [*_GENERAL, *_DOMAIN]


def _item(number: int, prompt: str, ability: str = "body") -> BenchmarkItem:
    choices = ("yes", "no")
    return BenchmarkItem(id=str(number), benchmark="quiz", ability=ability, prompt=prompt, choices=choices, answer=0)


_ITEMS = [
    _item(0, "Does the liver make it?"),
    _item(1, "Is the spleen beside the pancreas?"),
    _item(2, "Is the liver beside the spleen?"),
    _item(3, "Would a bank lend to the market?", "trade"),
]


def run(place: Path, coverage: dict[str, Any], items: list[BenchmarkItem] | None = None, **more: Any) -> DedupReport:
    documents = write_artifact(place / "clean_documents", _TEXTS, shard_bytes=more.pop("shard_bytes", 1 << 20))
    write_items(place / "benchmark_texts", items or [])
    given = {"heldout_documents_per_channel": 2, "coverage": coverage, **more}
    return dedup_documents(documents, place / "benchmark_texts", place, DedupParams.model_validate(given))


@pytest.mark.feature(132)
def test_terms_are_counted_by_channel_and_what_the_domain_lacks_is_named_with_the_items_that_ask_for_it(
    tmp_path: Path,
) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("Vena Cava\n尺神经\nliver\nspleen\nbank\n", encoding="utf-8")
    given = {"terms": {"body": terms}, "min_documents": 3, "min_item_share": 0.6}
    report = run(tmp_path, given, _ITEMS).coverage
    training = [row for row in read_documents(tmp_path / "unique_documents") if row["channel"] == "domain"]
    with_liver = sum("liver" in row["text"] for row in training)
    assert len(training) == 11
    assert (list(report.lists), list(report.topics)) == (["body"], ["quiz/body", "quiz/trade"])
    assert report.lists["body"].model_dump() == {
        "terms": 5,
        "covered": 3,
        "documents": {"domain": 11, "en": 58},
        "listed": ("vena cava", "尺神经", "liver", "spleen", "bank"),
        "term_documents": {"domain": (11, 11, with_liver, 0, 0), "en": (0, 0, 0, 0, 58)},
        "gaps": ("spleen", "bank"),
    }
    body, trade = report.topics["quiz/body"], report.topics["quiz/trade"]
    assert (body.terms, body.covered, body.items, body.gap_items) == (3, 1, 3, 2)
    assert [(gap.item, gap.missing, gap.general) for gap in body.gaps] == [
        ("1", ("spleen", "pancreas"), False),
        ("2", ("spleen",), False),
    ]
    assert (trade.covered, trade.gap_items, trade.gap_items_by_all) == (0, 1, 1)


def test_what_only_general_channels_hold_is_told_from_a_gap(tmp_path: Path) -> None:
    report = run(tmp_path, {"sample_documents": 0, "min_item_share": 0.6}, _ITEMS)
    trade = report.coverage.topics["quiz/trade"]
    assert [(gap.item, gap.general) for gap in trade.gaps] == [("3", True)]
    assert trade.term_documents["en"][trade.listed.index("bank")] == 58


def test_it_costs_and_says_nothing_when_nothing_is_asked(tmp_path: Path) -> None:
    assert run(tmp_path / "a", {}).coverage == CoverageReport(lists={}, topics={})
    assert run(tmp_path / "b", {"topics": False}, _ITEMS).coverage == CoverageReport(lists={}, topics={})
    assert not list(tmp_path.glob("tasks/dedup-*/*.coverage.json"))


def test_the_report_is_bounded_and_counts_are_not(tmp_path: Path) -> None:
    topic = run(tmp_path, {"max_listed": 1, "min_item_share": 0.6}, _ITEMS).coverage.topics["quiz/body"]
    assert (topic.gap_items, len(topic.gaps), len(topic.listed), topic.terms) == (2, 1, 1, 3)


def test_counts_do_not_depend_on_shards(tmp_path: Path) -> None:
    reports = [run(tmp_path / str(size), {}, _ITEMS, shard_bytes=size).coverage for size in (3_000, 1 << 20)]
    assert reports[0] == reports[1]


def test_every_bad_list_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    lists = {name: str(tmp_path / f"{name}.txt") for name in ("bad", "empty", "none")}
    with pytest.raises(ParameterError, match=r"(?s)bad.txt line 1: not UTF-8.*empty.txt: no term.*none.txt: No such"):
        run(tmp_path / "out", {"terms": lists})
    assert not (tmp_path / "tasks").exists()


def test_documents_made_of_others_cover_nothing(tmp_path: Path) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("spleen\n", encoding="utf-8")
    rows = [make_row(number, text, channel=channel) for number, (channel, text) in enumerate(_TEXTS)]
    metadata = json.dumps({"synthetic": "rewrite", "parent": rows[-1]["id"], "model": "big"})
    child = {**rows[-1], "id": f"{rows[-1]['id']}#rewrite", "metadata": metadata}
    texts = [*rows, document(**{**_kept(child), "text": f"{make_text(9_000)} The spleen."})]
    documents = write_artifact(tmp_path / "in", texts)
    write_items(tmp_path / "items", [])
    params = DedupParams.model_validate({"coverage": {"terms": {"body": terms}}, "heldout_documents_per_channel": 2})
    report = dedup_documents(documents, tmp_path / "items", tmp_path / "out", params).coverage
    assert any(row["id"] == child["id"] for row in read_documents(tmp_path / "out/unique_documents"))
    assert report.lists["body"].gaps == ("spleen",)


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "digest" and value is not None}
