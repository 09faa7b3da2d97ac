"""The plan beside what was measured."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import bill
from cpt_pipeline.reporting.page import Mark
from cpt_pipeline.reporting.reading import Artifacts


def line(artifacts: dict[str, Any], label: str) -> tuple[Any, ...]:
    return next(row for row in bill.plan(Artifacts(artifacts)).rows if str(row[0]).startswith(label))


def test_measured_time_is_billed_at_the_plans_rates(artifacts: dict[str, Any]) -> None:
    artifacts["plan_metrics"] |= {"seconds": {"low": 3600.0, "high": 7200.0}, "money": {"low": 10.0, "high": 20.0}}
    artifacts["stage1_metrics"]["seconds"], artifacts["stage2_metrics"]["seconds"] = 5000.0, 400.0
    assert line(artifacts, "money") == ("money (USD)", "10 to 20", "15", Mark("as estimated", "good"))
    artifacts["stage1_metrics"]["seconds"] = 10_000.0
    assert line(artifacts, "money")[2:] == ("28.9", Mark("above the estimate", "bad"))
    artifacts["stage1_metrics"]["seconds"] = 100.0
    assert line(artifacts, "time")[2:] == ("8 min 20 s", Mark("below the estimate", "quiet"))


def test_the_peak_that_a_gpu_told_stands_beside_the_planned_memory(artifacts: dict[str, Any]) -> None:
    assert line(artifacts, "memory")[1:] == ("0.21 to 0.9 GB", Mark("not measured", "quiet"), "")
    artifacts["stage1_metrics"]["memory_gb"], artifacts["stage2_metrics"]["memory_gb"] = 0.43, None
    assert line(artifacts, "memory")[1:] == ("0.21 to 0.9 GB", "0.43 GB", Mark("as estimated", "good"))
    artifacts["stage2_metrics"]["memory_gb"] = 1.25
    assert line(artifacts, "memory")[2:] == ("1.25 GB", Mark("above the estimate", "bad"))
    assert line(artifacts, "disk")[2:] == (Mark("not measured", "quiet"), "")


def test_a_stage_that_never_ran_leaves_the_sum_missing(artifacts: dict[str, Any]) -> None:
    del artifacts["stage2_metrics"]
    assert line(artifacts, "time")[2] is None
    assert line(artifacts, "money")[1:3] == ("0.0005 to 0.005", None)
    assert bill.training(Artifacts(artifacts)).rows[-1] == ("stage2", *[None] * 8)


def test_times_add_up(artifacts: dict[str, Any]) -> None:
    assert bill.times(Artifacts(artifacts)).rows[-1] == ("all stages", "6 min 8 s")
    artifacts["merge_provenance"] = None
    assert bill.times(Artifacts(artifacts)).rows[-1] == ("all stages", None)


def test_skips_and_resumes_are_named_and_a_found_base_was_not_trained(artifacts: dict[str, Any]) -> None:
    artifacts["stage1_metrics"] |= {"skipped_steps": [7, 9], "resumed_from": [50]}
    artifacts["base_metrics"] = {"kind": "pretrained", "name": "some/model", "training": None}
    rows = bill.training(Artifacts(artifacts)).rows
    assert [row[0] for row in rows] == ["stage1", "stage2"]
    assert rows[0][-2:] == ("7, 9", "50")
    assert rows[1][-2:] == ("none", "never")
