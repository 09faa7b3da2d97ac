"""What the base model cannot do, from its config.json and the names and shapes of its weights, before it is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from cpt_pipeline.formats.model_facts import ASSUMED_CONTEXT, ModelFacts
from cpt_pipeline.recipes.base import ScratchParams
from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.recipes.settings import Settings
from cpt_pipeline.recipes.training_check import find_adapter_problems, find_length_problems

_SCRATCH_LAYER = {
    "self_attn": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}


def describe_scratch(params: ScratchParams) -> ModelFacts:
    """Return the facts of the base that this run would train; shapes are given by name alone, all of them matrices."""
    layers = [
        f"model.layers.{layer}.{part}.{name}.weight"
        for layer in range(params.shape.num_layers)
        for part, names in _SCRATCH_LAYER.items()
        for name in names
    ]
    square = (params.shape.hidden_size, params.shape.hidden_size)
    return ModelFacts(
        name="base.scratch",
        num_layers=params.shape.num_layers,
        hidden_size=params.shape.hidden_size,
        vocabulary_size=params.vocabulary_size,
        max_positions=params.shape.max_positions,
        has_tied_embeddings=True,
        shapes={"model.embed_tokens.weight": (params.vocabulary_size, params.shape.hidden_size)}
        | dict.fromkeys(layers, square),
    )


def find_model_problems(settings: Settings, facts: ModelFacts) -> Iterator[Problem]:
    """Return what the settings ask of the base that it cannot do."""
    if not facts.has_tokenizer:
        yield Problem(
            "base.name", "no tokenizer (tokenizer.json) lies beside the weights; put the base's own files there"
        )
    if problem := facts.find_id_problem(facts.largest_token_id):
        yield Problem("base.name", problem)
    yield from find_length_problems(facts, {"mix.sequence_length": settings.mix.sequence_length})
    if settings.scratch:
        yield from find_length_problems(facts, {"base.scratch.sequence_length": settings.scratch.sequence_length})
    yield from _evaluation_problems(settings, facts)
    yield from find_adapter_problems(facts, {"stage1": settings.stage1, "stage2": settings.stage2})


def _evaluation_problems(settings: Settings, facts: ModelFacts) -> Iterator[Problem]:
    context, continued = facts.max_positions or ASSUMED_CONTEXT, settings.evaluate.sample_tokens
    if settings.evaluate.sample_prompts and continued >= context:
        yield Problem(
            "evaluate.sample_tokens",
            f"{facts.name} reads {context} tokens at most, and no room is left for the prompt; less than {context}",
        )
    length, most = settings.evaluate.sequence_length, facts.max_positions
    if length is not None and most is not None and length > most:
        yield Problem("evaluate.sequence_length", f"{facts.name} reads {most} tokens at most")
    elif length is None and most is None:
        yield Problem(
            "evaluate.sequence_length",
            f"config.json of {facts.name} names no longest row, so how much text is read at a time must be said here",
        )
