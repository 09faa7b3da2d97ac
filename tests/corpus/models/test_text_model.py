"""The linear model of texts: it tells classes apart, and is the same wherever it is made or read."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.models.text_model import TextModel, TextModelParams

_PARAMS = TextModelParams(num_features=1 << 12)
_WORDS = {
    "body": "artery vein muscle bone nerve tissue cell organ",
    "trade": "market price bond share bank profit loan rate",
    "中医": "脉浮紧者当发汗身疼痛而恶寒桂枝汤主之",
}
_COMMON = "the of and in is that to with"


def _texts(name: str, number: int) -> list[str]:
    chance = random.Random(name)
    if name == "中医":
        return ["".join(chance.choices(_WORDS[name], k=40)) for _ in range(number)]
    words = f"{_WORDS[name]} {_COMMON} {_COMMON}".split()
    return [" ".join(chance.choices(words, k=30)) for _ in range(number)]


def _examples(number: int) -> tuple[list[str], list[str]]:
    texts = [text for name in _WORDS for text in _texts(name, number)]
    return texts, [name for name in _WORDS for _ in range(number)]


def test_classes_are_told_apart_in_both_languages() -> None:
    texts, labels = _examples(40)
    model = TextModel.fit(texts[::2], labels[::2], _PARAMS)
    found = model.probabilities(texts[1::2])
    assert model.classes == ("body", "trade", "中医")
    assert [model.classes[place] for place in found.argmax(axis=1)] == labels[1::2]
    assert found.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-6)


def test_a_text_of_no_known_word_gets_the_share_of_the_classes() -> None:
    texts, labels = _texts("body", 60) + _texts("trade", 20), ["body"] * 60 + ["trade"] * 20
    found = TextModel.fit(texts, labels, _PARAMS).probabilities(["", "the of and"])
    assert found[0, 0] > 0.5
    assert found[1, 0] > 0.5


def test_case_and_width_of_letters_say_nothing() -> None:
    texts, labels = _examples(10)
    model = TextModel.fit(texts, labels, _PARAMS)
    plain, shouted, wide = model.probabilities(["vein of bone", "VEIN of Bone", "ｖｅｉｎ of bone"])
    assert plain.tolist() == shouted.tolist() == wide.tolist()


def test_text_beyond_the_limit_is_not_read() -> None:
    texts, labels = _examples(10)
    model = TextModel.fit(texts, labels, TextModelParams(num_features=1 << 12, max_characters=4))
    short, long = model.probabilities(["vein", "vein market bank loan"])
    assert short.tolist() == long.tolist()


def test_soft_labels_pull_by_their_weight() -> None:
    texts = ["vein"] * 2 + ["loan"] * 2
    labels = ["good", "poor", "good", "poor"]
    params = TextModelParams(num_features=1 << 12, inverse_regularization=1e6)
    found = TextModel.fit(texts, labels, params, weights=[0.9, 0.1, 0.3, 0.7]).probabilities(["vein", "loan"])
    assert found[:, 0] == pytest.approx([0.9, 0.3], abs=0.01)


def test_what_is_read_back_answers_alike_and_equal_models_are_equal_bytes(tmp_path: Path) -> None:
    texts, labels = _examples(10)
    for place in ("one", "two"):
        TextModel.fit(texts, labels, _PARAMS).save(tmp_path / place)
    for name in ("model.safetensors", "model.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    model, again = TextModel.fit(texts, labels, _PARAMS), TextModel.load(tmp_path / "one")
    assert again.classes == model.classes
    assert again.params == _PARAMS
    assert again.probabilities(texts).tolist() == model.probabilities(texts).tolist()


def test_the_answer_to_a_text_does_not_depend_on_its_neighbours() -> None:
    texts, labels = _examples(10)
    model = TextModel.fit(texts, labels, _PARAMS)
    alone = np.concatenate([model.probabilities([text]) for text in texts])
    assert alone.tolist() == model.probabilities(texts).tolist()


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="two classes or more, not \\['body'\\]"):
        TextModel.fit(["vein", "bone"], ["body", "body"], _PARAMS)


def test_a_folder_without_a_model_and_one_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no model of texts"):
        TextModel.load(tmp_path)
    texts, labels = _examples(4)
    TextModel.fit(texts, labels, _PARAMS).save(tmp_path)
    settings = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    (tmp_path / "model.json").write_text(json.dumps({**settings, "version": 99}), encoding="utf-8")
    with pytest.raises(ArtifactError, match="of version 99, not 1: train it again"):
        TextModel.load(tmp_path)
