"""What MLflow gets: leaves, numbers and curves of a run, no secret, and nothing that can stop a training."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from kedro.config import OmegaConfigLoader
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, RESOURCE_DOES_NOT_EXIST

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.wiring.layout import Layout
from cpt_pipeline.wiring.tracking.hook import curves, flatten, numbers
from cpt_pipeline.wiring.tracking.model_registry import follow_pointer
from tests.conftest import TINY
from tests.project import Project
from tests.secrets import CANARY, FORMS, secret


def test_leaves_have_dotted_keys() -> None:
    value = {"a": {"b": 1, "empty": {}}, "betas": [0.9, 0.95], "sources": [{"name": "web"}]}
    assert dict(flatten(value)) == {"a.b": 1, "a.empty": {}, "betas": [0.9, 0.95], "sources.0.name": "web"}
    assert list(flatten({})) == []


def test_only_numbers_are_metrics() -> None:
    value = {"rows": 3, "share": 0.5, "off": True, "name": "x", "kept": {"en": 2}}
    assert dict(numbers(value, "clean")) == {"clean.rows": 3.0, "clean.share": 0.5, "clean.kept.en": 2.0}


def test_a_log_becomes_one_curve_per_quantity_and_channel() -> None:
    rows = [
        {"kind": "heldout", "step": 0, "tokens": 0, "channels": {"en": {"perplexity": 9.0, "loss": 2.2}}},
        {"kind": "train", "step": 1, "tokens": 8, "loss": 2.5, "channel_loss": {"en": 2.0, "code": 3.0}},
    ]
    assert list(curves(rows, "stage1")) == [
        ("stage1.heldout.tokens", 0.0, 0),
        ("stage1.heldout.en.perplexity", 9.0, 0),
        ("stage1.heldout.en.loss", 2.2, 0),
        ("stage1.train.tokens", 8.0, 1),
        ("stage1.train.loss", 2.5, 1),
        ("stage1.train.en.loss", 2.0, 1),
        ("stage1.train.code.loss", 3.0, 1),
    ]


def runs(project: Project) -> tuple[MlflowClient, list[Run]]:
    client = MlflowClient(f"sqlite:///{project.path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("cpt_pipeline")
    assert experiment is not None
    return client, list(client.search_runs([experiment.experiment_id]))


@pytest.mark.feature(3)
def test_one_run_holds_params_metrics_curves_files_and_verdict(tiny: Project) -> None:
    tiny.write("conf/base/parameters_draw.yml", "draw:\n  num_words: 20\n  api_key: canary-in-a-key\n")
    inside = Project(tiny.path / "src")
    inside.succeed("kedro", "run", "--pipeline=cpt")

    assert not (inside.path / "mlflow.db").exists(), "the database is in the project wherever the command starts"
    client, (run,) = runs(tiny)
    assert run.info.status == "FINISHED"
    assert run.data.params["train.learning_rate"] == "0.5"
    assert run.data.params["draw.api_key"] == "<hidden>"
    assert run.data.metrics["draw_metrics.num_words"] == 20.0
    assert run.data.tags["stage"] == "draw+clean+train+decide"
    assert run.data.tags["env"] == "base"
    assert run.data.tags["verdict"] == "promote"
    history = client.get_metric_history(run.info.run_id, "train.train.loss")
    assert [(point.step, point.value) for point in history] == [(1, 3.0), (2, 1.5), (3, 1.0)]
    kept = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert kept >= {"train_log.json", "decision.json", "clean_provenance.json"}

    made = [path for place in ("data", "mlruns") for path in (tiny.path / place).rglob("*") if path.is_file()]
    assert len(made) > 10
    assert not [path for path in [*made, tiny.path / "mlflow.db"] if b"canary-in-a-key" in path.read_bytes()]


def test_no_sink_of_a_run_holds_a_secret_of_its_parameters(tiny: Project) -> None:
    """Provenance, MLflow, the release, the terminal and its errors, from conf and from the command line."""
    in_conf = "\n".join(f"    {secret(form)}".replace("\n", " ") for form in FORMS)
    tiny.write("conf/base/parameters_draw.yml", f"draw:\n  num_words: 20\n  note: |-\n{in_conf}\n")
    given = secret("draw.note=https://example.org/a?token={0}")
    said = tiny.succeed("kedro", "run", "--pipeline=cpt")
    said += tiny.succeed("kedro", "run", "--pipeline=draw", f"--params={given}", "--force")
    refused = tiny.run("kedro", "run", "--pipeline=draw", f"--params={given} refuse", "--force")
    assert refused.returncode == 2
    assert "draw.note is https://example.org/a?token=<hidden>" in refused.stderr
    assert "draw: https://example.org/a?token=<hidden>" in said
    assert CANARY not in said + refused.stdout + refused.stderr
    made = [path for place in ("data", "mlruns") for path in (tiny.path / place).rglob("*") if path.is_file()]
    assert {"parameters.json", "draw_provenance.json"} <= {path.name for path in made}
    assert not [path for path in [*made, tiny.path / "mlflow.db"] if CANARY.encode() in path.read_bytes()]


def test_a_failed_run_is_recorded_as_failed(recorded: Project) -> None:
    recorded.replace("conf/base/parameters_clean.yml", "min_chars: 3", "min_chars: 99")
    assert recorded.run("kedro", "run", "--pipelines=clean").returncode == 2
    _, found = runs(recorded)
    assert sorted(run.info.status for run in found) == ["FAILED", "FINISHED"]


def test_a_server_that_is_down_costs_one_warning(tiny: Project) -> None:
    tiny.replace("conf/base/mlflow.yml", "sqlite:///mlflow.db", "http://127.0.0.1:9")
    said = tiny.succeed("kedro", "run", "--pipelines=draw", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1")
    assert said.count("MLflow did not record this") == 1
    assert (tiny.path / "data/01_raw/words/manifest.json").is_file()


@pytest.fixture
def released(tmp_path: Path) -> Layout:
    """A data root with one release in use."""
    root = tmp_path / "09_releases"
    root.mkdir()
    pointer = {"release": "0001-0a1b2c3d", "model": "train", "folder": "0001-0a1b2c3d/model"}
    (root / "0001-0a1b2c3d/model").mkdir(parents=True)
    seal(root / "0001-0a1b2c3d", "release")
    (root / "current.json").write_text(json.dumps(pointer), encoding="utf-8")
    given = {"data_root": str(tmp_path)}
    loader = OmegaConfigLoader(str(TINY / "conf"), base_env="base", default_run_env="base", runtime_params=given)
    return Layout(TINY, loader, "base")


def test_only_a_model_that_is_not_there_is_made(released: Layout) -> None:
    client = create_autospec(MlflowClient, instance=True, tracking_uri="http://host:5000")
    client.get_registered_model.side_effect = MlflowException("no rights", PERMISSION_DENIED)
    with pytest.raises(MlflowException, match="no rights"):
        follow_pointer(client, released)
    client.create_registered_model.assert_not_called()

    client.get_registered_model.side_effect = MlflowException("not found", RESOURCE_DOES_NOT_EXIST)
    follow_pointer(client, released)
    client.create_registered_model.assert_called_once()


@pytest.mark.parametrize(
    ("uri", "run_id", "source"),
    [
        ("sqlite:///mlflow.db", "7", "{root}/0001-0a1b2c3d/model"),
        ("http://host:5000", "7", "runs:/7"),
        ("https://host", None, "{root}/0001-0a1b2c3d/model"),
    ],
    ids=["a database", "a server", "a server without a run"],
)
def test_a_server_is_given_the_run_and_the_folder_as_a_tag(
    released: Layout, uri: str, run_id: str | None, source: str
) -> None:
    client = create_autospec(MlflowClient, instance=True, tracking_uri=uri)
    follow_pointer(client, released, run_id)
    (_, registered, _), options = client.create_model_version.call_args
    assert registered == source.format(root=released.path("release").as_uri())
    assert options["tags"] == {
        "release": "0001-0a1b2c3d",
        "folder": str(released.path("release") / "0001-0a1b2c3d/model"),
    }
