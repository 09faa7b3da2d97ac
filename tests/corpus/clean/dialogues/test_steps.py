"""Dialogues through the stage: repeated turns found over the corpus, the same for any division, all counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.stages import clean_documents, collect_documents
from tests.corpus.texts import make_text, write_artifact

NOTICE = "本次通话编号{}，录音用于提升质量"
PROSE = {"without": ["gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese"]}
RULES = {"by_category": {"dialogue": PROSE, "reference": PROSE}}
ALL_RULES = CleanParams().rules.model_dump()


def params(**dialogues: Any) -> CleanParams:
    given = {"enabled": True, "stock_replies": {"min_dialogues": 5, "remove_share": 0.5, "list_share": 0.1}}
    rules = {**ALL_RULES, "basic": {"min_characters": 1}, **RULES}
    return CleanParams.model_validate({"dialogues": {**given, **dialogues}, "rules": rules})


def dialogue(number: int, *turns: str, unit: str = "conversation", source: str = "s") -> dict[str, Any]:
    about = {"unit": unit, "speakers": ["用户", "客服"]}
    return document(
        id=f"{source}/{number}",
        text="\n".join(turns),
        channel="en",
        source=source,
        license="MIT",
        category="dialogue",
        metadata=json.dumps({"dialogue": about}),
    )


def calls(source: str = "s") -> list[dict[str, Any]]:
    """Ten calls; the notice is in six, a shorter one in three."""
    return [
        dialogue(
            number,
            f"用户: {make_text(number, 8)}",
            f"客服: {NOTICE.format(number) if number < 6 else make_text(100 + number, 8)}",
            *(["客服: 周末照常营业哦"] if number > 6 else []),
            f"客服: {make_text(200 + number, 8)}",
            source=source,
        )
        for number in range(10)
    ]


CALLS = (
    ("怎么退货？", "七天之内可以退货，吊牌要保持完整。"),
    ("营业到几点？", "晚上九点关门，周末延长一小时。"),
    ("门禁卡丢了怎么办？", "先挂失，再带上证件去物业补办。"),
    ("发票什么时候开？", "月底统一开具，寄往预留地址。"),
    ("可以换颜色吗？", "蓝色还有存货，红色要等下一批。"),
    ("充电器能单买吗？", "可以，原装的八十元，质保半年。"),
    ("孩子能参加吗？", "六岁以上都行，须由家长陪同。"),
    ("停车方便吗？", "地下有两层车库，前半小时免费。"),
)
ONCE = {0: ["您好，请稍等。"], 1: ["我查看了您的订单，已经签收。"]}


def write_calls(place: Path) -> dict[str, Any]:
    """Write eight calls of four customers as turns, the later ones first, and a ninth of noises; give their source."""
    said = [[q, *ONCE.get(number, []), NOTICE.format(number), a] for number, (q, a) in enumerate(CALLS)]
    turns = [
        {
            "id": f"c{number}",
            "user": f"u{number % 4}",
            "at": 100 - number,
            "who": "agent" if place else "user",
            "said": text,
        }
        for number, texts in enumerate([*said, ["啊" * 14, "是的" * 6]])
        for place, text in enumerate(texts)
    ]
    turns[-2]["user"] = turns[-1]["user"] = "u4"
    place.mkdir()
    (place / "turns.jsonl").write_text("".join(json.dumps(turn) + "\n" for turn in turns), encoding="utf-8")
    fields = {"turns": None, "role": "who", "text": "said", "conversation": "id"}
    return {"kind": "files", "channel": "zh", "path": place, "license": "MIT", "dialogues": fields}


@pytest.mark.feature(133)
def test_turns_conversations_and_customers_lose_claims_and_stock(tmp_path: Path) -> None:
    source = write_calls(tmp_path / "in")
    names = {"user": "用户", "agent": "客服"}
    units = {
        "turns": {"unit": "turn", "roles": {"user": None, "agent": "客服"}},
        "calls": {"roles": names},
        "customers": {"unit": "linked", "roles": names, "link_by": "user", "order_by": "at"},
    }
    sources = [{**source, "name": name, "dialogues": {**source["dialogues"], **each}} for name, each in units.items()]
    collecting, channels = CollectParams.model_validate({"sources": sources}), ChannelsParams(roles={"zh": "domain"})
    collect_documents(tmp_path / "raw", collecting, channels, SuiteParams())
    stock = {"min_dialogues": 3, "remove_share": 0.2, "list_share": 0.1}
    given = params(min_density=0.2, stock_replies=stock)
    report = clean_documents(tmp_path / "raw/raw_documents", tmp_path / "out", given)
    texts: dict[str, list[str]] = {name: [] for name in units}
    for row in read_documents(tmp_path / "out/clean_documents"):
        texts[row["source"]].append(row["text"])
    calls = [f"用户: {question}\n客服: {answer}" for question, answer in CALLS]
    assert texts == {
        "turns": [answer for _, answer in CALLS],
        "calls": calls,
        "customers": [f"{calls[number + 4]}\n\n{calls[number]}" for number in range(4)],
    }
    assert report.excluded == {"low_density": 3, "no_turns_left": 10}
    assert report.counts == {
        "dialogues/stock_formula_turns": 3,
        "dialogues/stock_repeated_turns": 24,
        "dialogues/tool_claim_turns": 3,
    }
    listed = {name: [(each.documents, each.removed) for each in found] for name, found in report.stock_replies.items()}
    assert listed == {"turns": [(8, True)], "calls": [(8, True)], "customers": [(4, True)]}
    measured = {name: (each.density_before, each.density_after) for name, each in report.dialogues.items()}
    assert measured == {"conversation": (0.3334, 0.534), "linked": (0.3612, 0.6885), "turn": (0.1931, 0.4453)}


@pytest.mark.feature(133)
def test_what_a_source_repeats_goes_and_is_listed_with_an_example(tmp_path: Path) -> None:
    report = clean_documents(write_artifact(tmp_path / "raw", calls()), tmp_path, params())
    texts = [row["text"] for row in read_documents(tmp_path / "clean_documents")]
    assert not any("录音" in text for text in texts)
    assert sum("周末照常营业" in text for text in texts) == 3
    assert report.counts["dialogues/stock_repeated_turns"] == 6
    assert [each.model_dump() for each in report.stock_replies["s"]] == [
        {"text": "本次通话编号0,录音用于提升质量", "documents": 6, "share": 0.6, "removed": True, "example": "s/0"}
    ]


def test_sources_are_counted_apart_and_rare_turns_stay(tmp_path: Path) -> None:
    rows = [row for number, row in enumerate(calls("a") + calls("b")[:4]) if number != 3]
    report = clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path, params())
    assert report.counts["dialogues/stock_repeated_turns"] == 5
    assert list(report.stock_replies) == ["a"]


def test_the_division_into_tasks_does_not_matter(tmp_path: Path) -> None:
    rows = [*calls("a"), *calls("b")]
    for row in rows:  # a long title, so that a few rows fill a task of one megabyte
        row["metadata"] = json.dumps({**json.loads(row["metadata"]), "title": row["id"] * 40_000})
    given = params()
    runs = {"one": (1 << 20, EngineParams(workers=1)), "many": (400, EngineParams(workers=1, task_megabytes=1))}
    reports = []
    for name, (size, run) in runs.items():
        raw = write_artifact(tmp_path / f"raw-{name}", rows, shard_bytes=size)
        reports.append(clean_documents(raw, tmp_path / name, given, run))
    manifests = [(tmp_path / name / "clean_documents" / MANIFEST).read_bytes() for name in runs]
    assert manifests[0] == manifests[1]
    assert reports[0] == reports[1]
    assert len(list((tmp_path / "tasks").glob("replies-*/part-*.npy"))) == 1 + 3


def test_units_are_measured_apart_and_records_add_up(tmp_path: Path) -> None:
    rows = [
        dialogue(0, "用户: 怎么退货？", "客服: 请稍等。", unit="linked"),
        dialogue(1, "用户: 怎么退货？", "客服: 七天之内可以退货，吊牌要保持完整。", unit="linked"),
        dialogue(2, "用户: 营业到几点？", "客服: 您好。", "客服: 到晚上九点，周末到十点。"),
    ]
    report = clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path, params())
    assert report.excluded == {"one_sided": 1}
    linked, single = report.dialogues["linked"], report.dialogues["conversation"]
    assert (linked.dialogues, linked.kept, linked.turns, single.dialogues, single.turns) == (2, 1, 4, 1, 3)
    assert single.density_after is not None
    assert single.density_before < single.density_after
    assert (report.records_in, report.documents) == (3, 2)


def test_other_documents_and_a_run_without_dialogues_are_left_alone(tmp_path: Path) -> None:
    plain = {**calls()[0], "category": "reference"}
    raw = write_artifact(tmp_path / "raw", [plain, *calls()[1:]])
    off = clean_documents(raw, tmp_path / "off", params(enabled=False))
    assert (off.dialogues, off.stock_replies) == ({}, {})
    assert [row["text"] for row in read_documents(tmp_path / "off/clean_documents")][1:] == [
        r["text"] for r in calls()[1:]
    ]
    on = clean_documents(raw, tmp_path / "on", params())
    assert next(read_documents(tmp_path / "on/clean_documents"))["text"] == plain["text"]
    assert on.dialogues["conversation"].dialogues == 9


def test_names_of_speakers_are_normalised_with_the_text(tmp_path: Path) -> None:
    row = dialogue(0, "用户: 怎么退货？", "Ａ１: 请稍等。", "Ａ１: 七天之内可以退货。")
    row["metadata"] = json.dumps({"dialogue": {"unit": "conversation", "speakers": ["用户", "Ａ１"]}})
    clean_documents(write_artifact(tmp_path / "raw", [row]), tmp_path, params())
    assert next(read_documents(tmp_path / "clean_documents"))["text"] == "用户: 怎么退货？\nA1: 七天之内可以退货。"
