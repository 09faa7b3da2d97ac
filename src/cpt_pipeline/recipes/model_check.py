"""What the base model cannot do, from its config.json and the names and shapes of its weights, before it is loaded."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.formats.model_facts import ModelFacts
from cpt_pipeline.recipes.base import ScratchParams
from cpt_pipeline.recipes.settings import Problem, Settings
from cpt_pipeline.training.params import TrainParams

_NEAREST = 3
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


def check_training(facts: ModelFacts, mix: Mapping[str, Any], stages: Mapping[str, TrainParams]) -> None:
    """Raise `ParameterError` with all that keeps the training stages from training this model on this mixture.

    `mix` is mix_metrics: the steps of a stage whose size follows from the text are known only now.
    """
    problems = [
        *find_length_problems(facts, {"mix.sequence_length": int(mix["sequence_length"])}),
        *find_adapter_problems(facts, stages),
        *(
            problem
            for stage, params in stages.items()
            for problem in warmup_problems(stage, params, mix[stage]["steps"])
        ),
    ]
    listed = [f"{key}: {words}" for key, words in problems]
    raise_all(ParameterError, f"{facts.name} cannot be trained as conf asks:", listed)


def warmup_problems(stage: str, params: TrainParams, num_steps: int) -> Iterator[Problem]:
    """Return the warm-up of a stage that would never end."""
    warmup = params.schedule.warmup_steps
    if warmup > num_steps:
        yield Problem(
            f"{stage}.schedule.warmup_steps",
            f"the warm-up of {warmup} steps is longer than {stage}, which has {num_steps} (its tokens / "
            "(mix.sequence_length x mix.rows_per_step)): the learning rate would never reach its peak",
        )


def find_length_problems(facts: ModelFacts, lengths: Mapping[str, int]) -> Iterator[Problem]:
    """Return the rows that are longer than the model reads; a scaled RoPE may read further than config.json says."""
    most = facts.max_positions
    if most is None or (facts.has_scaled_rope and not facts.has_learned_positions):
        return
    for key, length in lengths.items():
        if length > most:
            yield Problem(
                key,
                f"rows of {length} tokens are longer than the {most} positions that {facts.name} knows "
                "(max_position_embeddings); what stands behind them would be trained and never measured",
            )


def find_adapter_problems(facts: ModelFacts, stages: Mapping[str, TrainParams]) -> Iterator[Problem]:
    """Return LoRA targets that the model does not have, or whose weight is tied to another one."""
    for stage, params in stages.items():
        targets = params.lora.target_modules
        if params.mode != "lora" or isinstance(targets, str):
            continue
        for target in targets:
            words = _target_problem(facts, target)
            if words:
                yield Problem(f"{stage}.lora.target_modules", words)


def _target_problem(facts: ModelFacts, target: str) -> str | None:
    if facts.is_tied(target):
        return (
            f"{target} is one of two ends of tied embeddings in {facts.name}: an adapter on it is lost in the merge; "
            "leave it out, or train with mode: full"
        )
    if not facts.shapes or facts.matching_modules(target):
        return None
    names = sorted({name.rpartition(".")[2] for name in facts.matrices()})
    close = difflib.get_close_matches(target, names, n=_NEAREST, cutoff=0.5)
    advice = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(names)}"
    return f"{facts.name} has no module {target}; {advice}"


def _evaluation_problems(settings: Settings, facts: ModelFacts) -> Iterator[Problem]:
    length, most = settings.evaluate.sequence_length, facts.max_positions
    if length is not None and most is not None and length > most:
        yield Problem("evaluate.sequence_length", f"{facts.name} reads {most} tokens at most")
    elif length is None and most is None:
        yield Problem(
            "evaluate.sequence_length",
            f"config.json of {facts.name} names no longest row, so how much text is read at a time must be said here",
        )
