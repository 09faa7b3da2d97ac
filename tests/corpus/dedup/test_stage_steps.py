"""What a user switches on in `dedup:` shows in what the stage writes: one run, or two, per capability."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport
from cpt_pipeline.formats.benchmarks import BenchmarkItem, write_items
from cpt_pipeline.formats.documents import read_documents
from tests.corpus.stages import dedup_documents
from tests.corpus.texts import make_row, make_text, write_artifact


def run(place: Path, rows: list[Any], items: list[BenchmarkItem] | None = None, **params: Any) -> DedupReport:
    documents = write_artifact(place / "clean_documents", rows)
    write_items(place / "benchmark_texts", items or [])
    given = DedupParams.model_validate({"heldout_documents_per_channel": 1, **params})
    return dedup_documents(documents, place / "benchmark_texts", place, given)


def excluded(place: Path) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["reason"], row["detail"]) for row in read_documents(place / "dedup_excluded")}


def texts(place: Path, *names: str) -> dict[str, str]:
    return {row["id"]: row["text"] for name in names for row in read_documents(place / name)}


def english(count: int, start: int = 0) -> list[tuple[str, str]]:
    return [("en", make_text(number)) for number in range(start, start + count)]


def changed(text: str, num_words: int) -> str:
    """Replace words at even distances, which costs the more shingles the more words they are."""
    words = text.split(" ")
    step = len(words) // num_words
    return " ".join("changed" if n % step == 0 and n < step * num_words else word for n, word in enumerate(words))


@pytest.mark.feature(34)
def test_of_exact_copies_the_best_graded_stays_and_of_equal_grades_the_earliest(tmp_path: Path) -> None:
    spaced = make_text(1).replace(" ", "\n\t").replace("\n", "  ")
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in make_text(2))
    graded = {0: (make_text(0), 0.2), 1: (make_text(0).upper(), 0.9), 2: (make_text(1), 0.5), 3: (spaced, 0.5)}
    graded |= {4: (wide, 0.7), 5: (make_text(2), 0.3)}
    rows = [{**make_row(number, text), "quality": quality} for number, (text, quality) in graded.items()]
    report = run(tmp_path, [*rows, *(make_row(number, make_text(number)) for number in range(10, 30))])
    assert excluded(tmp_path) == {"s/0": ("exact", "s/1"), "s/3": ("exact", "s/2"), "s/5": ("exact", "s/4")}
    assert (report.documents, report.excluded, report.largest_cluster) == (22, {"exact": 3}, 2)


@pytest.mark.feature(35)
def test_near_copies_go_by_characters_or_words_and_doubtful_pairs_by_their_texts(tmp_path: Path) -> None:
    """By their signatures alone `s/40` (true similarity .811) would stay and `s/41` (.786) would go."""
    planted = [changed(make_text(0), 9), changed(make_text(4), 11), changed(make_text(6), 3)]
    rows = [*english(40), *(("en", text) for text in planted)]
    run(tmp_path / "characters", rows)
    assert excluded(tmp_path / "characters") == {"s/40": ("near", "s/0"), "s/42": ("near", "s/6")}
    words = {"shingles": "words", "shingle_words": 3, "min_similarity": 0.4, "num_bands": 40, "rows_per_band": 3}
    run(tmp_path / "words", rows, minhash=words)
    assert sorted(excluded(tmp_path / "words")) == ["s/40", "s/41", "s/42"]


@pytest.mark.feature(37)
def test_chinese_copies_are_found_by_characters_of_the_width_that_is_asked_for(tmp_path: Path) -> None:
    """Every tenth character differs: .67 of the pairs of characters are common, .33 of the runs of five."""
    chance = random.Random(1)
    base = ["".join(chr(0x4E00 + chance.randrange(3_000)) for _ in range(400)) for _ in range(8)]
    copy = "".join("呀" if place % 10 == 5 else each for place, each in enumerate(base[3]))
    latin = ["".join(chance.choices(letters, k=400)) for letters in ("abcdef", "ghijkl", "mnopqr", "stuvwx")]
    rows = [("zh", text) for text in [*base, copy, *latin]]
    run(tmp_path / "two", rows, minhash={"shingle_characters": 2, "min_similarity": 0.5})
    assert excluded(tmp_path / "two") == {"s/8": ("near", "s/3")}
    run(tmp_path / "five", rows, minhash={"shingle_characters": 5, "min_similarity": 0.5})
    assert excluded(tmp_path / "five") == {}


@pytest.mark.feature(36)
@pytest.mark.parametrize(
    ("unit", "window", "end", "units"), [("sentence", 2, ". ", 4), ("line", 2, ".\n", 4), ("paragraph", 1, ".\n\n", 2)]
)
def test_a_passage_that_many_documents_hold_stays_in_the_first(
    tmp_path: Path, unit: str, window: int, end: str, units: int
) -> None:
    notice = "All of this is given as it is, without any warranty" + end.replace("\n\n", " ")
    notice += "Ask your own doctor before you take any of it" + end
    own = [make_text(number, 40).replace("\n", " ") + end for number in range(12)]
    rest = [make_text(100 + number, 40).replace("\n", " ") for number in range(12)]
    held = (f"{own[number]}{notice if number in (2, 5, 9) else ''}{rest[number]}." for number in range(12))
    rows = [("en", text) for text in held]
    params = {"enabled": True, "unit": unit, "window": window, "min_bytes": 40}
    report = run(tmp_path, rows, passages=params, seed=3)
    left = texts(tmp_path, "unique_documents", "heldout_documents")
    assert [name for name, text in left.items() if "warranty" in text] == ["s/2"]
    assert left["s/5"] == f"{own[5]}{rest[5]}."
    assert report.passages.model_dump() == {"documents": 2, "units": units, "characters": 2 * len(notice)}


@pytest.mark.feature(39)
def test_the_curve_tells_what_each_threshold_keeps_and_a_target_chooses_one(tmp_path: Path) -> None:
    copies = [changed(make_text(number), num_words) for number, num_words in enumerate((1, 4, 5, 9, 20))]
    rows = [*english(10), *(("en", text) for text in copies)]
    report = run(tmp_path / "curve", rows, curve_thresholds=(0.7, 0.8, 0.9, 0.95))
    curve = {point.min_similarity: point.documents for point in report.curve}
    assert curve == {0.7: 11, 0.8: 11, 0.9: 13, 0.95: 14}
    (needed,) = (point.characters for point in report.curve if point.min_similarity == 0.9)
    assert needed == sum(len(text) for _, text in [*rows[:10], *rows[12:15]])
    aimed = run(tmp_path / "aimed", rows, curve_thresholds=(0.7, 0.8, 0.9, 0.95), target_characters=needed)
    assert (report.min_similarity, report.excluded) == (0.8, {"near": 4})
    assert (aimed.min_similarity, aimed.excluded) == (0.9, {"near": 2})


@pytest.mark.feature(40)
def test_new_documents_are_compared_with_all_earlier_rounds_without_their_texts(tmp_path: Path) -> None:
    run(tmp_path / "one", english(20))
    run(tmp_path / "two", english(20, start=30), earlier_index=tmp_path / "one/corpus_index")
    shutil.rmtree(tmp_path / "one")
    rows = [("en", changed(make_text(3), 3)), ("en", make_text(35)), *english(20, start=60)]
    report = run(tmp_path / "three", rows, earlier_index=tmp_path / "two/corpus_index")
    found = excluded(tmp_path / "three")
    assert {name: (reason, detail[:7]) for name, (reason, detail) in found.items()} == {
        "s/0": ("near_earlier", "s/3 (0."),
        "s/1": ("near_earlier", "s/5 (1."),
    }
    assert (report.documents, report.heldout_documents) == (19, 1)


def test_an_index_of_other_parameters_is_refused_before_work(tmp_path: Path) -> None:
    run(tmp_path / "one", english(4))
    other, place = {"shingle_characters": 7}, tmp_path / "two/out"
    with pytest.raises(ArtifactError, match="shingles is '5 characters', not '7 characters'"):
        run(place, english(4), earlier_index=tmp_path / "one/corpus_index", minhash=other)
    assert not (tmp_path / "two/tasks").exists()


@pytest.mark.feature(33)
def test_a_repetitive_channel_is_told_from_a_various_one_in_the_report(tmp_path: Path) -> None:
    """Documents of `dull` hold the same words in other orders; copies are left in, so that both channels have 19."""
    chance, words = random.Random(1), make_text(0).split()
    dull = [" ".join(chance.sample(words, len(words))) for _ in range(20)]
    rows = [make_row(number, text, channel="en", category="x") for number, text in enumerate(dull)]
    various = [make_row(100 + number, make_text(number + 1), channel="code") for number in range(20)]
    rows += [
        {**row, "source": ("a", "b")[place % 2], "language": ("en", "zh")[place % 2]}
        for place, row in enumerate(various)
    ]
    minhash = {"min_similarity": 1.0}
    report = run(tmp_path / "all", rows, minhash=minhash)
    assert report.diversity is not None
    rich, poor, whole = report.diversity.channels["code"], report.diversity.channels["en"], report.diversity.whole
    assert (rich.documents, poor.documents, whole.documents) == (19, 19, 38)
    assert poor.vendi_score < 1.5
    assert 10 < rich.vendi_score < 19
    assert rich.mean_cosine < 0.5
    assert poor.mean_cosine > 0.9
    assert (poor.largest_group, rich.largest_group) == (1.0, 0.05263)
    assert poor.distinct_2 < rich.distinct_2 and poor.pair_entropy < rich.pair_entropy
    assert (poor.effective_sources, poor.effective_languages) == (1.0, 1.0)
    assert 1.9 < rich.effective_languages == rich.effective_sources <= 2.0
    few = {"sample_documents": 10}
    sampled = [
        run(tmp_path / name, given, minhash=minhash, diversity=few).diversity
        for name, given in (("some", rows), ("turned", rows[::-1]))
    ]
    assert sampled[0] == sampled[1]
    assert sampled[0] is not None and sampled[0].whole.documents == 10
    assert run(tmp_path / "off", rows, minhash=minhash, diversity={"enabled": False}).diversity is None


def quiz(number: int, prompt: str, *choices: str) -> BenchmarkItem:
    return BenchmarkItem(id=str(number), benchmark="quiz", ability="any", prompt=prompt, choices=choices, answer=0)


@pytest.mark.feature(41)
@pytest.mark.feature(43)
def test_items_are_found_in_training_documents_whatever_their_disguise(tmp_path: Path) -> None:
    """One document per disguise, between other texts; the last four resemble items and hold none."""
    train = quiz(0, "A train leaves the old station at nine and arrives at noon; how many hours?", "three", "two")
    question = quiz(1, "Which river flows past Vienna", "Danube", "Rhine")
    bone = quiz(2, "最大的骨是", "股骨", "肱骨内上髁", "胫骨", "髂骨")
    organ = quiz(3, "下列哪一项不属于人体的五脏六腑之一", "膀胱以外的器官", "心")
    sea = quiz(4, "Largest ocean", "the wide Pacific Ocean", "the cold Atlantic Ocean", "the warm Indian Ocean")
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in train.prompt)
    planted = {
        "s/20": (train.prompt.upper(), "0"),
        "s/21": (train.prompt.replace(" ", "\n  "), "0"),
        "s/22": (wide, "0"),
        "s/23": ("train leaves the old station at nine, and arrives -- at noon: how many", "0"),
        "s/24": ("題:下列哪一项 不属于人体的 五脏六腑之一?", "3"),
        "s/25": ("which RIVER flows past Vienna? Danube!", "1"),
        "s/26": ("最大的骨是( )\nA.胫骨\nB.股骨\nC.髂骨\nD.肱骨内上髁", "2"),
        "s/27": ("Largest ocean: a) the cold Atlantic Ocean b) the warm Indian Ocean c) the wide Pacific Ocean", "4"),
    }
    innocent = (
        "A train leaves the new station at nine and arrives late",
        "Which river flows past Budapest? The Danube does.",
        "据说人体最大的骨是在腿上的那一根",
        "下列哪一项不属于人体的部分",
    )
    lines = [*(text for text, _ in planted.values()), *innocent]
    rows = [("en", f"{make_text(50 + place)}\n{line}\n{make_text(90 + place)}") for place, line in enumerate(lines)]
    items = [train, question, bone, organ, sea, quiz(5, "Two and two", "four", "five")]
    report = run(tmp_path, [*english(20), *rows], items, leaks={"max_passages": 0})
    found = {name: detail.partition(":")[0] for name, (reason, detail) in excluded(tmp_path).items()}
    assert found == {name: f"quiz/{number}" for name, (_, number) in planted.items()}
    assert report.excluded == {"benchmark": 8}
    guarded = report.benchmarks["quiz"]
    assert (guarded.items, guarded.unguarded_items, guarded.found_items, guarded.documents) == (6, 1, 5, 8)
    assert guarded.examples["1"] == "which river flows past vienna? danube"


CUSTOMS = "国家海关总署口岸监督管理委员会"
DUTY = quiz(1, f"{CUSTOMS}的职责是", "对进出境货物实施监督", "审批贷款")


def pages(number: int, count: int) -> str:
    return "\n\n".join(make_text(number + place, 60) for place in range(count))


@pytest.mark.feature(41)
@pytest.mark.feature(43)
def test_a_long_document_loses_the_passage_and_what_many_share_accuses_none(tmp_path: Path) -> None:
    """Ten regulations name the authority that a question asks about; one long text holds questions, one is a quiz."""
    river = quiz(
        0, "Which of the small northern rivers flows past the old abbey before it meets the sea?", "Arn", "Tey"
    )
    named = [f"{pages(1_000 * n, 5)}\n\n第{n}条 {CUSTOMS}负责第{n}号口岸。" for n in range(1, 11)]
    trap = f"A. Tey\nB. Arn\nThe answer is B.\nExplanation: {'it has always flown there, say the monks. ' * 20}"
    changed_script = "國家海關總署口岸監督管理委員會的職責是："
    long = (
        f"{pages(20_000, 6)}\n\n{river.prompt}\n{trap}\n\n{pages(21_000, 6)}\n\n{changed_script}\n\n{pages(22_000, 6)}"
    )
    quizzes = "\n".join(f"{river.prompt} {make_text(30_000 + n, 40)}" for n in range(12))
    rows = [*english(20), *(("en", text) for text in [*named, long, quizzes, long])]
    report = run(tmp_path, rows, [river, DUTY], minhash={"min_similarity": 0.9})
    assert {name: reason for name, (reason, _) in excluded(tmp_path).items()} == {
        "s/31": "benchmark",
        "s/32": "exact",
    }
    kept = {
        row["id"]: row for name in ("unique_documents", "heldout_documents") for row in read_documents(tmp_path / name)
    }
    assert {f"s/{number}" for number in range(20, 30)} < set(kept)
    assert [kept[f"s/{20 + n}"]["text"] for n in range(10)] == named
    left = kept["s/30"]["text"]
    assert json.loads(kept["s/30"]["metadata"]) == {"benchmark_items": ["quiz/0", "quiz/1"]}
    assert left.startswith(pages(20_000, 5)) and left.endswith(pages(22_001, 5)) and make_text(21_002, 60) in left
    assert not any(gone in left for gone in ("abbey", "Arn", "monks", "海關", "職責"))
    assert report.leaks.model_dump() == {"documents": 1, "passages": 2, "characters": len(long) - len(left)}
    guarded = report.benchmarks["quiz"]
    assert (guarded.found_items, guarded.documents, guarded.trimmed_documents) == (2, 1, 1)
    strict = run(tmp_path / "strict", rows, [river, DUTY], leaks={"max_passages": 0}, minhash={"min_similarity": 0.9})
    assert strict.excluded == {"benchmark": 3} and strict.leaks.documents == 0


@pytest.mark.feature(41)
def test_an_item_over_a_border_leaves_both_parts_and_variants_of_a_template_accuse_none(tmp_path: Path) -> None:
    """Forty items differ in two numbers; a book that was divided within one of them loses it, a like problem stays."""
    asked = [
        f"The miller sold {n} sacks of rye and {n % 7 + 2} sacks of oats at the market. How many sacks did he sell?"
        for n in range(30, 70)
    ]
    items = [quiz(number, each, "some", "none") for number, each in enumerate(asked)]
    book = [f"{pages(40_000, 6)}\n\n{asked[5][:40]}", f"{asked[5][40:]}\nA. some\nB. none\n\n{pages(41_000, 6)}"]
    places = [{"id": f"s/book/{n}", "part_of": "s/book", "part": n, "last_part": n == 1} for n in range(2)]
    rows = [{**make_row(0, text), **place} for text, place in zip(book, places, strict=True)]
    variant = f"{pages(42_000, 6)}\n\n{asked[5].replace('35 sacks', '79 sacks')}\n\n{pages(43_000, 6)}"
    report = run(tmp_path, [*english(20), *rows, make_row(20, variant)], items)
    kept = texts(tmp_path, "unique_documents", "heldout_documents")
    assert kept["s/20"] == variant
    assert not any("miller" in kept[name] or "sacks" in kept[name] for name in ("s/book/0", "s/book/1"))
    assert kept["s/book/0"].startswith(pages(40_000, 5)) and kept["s/book/1"].endswith(pages(41_001, 5))
    assert (report.leaks.documents, report.benchmarks["quiz"].found_items) == (2, 1)
    assert report.benchmarks["quiz"].unguarded_items == 0
