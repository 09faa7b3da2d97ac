"""Topics: the terms that tell the items of an ability from other items and from general text, in both languages."""

from __future__ import annotations

from pathlib import Path

from cpt_pipeline.corpus.dedup.statistics.topics import Topic, find_topics
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from tests.corpus.dedup.real_items import read_cmmlu


def items(ability: str, *prompts: str, benchmark: str = "quiz") -> list[BenchmarkItem]:
    return [
        BenchmarkItem(
            id=f"{ability}-{number}",
            benchmark=benchmark,
            ability=ability,
            prompt=prompt,
            choices=("yes", "no"),
            answer=0,
        )
        for number, prompt in enumerate(prompts)
    ]


BODY = items("body", "Which vein leaves the liver?", "What does the liver make?", "Which is the longest vein 12345?")
TRADE = items("trade", "Which bond pays interest?", "What does the bank lend?", "Which bond is it?")
GENERAL = ["Yes, which is the one that pays? What does it make, the longest of it?"] * 200


def test_common_words_and_numbers_tell_no_topic() -> None:
    body, trade = find_topics([*BODY, *TRADE], GENERAL, 10)
    assert body == Topic(
        "quiz",
        "body",
        ("liver", "vein", "leaves"),
        {"body-0": ("liver", "vein", "leaves"), "body-1": ("liver",), "body-2": ("vein",)},
    )
    assert trade.terms == ("bond", "bank", "interest", "lend")


def test_the_most_distinctive_terms_stay() -> None:
    body, _ = find_topics([*BODY, *TRADE], GENERAL, 1)
    assert body.terms == ("liver",)
    assert body.items == {"body-0": ("liver",), "body-1": ("liver",), "body-2": ()}


def test_without_other_text_nothing_is_distinctive() -> None:
    (body,) = find_topics(BODY, [], 10)
    assert body.terms == ()
    assert find_topics([], GENERAL, 10) == []


def test_chinese_terms_are_sequences_that_items_share_and_that_no_longer_one_holds() -> None:
    zh = items("医", "颈内动脉的分支是下列哪项", "关于颈内动脉，下列正确的是", "尺神经支配的是", "尺神经损伤")
    (topic,) = find_topics(zh, ["yes, 今天的天气很好，我们去公园。"] * 100, 10)
    assert topic.terms == ("尺神经", "颈内动脉")
    assert topic.items["医-0"] == ("颈内动脉",)


def test_real_subjects_have_the_terms_a_reader_expects(shared: Path) -> None:
    named = [item.model_copy(update={"ability": item.id.split("/")[0]}) for item in read_cmmlu(shared)]
    by_subject = {topic.ability: set(topic.terms) for topic in find_topics(named, [], 200)}
    assert {"神经", "动脉", "静脉", "韧带"} <= by_subject["anatomy"]
    assert {"病毒", "核酸", "包膜"} <= by_subject["virology"]
    assert not by_subject["anatomy"] & {"下列", "正确的", "关于"}
