"""Items are found in shards as they are in text, in every split, channel and place of a document."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, LeakParams
from cpt_pipeline.corpus.dedup.decontamination.search import LeakSearch
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.formats.plain_text import PlainTextEncoder
from cpt_pipeline.formats.tokens import TokenWriter, open_shard
from cpt_pipeline.vocabulary import token_leaks
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.token_leaks import TokenLeak, find_token_leaks
from cpt_pipeline.vocabulary.tokenize import tokenize_splits
from cpt_pipeline.vocabulary.tokenizer import load
from tests.vocabulary.texts import NASTY, write_documents


def item(name: str, prompt: str, answer: str, benchmark: str = "quiz") -> BenchmarkItem:
    choices = ("wrong", answer)
    return BenchmarkItem(id=name, benchmark=benchmark, ability="any", prompt=prompt, choices=choices, answer=1)


ENGLISH = item("e1", "Lily had nine red apples and gave four of them to the old dog. How many are left?", "five")
OTHER = item("e2", "The captain of the ship counted eleven islands before the storm took the mast away.", "eleven")
CHINESE = item("c1", "下列哪一项不属于人体的五脏六腑之一", "膀胱以外的器官", "cmmlu")
INDEX = BenchmarkIndex([ENGLISH, OTHER, CHINESE], LeakParams())


@pytest.mark.feature(42)
def test_planted_items_are_found_in_shards_with_document_and_text(tmp_path: Path, folder: Path) -> None:
    texts = [*NASTY, f"中文文本。{CHINESE.prompt}？中文文本。", f"the dog\n\n{ENGLISH.prompt.upper()}\nthe cat"]
    channels = ["zh", "en"] * (len(texts) // 2)
    train = write_documents(tmp_path / "train", texts, channels)
    heldout = write_documents(tmp_path / "heldout", [OTHER.prompt], ["en"])
    tokenize_splits({"train": train, "heldout": heldout}, folder, tmp_path / "tokens", TokenizeParams())

    report = find_token_leaks(tmp_path / "tokens", folder, LeakSearch(INDEX))
    quiz, cmmlu = report.benchmarks["quiz"], report.benchmarks["cmmlu"]
    assert (quiz.items, quiz.found_items, quiz.documents, cmmlu.items, cmmlu.found_items) == (2, 2, 2, 1, 1)
    assert (report.documents, report.leaking_documents) == (len(texts) + 1, 3)
    assert report.tokens == sum(open_shard(tmp_path / "tokens", *place).num_tokens for place in PLACES)
    assert cmmlu.leaks == (
        TokenLeak(split="train", channel="zh", document="d16", item="c1", text="下列哪一项不属于人体的五脏六腑之一"),
    )
    assert [(leak.split, leak.channel, leak.document, leak.item) for leak in quiz.leaks] == [
        ("heldout", "en", "d0", "e2"),
        ("train", "en", "d17", "e1"),
    ]
    assert quiz.leaks[1].text.startswith("lily had nine red apples and gave four of them")


PLACES = (("train", "en"), ("train", "zh"), ("heldout", "en"))


def test_the_shipped_model_finds_an_item_among_its_stories(tmp_path: Path, shared: Path) -> None:
    stories = (shared / "data" / "general_en" / "tiny_stories.txt").read_text(encoding="utf-8", errors="replace")
    texts = [stories[start : start + 3_000] for start in range(0, 60_000, 3_000)]
    texts[7] = f"{texts[7][:1_500]} {ENGLISH.prompt} {texts[7][1_500:]}"
    model = shared / "models" / "tinystories-656k"
    documents = write_documents(tmp_path / "documents", texts, ["en"] * len(texts))
    tokenize_splits({"train": documents}, model, tmp_path / "tokens", TokenizeParams())
    report = find_token_leaks(tmp_path / "tokens", model, LeakSearch(INDEX))
    assert report.leaking_documents == 1
    assert [leak.document for leak in report.benchmarks["quiz"].leaks] == ["d7"]


def test_shards_from_elsewhere_need_neither_manifest_nor_parquet(tmp_path: Path, folder: Path) -> None:
    tokenizer = load(folder)
    with TokenWriter(tmp_path, "cache", len(tokenizer)) as writer:
        for ids in PlainTextEncoder(tokenizer).encode(["the cat", OTHER.prompt]):
            writer.write(ids, id="lost", num_bytes=0, category=None, quality=None)
    (tmp_path / "cache.parquet").unlink()
    leaks = find_token_leaks(tmp_path, folder, LeakSearch(INDEX)).benchmarks["quiz"].leaks
    assert [(leak.split, leak.channel, leak.document) for leak in leaks] == [(".", "cache", "#1")]


@pytest.mark.parametrize("place", range(0, 400, 23))
def test_an_item_across_two_pieces_of_a_long_document_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(token_leaks, "_PIECE_TOKENS", 160)
    monkeypatch.setattr(token_leaks, "_OVERLAP_TOKENS", 70)
    text = f"{'x ' * place}{OTHER.prompt[:63]} {'y ' * (400 - place)}".encode()
    with TokenWriter(tmp_path, "en", 256) as writer:
        writer.write(np.frombuffer(text, np.uint8), id="long", num_bytes=len(text), category=None, quality=None)
    sizes = []

    def decode(ids: list[int]) -> str:
        sizes.append(len(ids))
        return bytes(ids).decode()

    report = find_token_leaks(tmp_path, decode, LeakSearch(INDEX))
    assert [leak.item for leak in report.benchmarks["quiz"].leaks] == ["e2"]
    assert max(sizes) == 160


@pytest.mark.parametrize("pieces", [(37,), (20, 50), (4, 8, 12, 30, 60)])
def test_an_item_over_the_border_of_documents_of_one_text_is_found_in_all_that_hold_it(
    tmp_path: Path, pieces: tuple[int, ...]
) -> None:
    ends = [0, *pieces, len(OTHER.prompt)]
    texts = [OTHER.prompt[start:end] for start, end in pairwise(ends)]
    texts[0], texts[-1] = "x " * 200 + texts[0], texts[-1] + " y" * 200
    for folder, is_continued in (("one", True), ("many", False)):
        with TokenWriter(tmp_path / folder, "en", 256) as writer:
            for number, text in enumerate(texts):
                ids = np.frombuffer(text.encode(), np.uint8)
                goes_on = is_continued and number > 0
                writer.write(ids, id=f"p{number}", num_bytes=len(text), is_continued=goes_on, last_part=not goes_on)

    def decode(ids: list[int]) -> str:
        return bytes(ids).decode()

    quiz = find_token_leaks(tmp_path / "one", decode, LeakSearch(INDEX)).benchmarks["quiz"]
    assert [leak.document for leak in quiz.leaks] == [f"p{number}" for number in range(len(texts))]
    assert (quiz.found_items, quiz.documents) == (1, len(texts))
    assert {leak.text for leak in quiz.leaks} == {OTHER.prompt.lower().rstrip(".")}
    apart = find_token_leaks(tmp_path / "many", decode, LeakSearch(INDEX)).benchmarks["quiz"]
    assert all(len(leak.text) < 70 for leak in apart.leaks)


def test_listed_leaks_are_bounded_and_counts_are_not(tmp_path: Path, folder: Path) -> None:
    documents = write_documents(tmp_path / "documents", [ENGLISH.prompt] * 5, ["en"] * 5)
    tokenize_splits({"train": documents}, folder, tmp_path / "tokens", TokenizeParams())
    quiz = find_token_leaks(tmp_path / "tokens", folder, LeakSearch(INDEX), max_listed=2).benchmarks["quiz"]
    assert ([leak.document for leak in quiz.leaks], quiz.documents, quiz.found_items) == (["d0", "d1"], 5, 1)


def test_clean_shards_name_every_benchmark_with_nothing_found(tmp_path: Path, folder: Path, documents: Path) -> None:
    tokenize_splits({"train": documents}, folder, tmp_path / "tokens", TokenizeParams())
    report = find_token_leaks(tmp_path / "tokens", folder, LeakSearch(INDEX))
    assert {name: each.documents for name, each in report.benchmarks.items()} == {"cmmlu": 0, "quiz": 0}
    assert report.documents == len(NASTY)


def test_ids_of_another_tokenizer_are_refused(tmp_path: Path, folder: Path) -> None:
    with TokenWriter(tmp_path, "en", 60_000) as writer:
        writer.write([1, 59_999], id="a", num_bytes=1, category=None, quality=None)
    with pytest.raises(ArtifactError, match="token id 59999 is none of the"):
        find_token_leaks(tmp_path, folder, LeakSearch(INDEX))


def test_a_folder_without_shards_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no token shard"):
        find_token_leaks(tmp_path, folder, LeakSearch(INDEX))
