"""Ids equal the reference tokenizer on every document, however the work is cut up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.documents import DocumentWriter, document
from cpt_pipeline.formats.models import resolve, write_reference
from cpt_pipeline.formats.plain_text import PlainTextEncoder
from cpt_pipeline.formats.tokens import channels, open_shard, read_sidecar
from cpt_pipeline.vocabulary.params import TokenizeParams, TokenizerParams
from cpt_pipeline.vocabulary.tokenize import encode, tokenize_documents, tokenize_splits
from cpt_pipeline.vocabulary.tokenizer import load, prepare_tokenizer
from tests.vocabulary.texts import NASTY, write_documents


def read_back(artifact: Path, split: str = "train") -> dict[str, list[int]]:
    """Give the ids of every document by its id."""
    found = {}
    for channel in channels(artifact, split):
        shard = open_shard(artifact, split, channel)
        for index, name in enumerate(read_sidecar(artifact, split, channel)["id"].to_pylist()):
            found[name] = shard.document(index).tolist()
    return found


def test_ids_are_those_of_the_reference_tokenizer(tmp_path: Path, folder: Path, documents: Path) -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    report = tokenize_splits({"train": documents}, folder, tmp_path / "tokens", TokenizeParams())
    found = read_back(tmp_path / "tokens")

    reference, raw = AutoTokenizer.from_pretrained(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    raw.encode_special_tokens = True
    end = reference.eos_token_id
    plain = {f"d{index}": reference(text)["input_ids"] for index, text in enumerate(NASTY) if "<|" not in text}
    assert len(plain) < len(NASTY)
    assert {name: found[name] for name in plain} == {name: [*ids, end] for name, ids in plain.items()}
    assert found == {f"d{index}": [*raw.encode(text).ids, end] for index, text in enumerate(NASTY)}
    assert found["d0"] == [end]
    assert {ids[-1] for ids in found.values()} == {end}
    for index, text in enumerate(NASTY):
        assert end not in found[f"d{index}"][:-1]
        assert raw.decode(found[f"d{index}"][:-1], skip_special_tokens=False) == text
    assert report.train["en"].tokens + report.train["zh"].tokens == sum(map(len, found.values()))


def test_the_shipped_model_is_encoded_as_it_does_itself(tmp_path: Path, shared: Path) -> None:
    from transformers import AutoTokenizer

    model = shared / "models" / "tinystories-656k"
    write_reference(tmp_path / "base_model", model, name=str(model), revision=None)
    stories = [
        "Once upon a time, there was a little girl named Lily.\nShe liked to play.",
        " Tom said, “Hi!”",
        *NASTY,
    ]
    documents = write_documents(tmp_path / "documents", stories, ["en"] * len(stories))
    prepare_tokenizer(documents, tmp_path / "base_model", tmp_path, TokenizerParams())
    tokenize_documents(documents, documents, tmp_path / "tokenizer", tmp_path, TokenizeParams())

    reference = AutoTokenizer.from_pretrained(model)
    expected = {f"d{index}": [*reference(text)["input_ids"], 2] for index, text in enumerate(stories)}
    assert read_back(tmp_path / "tokens", "train") == expected
    assert read_back(tmp_path / "tokens", "heldout") == expected
    assert resolve(tmp_path / "start_model") == model.resolve()


def test_the_size_of_a_batch_does_not_matter(tmp_path: Path, folder: Path, documents: Path) -> None:
    manifests = []
    for size in (1, 3, 256):
        tokenize_splits({"train": documents}, folder, tmp_path / str(size), TokenizeParams(documents_per_batch=size))
        manifests.append(read_manifest(tmp_path / str(size)))
    assert manifests[0] == manifests[1] == manifests[2]


def test_splits_channels_counts_and_sidecar(tmp_path: Path, folder: Path) -> None:
    seal(folder, "tokenizer")
    train = write_documents(tmp_path / "train", ["the cat", "中文", "dog"], ["en", "zh", "en"])
    heldout = write_documents(tmp_path / "heldout", ["é"], ["en"])
    report = tokenize_documents(train, heldout, folder, tmp_path, TokenizeParams())
    artifact = tmp_path / "tokens"

    assert (channels(artifact, "train"), channels(artifact, "heldout")) == (("en", "zh"), ("en",))
    assert {name: (each.documents, each.bytes) for name, each in report.train.items()} == {"en": (2, 10), "zh": (1, 6)}
    assert report.train["en"].tokens == open_shard(artifact, "train", "en").num_tokens
    assert report.heldout["en"].model_dump() == {
        "documents": 1,
        "tokens": open_shard(artifact, "heldout", "en").num_tokens,
        "bytes": 2,
        "works": 1,
        "control_token_documents": 0,
        "control_tokens": {},
    }
    sidecar = read_sidecar(artifact, "train", "zh").to_pylist()
    size = open_shard(artifact, "train", "zh").num_tokens
    known = {"category": "c", "quality": 0.5, "use": None, "synthetic": None}
    known |= {"part_of": None, "part": None, "last_part": True}
    assert sidecar == [{"id": "d1", "tokens": size, "bytes": 6, **known}]
    manifest = read_manifest(artifact)
    assert manifest["tokens"] == sum(each.tokens for each in (*report.train.values(), *report.heldout.values()))
    assert manifest["vocabulary_size"] == report.vocabulary_size == 400


def test_only_some_channels(tmp_path: Path, folder: Path) -> None:
    documents = write_documents(tmp_path / "documents", ["a", "b", "c"], ["en", "domain", "code"])
    report = tokenize_splits({"train": documents}, folder, tmp_path / "t", TokenizeParams(), only=("code", "en"))
    assert channels(tmp_path / "t", "train") == ("code", "en") == tuple(report.train)
    assert report.heldout == {}


def test_no_documents_give_an_empty_artifact(tmp_path: Path, folder: Path) -> None:
    documents = write_documents(tmp_path / "documents", [], [])
    report = tokenize_splits({"train": documents}, folder, tmp_path / "t", TokenizeParams())
    assert (report.train, channels(tmp_path / "t", "train")) == ({}, ())


def test_an_unfinished_tokenizer_is_not_read(tmp_path: Path, documents: Path) -> None:
    (tmp_path / "unfinished").mkdir()
    with pytest.raises(ArtifactError, match="unfinished has no manifest"):
        tokenize_documents(documents, documents, tmp_path / "unfinished", tmp_path, TokenizeParams())


def encoded(folder: Path, *rows: tuple[str, bool, str | None, bool]) -> list[list[int]]:
    """Encode documents given as text, whether it goes on with the one before, separator, last_part."""
    tokenizer: Any = load(folder)
    named = [dict(zip(("text", "_", "separator", "last_part"), row, strict=True)) for row in rows]
    return list(encode(PlainTextEncoder(tokenizer), tokenizer.eos_token_id, named, [row[1] for row in rows]))


def test_of_no_texts_encode_makes_nothing(folder: Path) -> None:
    end = load(folder).eos_token_id
    assert encoded(folder) == []
    assert encoded(folder, ("", False, None, True), ("", False, None, True)) == [[end]] * 2


@pytest.mark.feature(72)
def test_a_text_that_was_cut_begins_once_and_ends_once(shared: Path) -> None:
    model = shared / "models" / "tinystories-656k"  # puts <|start_story|> (1) before a text; <|end_story|> is 2
    first, second, third = encoded(
        model, ("Tom ran.", False, "", False), ("He fell.", True, "\n\n", False), ("Then he got up.", True, " ", True)
    )
    (whole,) = encoded(model, ("Tom ran.\n\nHe fell. Then he got up.", False, None, True))
    assert [ids.count(1) for ids in (first, second, third)] == [1, 0, 0]
    assert [ids.count(2) for ids in (first, second, third)] == [0, 0, 1]
    assert (whole[0], whole[-1]) == (first[0], third[-1]) == (1, 2)
    decode = load(model).decode
    assert decode([*first[1:], *second, *third[:-1]]) == decode(whole[1:-1])


@pytest.mark.feature(71)
def test_the_name_of_a_control_token_is_words_and_is_counted(tmp_path: Path, shared: Path) -> None:
    model = shared / "models" / "tinystories-656k"
    texts = ["It said <|end_story|> and <|start_story|>.", "<unk> is a name", "It ended. <|end_story|>", "plain"]
    documents = write_documents(tmp_path / "documents", texts, ["en"] * 4)
    report = tokenize_splits({"train": documents}, model, tmp_path / "tokens", TokenizeParams()).train["en"]
    for ids, text in zip(read_back(tmp_path / "tokens").values(), texts, strict=True):
        assert (ids[0], ids[-1]) == (1, 2)
        assert not {0, 1, 2} & set(ids[1:-1])
        assert load(model).decode(ids[1:-1]) == text
    assert report.control_token_documents == 3
    assert report.control_tokens == {"<unk>": 1, "<|end_story|>": 2, "<|start_story|>": 1}


def test_use_and_kind_of_synthesis_are_taken_from_the_metadata(tmp_path: Path, folder: Path) -> None:
    metadata = {
        "d0": None,
        "d1": '{"grade": "clean"}',
        "d2": '{"grade": "synthesis"}',
        "d2#questions": '{"grade": "synthesis", "synthetic": "questions", "parent": "d2", "model": "big"}',
    }
    with DocumentWriter(tmp_path / "documents") as writer:
        for name, text in metadata.items():
            writer.write(document(id=name, text="dog", channel="en", source="t", license="MIT", metadata=text))
    tokenize_splits({"train": tmp_path / "documents"}, folder, tmp_path / "t", TokenizeParams())
    sidecar = read_sidecar(tmp_path / "t", "train", "en")
    assert sidecar["use"].to_pylist() == [None, None, "synthesis", None]
    assert sidecar["synthetic"].to_pylist() == [None, None, None, "questions"]


def part(
    name: str, number: int | None, text: str, *, last: bool = False, metadata: str | None = None
) -> dict[str, Any]:
    return document(
        id=name, text=text, channel="en", source="t", license="MIT", part_of="b", part=number,
        separator=None if number is None else "\n\n", last_part=last, metadata=metadata,
    )  # fmt: skip


def test_a_part_whose_part_before_is_not_there_begins_a_text(tmp_path: Path, shared: Path) -> None:
    """Part 0 was left out by clean: part 1 begins with the start token and without what stood before it."""
    model = shared / "models" / "tinystories-656k"
    with DocumentWriter(tmp_path / "documents") as writer:
        writer.write(part("b/2", 1, "Tom ran."))
        writer.write(part("b/3", 2, "He fell.", last=True))
    tokenize_splits({"train": tmp_path / "documents"}, model, tmp_path / "t", TokenizeParams())
    shard = open_shard(tmp_path / "t", "train", "en")
    first, second = shard.document(0).tolist(), shard.document(1).tolist()
    assert (first[0], second[-1]) == (1, 2)
    assert load(model).decode([*first[1:], *second[:-1]]) == "Tom ran.\n\nHe fell."
    assert shard.texts.tolist() == [0]


def test_the_second_text_of_a_record_does_not_go_on_with_the_first(tmp_path: Path, shared: Path) -> None:
    """Two chapters of a record, of three parts each: the end of one and the begin of the other were left out."""
    model = shared / "models" / "tinystories-656k"
    with DocumentWriter(tmp_path / "documents") as writer:
        writer.write(part("b/1/1", 0, "Tom ran."))
        writer.write(part("b/2/2", 1, "He fell.", last=True))
    tokenize_splits({"train": tmp_path / "documents"}, model, tmp_path / "t", TokenizeParams())
    shard = open_shard(tmp_path / "t", "train", "en")
    first, second = shard.document(0).tolist(), shard.document(1).tolist()
    assert [ids.count(1) for ids in (first, second)] == [1, 1]
    assert [ids.count(2) for ids in (first, second)] == [0, 1]
    assert load(model).decode(second[1:-1]) == "He fell."
    assert shard.texts.tolist() == [0, 1]


def test_what_clean_made_of_a_part_stands_behind_the_text_and_not_in_it(tmp_path: Path, folder: Path) -> None:
    made = '{"synthetic": "shuffle_sentences", "parent": "b/1"}'
    with DocumentWriter(tmp_path / "documents") as writer:
        writer.write(part("b/1", 0, "the cat"))
        writer.write(part("b/1#shuffle_sentences", None, "cat the", metadata=made))
        writer.write(part("b/2", 1, "sat", last=True))
        writer.write(part("c", None, "dog", last=True))
    tokenize_splits({"train": tmp_path / "documents"}, folder, tmp_path / "t", TokenizeParams(documents_per_batch=2))
    assert read_sidecar(tmp_path / "t", "train", "en")["id"].to_pylist() == ["b/1", "b/2", "b/1#shuffle_sentences", "c"]
    assert open_shard(tmp_path / "t", "train", "en").texts.tolist() == [0, 2, 3]
