"""A linear model of texts: hashed n-grams of words and multinomial logistic regression, trained in seconds on one core.

The kind of model that fastText's classifiers are (Joulin et al. 2017) and that DCLM and DeepSeekMath filter web pages
with. No vocabulary is kept, so memory does not grow with the text; a Chinese or Japanese character is a word of its
own, so a pair of words there is a pair of characters. Texts are compared without case and width. The same texts in the
same order give the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from cpt_pipeline.core.artifact import flush, write_json
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.params import Params, Seed
from cpt_pipeline.text.words import fold, split_words

_WEIGHTS, _SETTINGS = "model.safetensors", "model.json"
_VERSION = 1


class TextModelParams(Params):
    """What a linear model of texts reads of them, and how freely it fits."""

    max_characters: int = Field(4_000, ge=1)
    """Of a text the first ones are read."""
    ngram_words: int = Field(2, ge=1, le=5)
    """Sequences of up to so many words."""
    num_features: int = Field(1 << 18, ge=1 << 10, le=1 << 24)
    """Places that n-grams are hashed to; four bytes a class each."""
    inverse_regularization: float = Field(10.0, gt=0)
    """C of scikit-learn: larger fits the examples more closely."""
    seed: Seed = 0


class TextModel:
    """Gives the probability of every class; see `fit` and `load`."""

    def __init__(self, classes: Sequence[str], params: TextModelParams, weights: Any, intercepts: Any) -> None:
        self.classes = tuple(classes)
        self.params = params
        self._weights: npt.NDArray[np.float32] = weights
        self._intercepts: npt.NDArray[np.float32] = intercepts
        self._count = _counter(params)

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        labels: Sequence[str],
        params: TextModelParams,
        weights: Sequence[float] | None = None,
    ) -> TextModel:
        """Train on texts with one label each; a label of value y in 0..1 is two rows of weights y and 1 - y.

        `ValueError` when there are fewer than two different labels.
        """
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        if len(set(labels)) < 2:
            raise ValueError(f"a model of texts needs two classes or more, not {sorted(set(labels))}")
        features = _counter(params)(texts)
        model = LogisticRegression(C=params.inverse_regularization, max_iter=1_000, random_state=params.seed)
        shares = None if weights is None else np.asarray(weights)
        with threadpool_limits(1):  # so that sums, and with them the weights, do not depend on the number of cores
            model.fit(features, np.asarray(labels), sample_weight=shares)
        rows, intercepts = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn gives the second class alone
            rows, intercepts = np.concatenate([0 * rows, rows]), np.concatenate([0 * intercepts, intercepts])
        flat = np.ascontiguousarray(rows, np.float32)  # safetensors writes the bytes as they lie, whatever their order
        return cls(model.classes_.tolist(), params, flat, intercepts.astype(np.float32))

    def probabilities(self, texts: Iterable[str]) -> npt.NDArray[np.float32]:
        """Give an array of shape [texts, classes] whose rows sum to one; a text's row depends on that text alone."""
        scores = np.asarray(self._count(texts) @ self._weights.T, np.float32) + self._intercepts
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: npt.NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return found

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and the rest as JSON, which comes last; equal models give equal bytes."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({"weights": self._weights, "intercepts": self._intercepts}, folder / _WEIGHTS)
        flush(folder / _WEIGHTS)
        settings = {"version": _VERSION, "classes": self.classes, "params": self.params.model_dump(mode="json")}
        write_json(folder / _SETTINGS, settings)

    @classmethod
    def load(cls, folder: Path) -> TextModel:
        """Read a model that was saved. `ArtifactError` when there is none."""
        from safetensors.numpy import load_file

        if not (folder / _SETTINGS).is_file():
            raise ArtifactError(f"{folder} holds no model of texts ({_SETTINGS} is missing)")
        settings = read_json(folder / _SETTINGS, keys=("version", "classes", "params"))
        if settings["version"] != _VERSION:
            raise ArtifactError(f"{folder} is of version {settings['version']}, not {_VERSION}: train it again")
        arrays = load_file(folder / _WEIGHTS)
        params = TextModelParams.model_validate(settings["params"])
        return cls(settings["classes"], params, arrays["weights"], arrays["intercepts"])


def _counter(params: TextModelParams) -> Callable[[Iterable[str]], Any]:
    """Give the function from texts to a sparse matrix of shape [texts, features], each row of length one."""
    from sklearn.feature_extraction.text import HashingVectorizer

    def split(text: str) -> list[str]:
        return split_words(fold(text[: params.max_characters]))

    vectorizer = HashingVectorizer(
        tokenizer=split,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, params.ngram_words),
        n_features=params.num_features,
        alternate_sign=False,
        binary=True,
        dtype=np.float32,
    )
    return lambda texts: vectorizer.transform(list(texts))
