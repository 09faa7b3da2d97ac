"""The three kinds of scorer behind one door: made from labels once, asked for scores by every task."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.artifact import digest_file
from cpt_pipeline.corpus.clean.scoring.encoder import EncoderScorer, train_encoder
from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.clean.scoring.language_model import LanguageModelScorer
from cpt_pipeline.corpus.clean.scoring.linear import LinearScorer, train_linear
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.formats.models import find_model, model_files

SCORE_DIGITS = 4
"""Scores are rounded to so many digits."""


class Scorer(Protocol):
    """Gives every text a score in 0..1 that depends on that text alone."""

    def score(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Give an array of shape [texts]."""


def train_scorer(labels: Sequence[Label], params: ScorerParams, model: Path) -> None:
    """Write what the scorer needs to the folder `model`; a language model is not trained."""
    if params.kind == "linear":
        train_linear(labels, params.linear, model)
    elif params.kind == "encoder":
        start = _folder(params)
        assert start is not None
        train_encoder(labels, start, params.encoder, params.seed, model)


@lru_cache(1)
def load_scorer(params: str, model: Path) -> Scorer:
    """Load the scorer; `params` is the JSON of its parameters. A process keeps the last one."""
    read = ScorerParams.model_validate_json(params)
    if read.kind == "linear":
        return LinearScorer(model)
    if read.kind == "encoder":
        return EncoderScorer(model, read.encoder)
    folder = _folder(read)
    assert folder is not None
    return LanguageModelScorer(folder, read.language_model)


def round_scores(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to what is stored, within 0..1."""
    return np.clip(np.round(scores, SCORE_DIGITS), 0.0, 1.0)


def describe_model(params: ScorerParams) -> Any:
    """Give what tells the model that conf names from others: digests of a folder, or the commit of the hub.

    `ModelNotFoundError` when there is none; None for the linear kind, which starts from nothing.
    """
    folder = _folder(params)
    if folder is None:
        return None
    is_own = getattr(params, params.kind).is_folder
    return {path.name: digest_file(path) for path in model_files(folder)} if is_own else folder.name


def _folder(params: ScorerParams) -> Path | None:
    if params.kind == "linear":
        return None
    chosen = getattr(params, params.kind)
    return find_model(chosen.name, chosen.revision, key=f"clean.scorer.{params.kind}.name")
