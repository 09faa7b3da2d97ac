"""A classifier of texts from examples: four fifths train a linear model, the rest says what it is worth.

Examples are drawn by a hash of their text, so copies of a text are one example, and none stands on both sides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import xxhash
from pydantic import Field

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.core.params import Params, Seed
from cpt_pipeline.corpus.models.classifier_report import ClassifierReport, report_classes
from cpt_pipeline.corpus.models.text_model import TextModel, TextModelParams
from cpt_pipeline.text.words import fold

MIN_EXAMPLES = 10
"""Of a class; fewer cannot be divided into what trains and what tests."""
Probability = Annotated[float, Field(ge=0, le=1)]
_REPORT = "report.json"
_HELDOUT_OF = 5


class ClassifierParams(Params):
    """What is common to all classifiers."""

    min_probability: Probability | dict[str, Probability] = 0.5
    """From which the likeliest class is believed; by class, those that are not named have 0.5."""
    model: TextModelParams = TextModelParams()
    seed: Seed = 0
    max_review: int = Field(10, ge=0)
    """Documents nearest to the threshold that the report names, of each source."""

    def thresholds(self, classes: Iterable[str]) -> dict[str, float]:
        """Give the probability that each class needs."""
        given = self.min_probability
        return {name: given.get(name, 0.5) if isinstance(given, dict) else given for name in classes}


@dataclass(frozen=True)
class Example:
    """A text of a known class."""

    draw: int
    """64 random bits that its text and the seed give."""
    label: str
    text: str


def make_example(text: str, label: str, params: ClassifierParams) -> Example:
    """Cut a text to what the model reads of it, and draw."""
    head = text[: params.model.max_characters]
    return Example(xxhash.xxh3_64_intdigest(f"{params.seed}:{fold(head)}"), label, head)


def draw_examples(examples: Iterable[Example], max_examples: int) -> list[Example]:
    """Give each text once, sorted by label and draw, and of each label those with the smallest draws.

    A text that stands under two labels is an example of neither.
    """
    found: defaultdict[str, dict[int, Example]] = defaultdict(dict)
    for example in examples:
        found[example.label].setdefault(example.draw, example)
    num_labels = Counter(draw for drawn in found.values() for draw in drawn)
    drawn: list[Example] = []
    for _, examples_of in sorted(found.items()):
        drawn += [each for draw, each in sorted(examples_of.items()) if num_labels[draw] == 1][:max_examples]
    return drawn


def find_few(labels: Mapping[str, int]) -> list[str]:
    """Say which labels have too few examples, and whether there are too few labels."""
    few = [
        f"{label}: {number} examples, at least {MIN_EXAMPLES} are needed"
        for label, number in sorted(labels.items())
        if number < MIN_EXAMPLES
    ]
    return few if len(labels) > 1 else [*few, f"{len(labels)} classes have examples, two or more are needed"]


def train(examples: Sequence[Example], params: ClassifierParams, folder: Path) -> ClassifierReport:
    """Train, test and save; what `folder` holds already is not made again. `examples` are those of `draw_examples`."""
    if (folder / _REPORT).is_file():
        return ClassifierReport.model_validate(
            read_json(folder / _REPORT, keys=ClassifierReport.model_fields, remedy=UNFINISHED)
        )
    learnt, heldout = _divide(examples)
    sizes = Counter(each.label for each in learnt)
    balance = [len(learnt) / (len(sizes) * sizes[each.label]) for each in learnt]
    model = TextModel.fit([each.text for each in learnt], [each.label for each in learnt], params.model, balance)
    report = report_classes(
        model.classes,
        sizes,
        [each.label for each in heldout],
        model.probabilities([each.text for each in heldout]),
        params.thresholds(model.classes),
    )
    model.save(folder)
    write_json(folder / _REPORT, report.model_dump(mode="json"))
    return report


def _divide(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Hold out every fifth of a label, beginning with the first."""
    seen: Counter[str] = Counter()
    learnt: list[Example] = []
    heldout: list[Example] = []
    for example in examples:
        (heldout if seen[example.label] % _HELDOUT_OF == 0 else learnt).append(example)
        seen[example.label] += 1
    return learnt, heldout
