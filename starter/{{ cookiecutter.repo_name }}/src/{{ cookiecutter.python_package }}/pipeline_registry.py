"""The stages in the order the data flows: those of cpt_pipeline; a stage of your own is one more entry of STAGES."""

from importlib import import_module

from kedro.pipeline import Pipeline

from cpt_pipeline.pipeline_registry import STAGES as THEIRS

STAGES = {name: import_module(f"{__package__}.pipelines.{name}") for name in THEIRS}


def register_pipelines() -> dict[str, Pipeline]:
    """Return every stage by its name, and `cpt`, the whole pipeline."""
    stages = {name: module.create_pipeline() for name, module in STAGES.items()}
    cpt = sum(stages.values(), start=Pipeline([]))
    return {"__default__": cpt, "cpt": cpt, **stages}
