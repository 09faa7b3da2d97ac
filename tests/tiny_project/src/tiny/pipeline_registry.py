"""Four stages and their sum."""

from kedro.pipeline import Pipeline

from tiny.pipelines import clean, decide, draw, train

STAGES = {"draw": draw, "clean": clean, "train": train, "decide": decide}


def register_pipelines() -> dict[str, Pipeline]:
    """Give the stages and `cpt`."""
    stages = {name: module.create_pipeline() for name, module in STAGES.items()}
    cpt = sum(stages.values(), start=Pipeline([]))
    return {"__default__": cpt, "cpt": cpt, **stages}
