"""What keeps a training stage from training a model on a mixture, from what is known of both before it is loaded.

Apart from `model_check`, which knows all settings of a run: stage plan uses this, and an edit of a data stage must not
be one of plan.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.formats.model_facts import ModelFacts
from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.training.params import TrainParams

_NEAREST = 3


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
            "(sequence_length x rows_per_step)): the learning rate would never reach its peak",
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
    matching = facts.matching_modules(target)
    if matching and all(".experts." in name for name in matching):
        return (
            f"{target} is only a part of the experts of {facts.name}, which are one tensor in transformers: no adapter "
            "sits on it; name the layers of the attention, take all-linear, or train with mode: full"
        )
    if not facts.shapes or matching:
        return None
    names = sorted({name.rpartition(".")[2] for name in facts.matrices()})
    close = difflib.get_close_matches(target, names, n=_NEAREST, cutoff=0.5)
    advice = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(names)}"
    return f"{facts.name} has no module {target}; {advice}"
