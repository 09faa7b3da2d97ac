"""Dedup: planted copies and leaks go, the split keeps its promise, every record is accounted for."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import MANIFEST, seal
from cpt_pipeline.core.errors import ArtifactError, NothingLeftError
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport
from cpt_pipeline.formats.benchmarks import BenchmarkItem, write_items
from cpt_pipeline.formats.documents import read_documents
from cpt_pipeline.text.words import fold
from tests.corpus.stages import dedup_documents
from tests.corpus.texts import item, make_row, make_text, write_artifact

REPOSITORY = Path(__file__).parents[3]
ARTIFACTS = ("unique_documents", "heldout_documents", "dedup_excluded")
QUESTION = item("A train leaves the station at nine and arrives at noon; how many hours did it travel?", "three")


def run(
    place: Path, texts: list[tuple[str, str]], items: list[BenchmarkItem] | None = None, **params: Any
) -> DedupReport:
    place.mkdir(parents=True, exist_ok=True)
    documents = write_artifact(place / "clean_documents", texts)
    write_items(place / "benchmark_texts", items or [])
    params = {"heldout_documents_per_channel": 1, **params}
    return dedup_documents(documents, place / "benchmark_texts", place, DedupParams.model_validate(params))


def ids(place: Path, name: str) -> list[str]:
    return [row["id"] for row in read_documents(place / name)]


def excluded(place: Path) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["reason"], row["detail"]) for row in read_documents(place / "dedup_excluded")}


def changed(text: str, word: int = 5) -> str:
    words = text.split(" ")
    return " ".join([*words[:word], "changed", *words[word + 1 :]])


@pytest.mark.feature(34)
@pytest.mark.feature(35)
def test_earliest_of_exact_and_near_copies_survives(tmp_path: Path) -> None:
    base = [make_text(number) for number in range(40)]
    recased = base[3].upper().replace("\n", "   ")
    texts = [*base, recased, changed(base[3]), changed(base[7]), base[7]]
    report = run(tmp_path, [("en", text) for text in texts])
    heldout = ids(tmp_path, "heldout_documents")[0]
    assert heldout not in {"s/3", "s/7"}
    assert excluded(tmp_path) == {
        "s/40": ("exact", "s/3"),
        "s/41": ("near", "s/3"),
        "s/42": ("near", "s/7"),
        "s/43": ("exact", "s/7"),
    }
    assert ids(tmp_path, "unique_documents") == [f"s/{n}" for n in range(40) if f"s/{n}" != heldout]
    assert (report.records_in, report.documents, report.heldout_documents) == (44, 39, 1)
    assert (report.clusters, report.largest_cluster) == (2, 3)


def test_copies_are_found_across_channels(tmp_path: Path) -> None:
    texts = [("en", make_text(n)) for n in range(10)] + [("code", make_text(n)) for n in (2, 20, 21, 22)]
    run(tmp_path, texts)
    assert set(excluded(tmp_path)) == {"s/10"}


@pytest.mark.feature(41)
@pytest.mark.feature(42)
@pytest.mark.feature(43)
def test_planted_benchmark_text_goes_and_is_reported(tmp_path: Path) -> None:
    leaking = f"{make_text(50)}\nQ: A TRAIN leaves the station at nine, and arrives at noon.\n{make_text(51)}"
    texts = [*[("en", make_text(number)) for number in range(10)], ("en", leaking), ("en", changed(leaking))]
    report = run(tmp_path, texts, [QUESTION, item("Too short", "x", 1)])
    words = "a train leaves the station at nine, and arrives at noon"
    assert excluded(tmp_path) == dict.fromkeys(("s/10", "s/11"), ("benchmark", f"quiz/0: {words}"))
    assert report.benchmarks["quiz"].model_dump() == {
        "items": 2,
        "unguarded_items": 1,
        "found_items": 1,
        "documents": 2,
        "trimmed_documents": 0,
        "examples": {"0": words},
    }


def test_document_that_leaks_does_not_take_its_clean_copies_along(tmp_path: Path) -> None:
    clean = make_text(50, 300)
    leaking = f"{QUESTION.prompt}\n{clean}"
    run(tmp_path, [*[("en", make_text(number)) for number in range(10)], ("en", leaking), ("en", clean)], [QUESTION])
    assert list(excluded(tmp_path)) == ["s/10"]


def test_copies_of_heldout_documents_leave_training(tmp_path: Path) -> None:
    base = [make_text(number) for number in range(20)]
    texts = [("en", text) for text in [*base, *[changed(text) for text in base]]]
    report = run(tmp_path, texts, heldout_documents_per_channel=4, heldout_max_share=0.5)
    heldout = ids(tmp_path, "heldout_documents")
    assert len(heldout) == 4
    reasons = excluded(tmp_path)
    assert {copy for reason, copy in reasons.values() if reason == "near_heldout"} == set(heldout)
    assert report.excluded == {"near": 16, "near_heldout": 4}


def test_every_channel_gives_its_part_whatever_the_length_of_its_documents(tmp_path: Path) -> None:
    texts = [("en", make_text(n)) for n in range(40)] + [("domain", make_text(100 + n, 30 * n)) for n in range(1, 41)]
    report = run(tmp_path, texts, heldout_documents_per_channel=10, heldout_max_share=0.3)
    assert {channel: amount.documents for channel, amount in report.heldout_channels.items()} == {
        "en": 10,
        "domain": 10,
    }
    lengths = [len(row["text"]) for row in read_documents(tmp_path / "heldout_documents") if row["channel"] == "domain"]
    every = sorted(len(text) for channel, text in texts if channel == "domain")
    assert min(lengths) < every[10]
    assert max(lengths) > every[30]


def works(sizes: list[int], channel: str = "en") -> list[dict[str, Any]]:
    """Make one book per size, of so many parts."""
    rows = []
    for book, size in enumerate(sizes):
        for part in range(size):
            row = make_row(0, make_text(1_000 * book + part), channel=channel)
            place = {"part_of": f"b{book}", "part": part, "separator": "", "last_part": part + 1 == size}
            rows.append({**row, **place, "id": f"b{book}/{part}"})
    return rows


@pytest.mark.feature(100)
def test_all_parts_of_a_book_are_on_one_side(tmp_path: Path) -> None:
    report = run(
        tmp_path, works([3, 4, 1, 5, 2, 3, 4, 2, 6, 3]), heldout_documents_per_channel=3, heldout_max_share=0.3
    )
    sides = {name: {each.partition("/")[0] for each in ids(tmp_path, name)} for name in ARTIFACTS[:2]}
    assert not sides["unique_documents"] & sides["heldout_documents"]
    assert len(sides["heldout_documents"]) == 3
    assert (report.works, report.heldout_works) == ({"en": 7}, {"en": 3})
    assert report.heldout_documents > 3


def test_a_book_that_is_most_of_its_channel_is_not_held_out(tmp_path: Path) -> None:
    for seed in range(1, 6):
        run(tmp_path / str(seed), works([60, 1, 1, 1, 1]), heldout_max_share=0.2, seed=seed)
        held = {each.partition("/")[0] for each in ids(tmp_path / str(seed), "heldout_documents")}
        assert len(held) == 1
        assert "b0" not in held


def test_two_editions_of_a_book_are_on_one_side(tmp_path: Path) -> None:
    """Edition b1 shares 3 of its 6 parts with b0; what it alone has must not be learnt when b0 is held out."""
    books = works([6, 6, 2, 2, 2, 2, 2, 2])
    for part in (0, 2, 4):
        books[6 + part]["text"] = changed(books[part]["text"])
    licence = make_text(99_999, 12)
    books += [{**make_row(0, licence), "id": f"b{book}/x", "part_of": f"b{book}"} for book in range(2, 8)]
    held_out = set()
    for seed in range(1, 25):
        run(tmp_path / str(seed), sorted(books, key=lambda row: row["part_of"]), heldout_max_share=0.5, seed=seed)
        held = {each.partition("/")[0] for each in ids(tmp_path / str(seed), "heldout_documents")}
        held_out.add(frozenset(held))
    assert frozenset({"b0", "b1"}) in held_out
    assert not any(len(held & {"b0", "b1"}) == 1 for held in held_out)
    assert any(len(held) == 1 for held in held_out), "a licence that all books hold makes no one work of them"


def test_choice_of_heldout_documents_is_stable_when_text_is_added(tmp_path: Path) -> None:
    few = [("en", make_text(number)) for number in range(30)]
    run(tmp_path / "few", few, heldout_documents_per_channel=3)
    run(
        tmp_path / "more",
        [*few, *[("en", make_text(number)) for number in range(30, 60)]],
        heldout_documents_per_channel=6,
    )
    run(tmp_path / "seed", few, heldout_documents_per_channel=3, seed=2)
    assert set(ids(tmp_path / "few", "heldout_documents")) & set(ids(tmp_path / "more", "heldout_documents"))
    assert ids(tmp_path / "few", "heldout_documents") != ids(tmp_path / "seed", "heldout_documents")


def test_result_does_not_depend_on_shards_or_repetition(tmp_path: Path) -> None:
    rows = [make_row(n, make_text(n % 25) + f" {n}") for n in range(40)]
    for name, size in (("a", 1 << 20), ("b", 1 << 20), ("c", 700)):
        write_items(tmp_path / name / "benchmark_texts", [QUESTION])
        documents = write_artifact(tmp_path / name / "clean", rows, shard_bytes=size)
        dedup_documents(documents, tmp_path / name / "benchmark_texts", tmp_path / name, DedupParams())
    for artifact in ARTIFACTS:
        assert len({(tmp_path / name / artifact / MANIFEST).read_bytes() for name in "abc"}) == 1


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([("en", make_text(1)), ("en", changed(make_text(1)))], "channel en has no training document"),
        (
            [*[("en", make_text(n)) for n in range(5)], ("domain", QUESTION.prompt)],
            r"channel domain has no training.*benchmark",
        ),
        ([], "clean_documents holds no document at all"),
    ],
)
def test_what_cannot_be_split_is_named(tmp_path: Path, texts: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(NothingLeftError, match=words):
        run(tmp_path, texts, [QUESTION])
    assert not (tmp_path / "unique_documents" / MANIFEST).exists()


def test_shipped_conf_is_the_default() -> None:
    given = yaml.safe_load((REPOSITORY / "conf/base/parameters_dedup.yml").read_text())["dedup"]
    assert DedupParams.model_validate(given) == DedupParams()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["same", "near", "case", "leak"])), max_size=25),
    st.integers(0, 9),
)
def test_records_are_partitioned_and_heldout_text_is_not_in_training(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[int, str]], seed: int
) -> None:
    place = tmp_path_factory.mktemp("dedup")
    make = {
        "same": lambda text: text,
        "near": lambda text: changed(text, random.Random(len(plan)).randrange(60)),
        "case": lambda text: text.title(),
        "leak": lambda text: f"{text}\n{QUESTION.prompt}",
    }
    texts = [("ab"[number % 2], make_text(number)) for number in range(12)]
    texts += [("ab"[number % 3 % 2], make[kind](make_text(number))) for number, kind in plan]
    report = run(place, texts, [QUESTION], heldout_documents_per_channel=2, heldout_max_share=0.5, seed=seed)

    parts = [ids(place, name) for name in ARTIFACTS]
    assert sorted(itertools.chain(*parts)) == sorted(f"s/{number}" for number in range(len(texts)))
    assert report.records_in == report.documents + report.heldout_documents + sum(report.excluded.values())
    assert report.excluded.get("benchmark", 0) == sum(kind == "leak" for _, kind in plan)
    kept = {row["id"]: shingles(row["text"]) for name in ARTIFACTS[:2] for row in read_documents(place / name)}
    assert all(overlap(kept[one], kept[other]) < 0.9 for one, other in itertools.combinations(kept, 2))
    assert all(copied in kept for reason, copied in excluded(place).values() if reason != "benchmark")


def shingles(text: str) -> set[str]:
    folded = fold(text)
    return {folded[start : start + 5] for start in range(len(folded) - 4)}


def overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


@pytest.mark.feature(35)
@pytest.mark.parametrize(("size", "num_pairs"), [(100, 5), (1_000, 10)])
def test_gold_pairs_are_found_and_no_others(tmp_path: Path, shared: Path, size: int, num_pairs: int) -> None:
    folder = shared / "data/neardup_gold_minhash"
    lines = (folder / f"articles_{size}.train").read_text(encoding="utf-8").splitlines()
    names = [line.partition(" ")[0] for line in lines]
    run(tmp_path, [("en", line.partition(" ")[2]) for line in lines])
    numbers = {f"s/{number}": name for number, name in enumerate(names)}
    found = {frozenset((numbers[copy], numbers[first])) for copy, (_, first) in excluded(tmp_path).items()}
    truth = {frozenset(line.split()) for line in (folder / f"articles_{size}.truth").read_text().splitlines()}
    assert len(truth) == num_pairs
    assert found == truth


@pytest.mark.feature(13)
def test_a_second_round_excludes_what_the_first_one_had(tmp_path: Path) -> None:
    first = [("en", make_text(number)) for number in range(20)]
    run(tmp_path / "one", first)
    again = [("en", make_text(3) + " with a new end"), *(("en", make_text(number)) for number in range(30, 50))]
    report = run(tmp_path / "two", again, earlier_index=tmp_path / "one" / "corpus_index")
    excluded = [(row["id"], row["reason"]) for row in read_documents(tmp_path / "two" / "dedup_excluded")]
    assert excluded == [("s/0", "near_earlier")]
    (detail,) = [row["detail"] for row in read_documents(tmp_path / "two" / "dedup_excluded")]
    assert detail.startswith("s/3 (0.")
    assert report.excluded == {"near_earlier": 1}
    new = [("en", make_text(number)) for number in range(60, 80)]
    third = run(tmp_path / "three", again[1:5] + first[:2] + new, earlier_index=tmp_path / "two" / "corpus_index")
    assert third.excluded == {"near_earlier": 6}


def test_what_a_heldout_document_holds_leaves_training_though_it_comes_later(tmp_path: Path) -> None:
    notice = "All material is provided as it is. No warranty of any kind is given! Ask your own doctor first."
    long = [f"{make_text(number, 300)}. {notice} {make_text(number + 50, 300)}" for number in range(3)]
    short = f"{make_text(90, 60)}. {notice}"
    texts = [*(("en", text) for text in long), ("en", short)]
    run(tmp_path, texts, passages={"enabled": True, "window": 3, "min_bytes": 40})
    assert [row["text"] for row in read_documents(tmp_path / "heldout_documents")] == [short]
    training = [row["text"] for row in read_documents(tmp_path / "unique_documents")]
    assert len(training) == 3
    assert not any("warranty" in text for text in training)


def test_a_damaged_index_of_an_earlier_round_is_refused_before_work(tmp_path: Path) -> None:
    index = tmp_path / "earlier"
    index.mkdir()
    (index / "signatures-00000.npy").write_bytes(b"\x00" * 64)
    seal(index, "corpus_index")
    (index / "signatures-00000.npy").write_bytes(b"\x00" * 63 + b"\x01")
    with pytest.raises(ArtifactError, match=r"earlier is damaged(.|\n)*signatures-00000\.npy: bytes differ"):
        run(tmp_path / "two/out", [("en", make_text(1)), ("en", make_text(2))], earlier_index=index)
    assert not (tmp_path / "two/tasks").exists()
