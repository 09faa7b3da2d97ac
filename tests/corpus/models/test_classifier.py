"""A classifier from examples: no text on both sides, classes balanced, and the same model at every start."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from cpt_pipeline.corpus.models.classifier import (
    ClassifierParams,
    Example,
    draw_examples,
    find_few,
    make_example,
    train,
)
from cpt_pipeline.corpus.models.text_model import TextModel, TextModelParams
from tests.corpus.texts import make_text

PARAMS = ClassifierParams(model=TextModelParams(num_features=1 << 12, max_characters=200))


def examples(number: int, label: str, word: str) -> list[Example]:
    return [make_example(f"{word} {make_text(each, 12)} {word}s", label, PARAMS) for each in range(number)]


def test_copies_are_one_example_and_the_smallest_draws_stay() -> None:
    twice = [make_example(text, "a", PARAMS) for text in ("One  text", "one text", "another")]
    assert len(draw_examples(twice, 10)) == 2
    many = examples(40, "a", "vein")
    drawn = draw_examples(reversed(many), 15)
    assert [each.draw for each in drawn] == sorted(each.draw for each in many)[:15]
    other = ClassifierParams(seed=1, model=PARAMS.model)
    assert make_example("one", "a", other).draw != make_example("one", "a", PARAMS).draw


def test_every_fifth_example_of_a_class_is_never_trained_on(tmp_path: Path) -> None:
    drawn = draw_examples([*examples(100, "body", "vein"), *examples(12, "trade", "bond")], 1_000)
    report = train(drawn, PARAMS, tmp_path)
    assert {name: (each.trained, each.heldout) for name, each in report.classes.items()} == {
        "body": (80, 20),
        "trade": (9, 3),
    }
    assert report.accuracy.share == 1.0


def test_a_class_of_few_examples_is_not_drowned(tmp_path: Path) -> None:
    mixed = [make_example(f"vein {make_text(each, 3)}", "rare", PARAMS) for each in range(10)]
    mixed += [make_example(f"{make_text(100 + each, 3)}", "common", PARAMS) for each in range(500)]
    train(draw_examples(mixed, 1_000), PARAMS, tmp_path)
    model = TextModel.load(tmp_path)
    assert model.probabilities(["vein nothing else"])[0, model.classes.index("rare")] > 0.5


def test_a_model_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    drawn = draw_examples([*examples(20, "body", "vein"), *examples(20, "trade", "bond")], 100)
    first = train(drawn, PARAMS, tmp_path / "a")
    train(drawn, PARAMS, tmp_path / "b")
    files = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert train([], PARAMS, tmp_path / "a") == first


def test_thresholds_are_of_all_classes_or_of_each() -> None:
    assert ClassifierParams(min_probability=0.7).thresholds("ab") == {"a": 0.7, "b": 0.7}
    assert ClassifierParams(min_probability={"a": 0.9}).thresholds("ab") == {"a": 0.9, "b": 0.5}
    for wrong in (1.2, {"a": -0.1}):
        with pytest.raises(ValidationError, match="min_probability"):
            ClassifierParams.model_validate({"min_probability": wrong})


def test_classes_of_too_few_examples_are_named() -> None:
    assert find_few(Counter(a=10, b=50)) == []
    assert find_few(Counter(a=9, b=50)) == ["a: 9 examples, at least 10 are needed"]
    assert find_few(Counter(a=90)) == ["1 classes have examples, two or more are needed"]


def test_a_text_under_two_labels_is_an_example_of_neither() -> None:
    shared = [make_example(make_text(900), label, PARAMS) for label in ("body", "trade")]
    drawn = draw_examples([*examples(5, "body", "vein"), *shared, *examples(5, "trade", "bond")], 10)
    assert Counter(each.label for each in drawn) == {"body": 5, "trade": 5}
    assert not {each.draw for each in shared} & {each.draw for each in drawn}
