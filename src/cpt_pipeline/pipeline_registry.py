"""The stages, in the order the data flows. `cpt` is their sum and the default.

Explicit on purpose: Kedro's search for pipelines loads only what the command line names, and `cpt` is
no folder. Loads no torch, transformers, datasets, datatrove or scipy.
"""

from __future__ import annotations

from types import ModuleType

from kedro.pipeline import Pipeline

from cpt_pipeline.pipelines import (
    base,
    clean,
    collect,
    decide,
    dedup,
    evaluate,
    merge,
    mix,
    mix_law,
    plan,
    report,
    stage1,
    stage2,
    tokenize,
    tokenizer,
)

STAGES: dict[str, ModuleType] = {
    "collect": collect,
    "clean": clean,
    "dedup": dedup,
    "base": base,
    "tokenizer": tokenizer,
    "tokenize": tokenize,
    "mix_law": mix_law,
    "mix": mix,
    "plan": plan,
    "stage1": stage1,
    "stage2": stage2,
    "merge": merge,
    "evaluate": evaluate,
    "decide": decide,
    "report": report,
}


def register_pipelines() -> dict[str, Pipeline]:
    """Give every stage by its name, and `cpt`, the whole way."""
    stages = {name: module.create_pipeline() for name, module in STAGES.items()}
    cpt = sum(stages.values(), start=Pipeline([]))
    return {"__default__": cpt, "cpt": cpt, **stages}
