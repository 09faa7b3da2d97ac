"""The linear scorer: words and pairs of words, weighted; scored at the speed of reading."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.models.text_model import TextModel, TextModelParams

_GOOD, _POOR = "good", "poor"


class LinearScorer:
    """Gives the probability of `good` of a linear model of texts."""

    def __init__(self, folder: Path) -> None:
        self._model = TextModel.load(folder)
        self._good = self._model.classes.index(_GOOD)

    def score(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Give a score in 0..1 for every text."""
        return self._model.probabilities(texts)[:, self._good].astype(np.float64)


def train_linear(labels: Sequence[Label], params: TextModelParams, folder: Path) -> None:
    """Train on the labels and write the model; a label between good and poor is a part of each."""
    sides = [(label, _GOOD, label.value) for label in labels] + [(label, _POOR, 1 - label.value) for label in labels]
    rows = [(label.text, side, weight) for label, side, weight in sides if weight > 0]
    texts, classes, weights = zip(*rows, strict=True)
    TextModel.fit(texts, classes, params, weights).save(folder)
