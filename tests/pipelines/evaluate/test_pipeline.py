"""Stage evaluate: what goes in and out; the work itself is tested with the domain."""

from __future__ import annotations

import subprocess
import sys

from cpt_pipeline.pipelines.evaluate import create_pipeline


def test_inputs_and_outputs_are_those_of_the_contract() -> None:
    (node,) = create_pipeline().nodes
    assert node.outputs == ["evaluate_metrics", "evaluate_provenance", "scores", "document_scores"]
    assert {name for name in node.inputs if not name.startswith("params:")} == {
        "base_model", "candidates", "heldout_documents", "benchmark_texts",
    }  # fmt: skip


def test_three_last_stages_load_no_torch_and_draw_nothing_before_they_run() -> None:
    code = (
        "import sys; from cpt_pipeline.pipelines import decide, evaluate, report;"
        "[each.create_pipeline() for each in (decide, evaluate, report)];"
        "found = {'torch', 'transformers', 'matplotlib', 'datasets'} & set(sys.modules); assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
