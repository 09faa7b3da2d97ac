"""Stage report, run by kedro."""

from __future__ import annotations

from typing import Any

from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from cpt_pipeline.pipeline_registry import STAGES
from cpt_pipeline.pipelines.report import create_pipeline
from cpt_pipeline.reporting.reading import EXPECTED


def test_report_reads_every_small_file_of_the_other_stages_but_the_ratio() -> None:
    others = [module.create_pipeline() for name, module in STAGES.items() if name != "report"]
    made = {name for pipeline in others for name in pipeline.all_outputs()}
    kinds = ("_metrics", "_provenance", "_log")
    small = {name for name in made if name.endswith(kinds)} | {"scores", "decision", "permit"}
    assert small <= made
    assert create_pipeline().inputs() == small


def test_page_and_curves_from_every_artifact() -> None:
    values: dict[str, Any] = {name: [] if name.endswith("_log") else {} for name in EXPECTED}
    values["decision"] = {"verdict": "roll_back", "model": "base", "candidate": "stage2", "reasons": ["It forgot."]}
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in values.items()})
    found = {name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(), catalog).items()}
    shown_by_dvc = {"headline", "training_curve", "heldout_curve"}
    assert set(found) == {"report_metrics", "report_provenance", "curves_figure", "report"} | shown_by_dvc
    assert found["headline"] == {"verdict": "roll_back", "model": "base", "skipped_steps": 0}
    assert "It forgot." in found["report"]
    assert found["report_metrics"] == {"artifacts": len(EXPECTED), "missing": []}
    assert len(found["curves_figure"].axes) == 2
    assert set(found["report_provenance"]["inputs"]) == set(EXPECTED)
