"""Stage report, run by kedro."""

from __future__ import annotations

from typing import Any

from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from cpt_pipeline.pipelines.report import create_pipeline
from cpt_pipeline.reporting.reading import EXPECTED


def test_page_and_curves_from_every_artifact() -> None:
    values: dict[str, Any] = {name: [] if name.endswith("_log") else {} for name in EXPECTED}
    values["decision"] = {"verdict": "roll_back", "model": "base", "candidate": "stage2", "reasons": ["It forgot."]}
    assert create_pipeline().inputs() == set(values)
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in values.items()})
    found = {name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(), catalog).items()}
    assert set(found) == {"report_metrics", "report_provenance", "curves_figure", "report"}
    assert "It forgot." in found["report"]
    assert found["report_metrics"] == {"artifacts": len(EXPECTED), "missing": []}
    assert len(found["curves_figure"].axes) == 2
    assert set(found["report_provenance"]["inputs"]) == set(EXPECTED)
