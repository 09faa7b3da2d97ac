"""The models that conf names: where, for which stage, and what each is wanted for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cpt_pipeline.corpus.models.embeddings.params import EmbeddingParams, EncoderParams
from cpt_pipeline.model.roles import Role
from cpt_pipeline.recipes.settings import Settings


class NamedModel(NamedTuple):
    """A model that a stage of this run reads."""

    stage: str
    key: str
    """Where conf names it."""
    name: str
    revision: str | None
    role: Role


def find_named_models(settings: Settings) -> Iterator[NamedModel]:
    """Return the models that conf names and this run reads; those behind an endpoint are asked there."""
    if settings.base.kind == "pretrained" and settings.base.name:
        yield NamedModel("base", "base.name", settings.base.name, settings.base.revision, "base")
    scorer = settings.clean.scorer
    roles: dict[str, Role] = {"encoder": "classifier", "language_model": "language_model"}
    if scorer.enabled and scorer.kind != "linear":
        chosen = getattr(scorer, scorer.kind)
        key = f"clean.scorer.{scorer.kind}.name"
        yield NamedModel("clean", key, chosen.name, chosen.revision, roles[scorer.kind])
    if (folder := settings.clean.personal_data.name_model) is not None:
        yield NamedModel("clean", "clean.personal_data.name_model", str(folder.absolute()), None, "name_tagger")
    for key, embedding in find_embeddings(settings):
        if isinstance(embedding, EncoderParams):
            yield NamedModel("dedup", f"{key}.model", embedding.model, embedding.revision, "encoder")


def find_embeddings(settings: Settings) -> Iterator[tuple[str, EmbeddingParams]]:
    """Return what dedup makes vectors with, by the key in conf."""
    for name in ("semantic", "diversity"):
        params = getattr(settings.dedup, name)
        if params.enabled:
            yield f"dedup.{name}.embedding", params.embedding
