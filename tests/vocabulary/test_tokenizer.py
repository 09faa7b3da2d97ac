"""The base's own tokenizer and weights, handed on by link; what it makes of each channel; a new one trained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import find_damage, read_manifest, seal
from cpt_pipeline.core.errors import ArtifactError, ModelNotFoundError
from cpt_pipeline.formats.models import resolve, write_reference
from cpt_pipeline.vocabulary.params import TokenizerParams
from cpt_pipeline.vocabulary.tokenizer import END_OF_TEXT, load, prepare_tokenizer, train_bpe
from tests.vocabulary.texts import NASTY, write_documents


def make_base(place: Path, folder: Path) -> Path:
    """Give a sealed model of its own files: the tokenizer of `folder` and something for weights."""
    place.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (place / name).write_bytes((folder / name).read_bytes())
    (place / "model.safetensors").write_bytes(b"weights")
    (place / "config.json").write_text("{}")
    (place / "generation_config.json").write_text("{}")
    seal(place, "model")
    return place


def test_start_model_is_the_base_by_hard_link(tmp_path: Path, folder: Path, documents: Path) -> None:
    base = make_base(tmp_path / "base_model", folder)
    report = prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams())
    start = tmp_path / "out" / "start_model"

    assert resolve(start) == start
    assert read_manifest(start) == read_manifest(base)
    assert find_damage(start) == []
    for name in ("model.safetensors", "config.json", "tokenizer.json", "generation_config.json"):
        assert (start / name).stat().st_ino == (base / name).stat().st_ino
    assert (start / "manifest.json").stat().st_ino != (base / "manifest.json").stat().st_ino
    assert (report.extended, report.vocabulary_size) == (False, 400)


def test_the_tokenizer_is_an_artifact_of_its_own(tmp_path: Path, folder: Path, documents: Path) -> None:
    base = make_base(tmp_path / "base_model", folder)
    prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams())
    tokenizer = tmp_path / "out" / "tokenizer"
    assert sorted(read_manifest(tokenizer)["files"]) == ["tokenizer.json", "tokenizer_config.json"]
    assert read_manifest(tokenizer)["vocabulary_size"] == 400
    assert load(tokenizer).get_vocab() == load(base).get_vocab()


def test_a_referenced_base_stays_a_reference(tmp_path: Path, folder: Path, documents: Path) -> None:
    model = make_base(tmp_path / "model", folder)
    write_reference(tmp_path / "base_model", model, name=str(model), revision=None)
    prepare_tokenizer(documents, tmp_path / "base_model", tmp_path / "out", TokenizerParams())
    assert resolve(tmp_path / "out" / "start_model") == model
    names = [path.name for path in (tmp_path / "out" / "start_model").iterdir()]
    assert sorted(names) == ["manifest.json", "reference.json"]


def test_figures_per_channel_literally(tmp_path: Path, folder: Path) -> None:
    base = make_base(tmp_path / "base_model", folder)
    texts = ["the cat", "the dog", "é", "xxxx", "never read"]
    documents = write_documents(tmp_path / "documents", texts, ["en", "en", "zh", "zh", "zh"])
    report = prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams(sample_documents_per_channel=2))

    encode = load(base)
    num_tokens = [len(encode(text)["input_ids"]) for text in texts]
    assert report.channels["en"].model_dump() == {
        "documents": 2,
        "bytes_per_token": round(14 / sum(num_tokens[:2]), 4),
        "characters_per_token": round(14 / sum(num_tokens[:2]), 4),
        "unknown_share": 0.0,
        "lost_share": 0.0,
    }
    assert report.channels["zh"].documents == 2
    assert report.channels["zh"].bytes_per_token == round(6 / sum(num_tokens[2:4]), 4)
    assert report.channels["zh"].characters_per_token == round(5 / sum(num_tokens[2:4]), 4)


def test_a_byte_level_tokenizer_loses_nothing(tmp_path: Path, folder: Path, documents: Path) -> None:
    base = make_base(tmp_path / "base_model", folder)
    report = prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams())
    assert {name: (each.lost_share, each.unknown_share) for name, each in report.channels.items()} == {
        "en": (0.0, 0.0),
        "zh": (0.0, 0.0),
    }


@pytest.mark.feature(46)
def test_what_the_tokenizer_makes_of_each_channel_is_reported(tmp_path: Path) -> None:
    """Words of three letters; two documents of each channel are read, so that `never read` changes nothing."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = tmp_path / "base_model"
    folder.mkdir()
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "</s>": 1, "cat": 2, "dog": 3, "骨": 4}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names))
    seal(folder, "model")
    texts = ["cat dog", "cat emu owl", "骨 骨", "骨", "never read"]
    documents = write_documents(tmp_path / "documents", texts, ["en", "en", "zh", "zh", "zh"])
    params = TokenizerParams(sample_documents_per_channel=2)
    report = prepare_tokenizer(documents, folder, tmp_path / "out", params)
    assert {name: each.model_dump() for name, each in report.channels.items()} == {
        "en": {
            "documents": 2,
            "bytes_per_token": 3.6,  # 18 letters and blanks in 5 tokens
            "characters_per_token": 3.6,
            "unknown_share": 0.4,
            "lost_share": 0.5,
        },
        "zh": {
            "documents": 2,
            "bytes_per_token": 3.3333,
            "characters_per_token": 1.3333,
            "unknown_share": 0.0,
            "lost_share": 0.0,
        },
    }


def test_the_documents_that_are_read_are_drawn_from_all_over_a_channel(tmp_path: Path, folder: Path) -> None:
    """The first half of the channel is of one source, with four bytes a token and more; the other is of rare bytes."""
    base = make_base(tmp_path / "base_model", folder)
    texts = [*["the cat and the dog"] * 60, *["\x01\x02\x01\x02"] * 60]
    documents = write_documents(tmp_path / "documents", texts, ["en"] * 120)
    report = prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams(sample_documents_per_channel=40))
    every = prepare_tokenizer(documents, base, tmp_path / "every", TokenizerParams())
    assert report.channels["en"].documents == 40
    assert report.channels["en"].bytes_per_token == pytest.approx(every.channels["en"].bytes_per_token, rel=0.2)


def test_a_base_without_tokenizer_or_end_is_refused(tmp_path: Path, folder: Path, documents: Path) -> None:
    base = make_base(tmp_path / "base_model", folder)
    config = json.loads((base / "tokenizer_config.json").read_text())
    del config["eos_token"]
    (base / "tokenizer_config.json").write_text(json.dumps(config))
    seal(base, "model")
    with pytest.raises(ModelNotFoundError, match="base_model: the tokenizer names no eos_token"):
        prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams())
    (base / "tokenizer.json").unlink()
    with pytest.raises(ModelNotFoundError, match=r"base_model has no tokenizer \(tokenizer\.json\)"):
        load(base)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "added_tokens.json"])
def test_damage_to_the_base_is_neither_linked_nor_copied(
    tmp_path: Path, folder: Path, documents: Path, name: str
) -> None:
    base = make_base(tmp_path / "base_model", folder)
    path = base / name
    path.write_bytes((path.read_bytes() if path.is_file() else b"") + b" ")
    with pytest.raises(ArtifactError, match=rf"base_model is damaged.*\n  - {name}: "):
        prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams())
    assert not (tmp_path / "out").exists()


def test_equal_texts_train_equal_bytes(tmp_path: Path) -> None:
    """Words of equal counts make ties, which a hash map's order must not decide, in this process or another."""
    code = (
        "import sys; from pathlib import Path; from cpt_pipeline.vocabulary.tokenizer import train_bpe; "
        "words = [f'{a}{b}{c}' for a in 'abcdefgh' for b in 'ijklmnop' for c in '中文字']; "
        "train_bpe((' '.join(words[i:i + 50]) for i in range(0, len(words), 10)), Path(sys.argv[1]), 500)"
    )
    for number in range(3):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / str(number))], check=True)
    files = [
        [(tmp_path / str(number) / name).read_bytes() for name in ("tokenizer.json", "tokenizer_config.json")]
        for number in range(3)
    ]
    assert files[0] == files[1] == files[2]


def test_a_trained_tokenizer_keeps_every_byte_and_knows_its_end(folder: Path) -> None:
    tokenizer = load(folder)
    assert len(tokenizer) == 400
    assert tokenizer.eos_token == END_OF_TEXT
    assert tokenizer.eos_token_id == 0
    assert tokenizer(END_OF_TEXT)["input_ids"] == [0]
    for text in NASTY:
        assert tokenizer.decode(tokenizer(text)["input_ids"], clean_up_tokenization_spaces=False) == text


def test_a_small_corpus_gives_a_small_vocabulary(tmp_path: Path) -> None:
    train_bpe(iter(["ab ab ab"]), tmp_path / "small", 5000)
    assert 257 <= len(load(tmp_path / "small")) <= 262
