"""Low-rank adapters on a loaded model: a new one, or that of the stage before, refused where they could not hold."""

from __future__ import annotations

from typing import Any

from torch import nn

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.model.weights import load_adapter
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.params import LoraParams

_ASKED = "asked"


def with_adapter(model: Any, job: TrainJob) -> nn.Module:
    """Return the model behind its adapter, whose weights are in fp32 whatever the model's are.

    `ParameterError` when target modules are not there or are tied to one another, or when a stage that goes on with
    an adapter asks for another shape than it has.
    """
    from peft import get_peft_model

    adapted: nn.Module
    lora, stage = job.params.lora, job.stage
    _require_targets(model, lora, stage)
    if job.adapter is not None:
        adapted = load_adapter(model, job.adapter, is_trainable=True)
        _require_same_shape(adapted, lora, stage)
        return adapted
    adapted = get_peft_model(model, _config(lora))
    return adapted


def _config(lora: LoraParams) -> Any:
    from peft import LoraConfig

    targets = lora.target_modules if isinstance(lora.target_modules, str) else list(lora.target_modules)
    return LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )


def _require_targets(model: Any, lora: LoraParams, stage: str) -> None:
    if lora.target_modules == "all-linear":
        return
    names = [name for name, module in model.named_modules() if _is_matrix(module)]
    known = ", ".join(sorted({name.rpartition(".")[2] for name in names}))
    problems = [
        f"{stage}.lora.target_modules: {target} is no module of the model, which has {known}"
        for target in lora.target_modules
        if not any(_is_named(name, target) for name in names)
    ]
    problems += [
        f"{stage}.lora.target_modules: {target} shares its weights with {other}, and an adapter on one of them is lost "
        "when the model is merged; leave it out (all-linear does), or train whole weights"
        for target, other in _tied_targets(model, lora.target_modules)
    ]
    raise_all(ParameterError, f"{stage}: the adapter does not fit the base model", problems)


def _tied_targets(model: Any, targets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the targets that are one of the two embeddings of a model that ties them, and the other one."""
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    if None in ends or ends[0].weight is not ends[1].weight:
        return []
    first, last = (next(name for name, module in model.named_modules() if module is end) for end in ends)
    return [
        (target, other)
        for target in targets
        for name, other in ((first, last), (last, first))
        if _is_named(name, target)
    ]


def _require_same_shape(adapted: Any, lora: LoraParams, stage: str) -> None:
    """Refuse wishes that the adapter of the stage before does not have: it is gone on with as it is."""
    there = adapted.peft_config["default"]
    pairs: dict[str, tuple[Any, Any]] = {
        "rank": (lora.rank, there.r),
        "alpha": (lora.alpha, float(there.lora_alpha)),
        "dropout": (lora.dropout, float(there.lora_dropout)),
    }
    if _modules_of(adapted, "default") != _asked_modules(adapted, lora):
        pairs["target_modules"] = (lora.target_modules, sorted(there.target_modules))
    raise_all(
        ParameterError,
        f"{stage} goes on with the adapter of the stage before, which keeps its shape. Give both stages the same lora:",
        [
            f"{stage}.lora.{key} is {asked}, the adapter has {has}"
            for key, (asked, has) in pairs.items()
            if asked != has
        ],
    )


def _modules_of(adapted: Any, adapter: str) -> set[str]:
    """Return the names of the modules that carry an adapter."""
    return {name for name, module in adapted.named_modules() if adapter in getattr(module, "lora_A", {})}


def _asked_modules(adapted: Any, lora: LoraParams) -> set[str]:
    """Return the names of the modules that `lora` would give an adapter.

    Only peft knows which layers of an architecture `all-linear` means (Conv1D of GPT-2, none of the experts of a
    mixture), so one without memory is made beside that which is there, and taken away.
    """
    adapted.add_adapter(_ASKED, _config(lora), low_cpu_mem_usage=True)
    names = _modules_of(adapted, _ASKED)
    adapted.delete_adapter(_ASKED)
    return names


def _is_matrix(module: nn.Module) -> bool:
    """Check whether a module holds a matrix, in whatever format: peft adapts no vector, as that of a norm."""
    weight = getattr(module, "weight", None)
    return weight is not None and (weight.dim() == 2 or hasattr(weight, "quant_state"))


def _is_named(name: str, target: str) -> bool:
    return name == target or name.endswith(f".{target}")
