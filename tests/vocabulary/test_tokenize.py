"""Ids equal the reference tokenizer on every document, however the work is cut up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.documents import DocumentWriter, document
from cpt_pipeline.formats.models import resolve, write_reference
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


def closed(ids: list[int], end: int) -> list[int]:
    return ids if ids[-1:] == [end] else [*ids, end]


def test_ids_are_those_of_the_reference_tokenizer(tmp_path: Path, folder: Path, documents: Path) -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    report = tokenize_splits({"train": documents}, folder, tmp_path / "tokens", TokenizeParams())
    found = read_back(tmp_path / "tokens")

    reference, raw = AutoTokenizer.from_pretrained(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    end = reference.eos_token_id
    assert found == {f"d{index}": closed(reference(text)["input_ids"], end) for index, text in enumerate(NASTY)}
    assert found == {f"d{index}": closed(raw.encode(text).ids, end) for index, text in enumerate(NASTY)}
    assert found["d0"] == [end]
    assert {ids[-1] for ids in found.values()} == {end}
    for index, text in enumerate(NASTY):
        body = found[f"d{index}"] if text.endswith("<|endoftext|>") else found[f"d{index}"][:-1]
        assert raw.decode(body, skip_special_tokens=False) == text
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
    expected = {f"d{index}": closed(reference(text)["input_ids"], 2) for index, text in enumerate(stories)}
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
    }
    sidecar = read_sidecar(artifact, "train", "zh").to_pylist()
    size = open_shard(artifact, "train", "zh").num_tokens
    known = {"category": "c", "quality": 0.5, "use": None, "synthetic": None}
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


def test_of_no_texts_encode_makes_nothing(folder: Path) -> None:
    tokenizer: Any = load(folder)
    assert encode(tokenizer, []) == []
    assert encode(tokenizer, ["", ""]) == [[tokenizer.eos_token_id]] * 2


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
