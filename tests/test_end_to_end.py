"""The whole way at smoke scale, by the commands of the README: a promotion, a roll back, and what bad input does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from cpt_pipeline.core.artifact import find_damage, is_sealed
from cpt_pipeline.formats.mixture import Mixture
from tests.project import Project

HARSH = (
    "base.kind=pretrained,base.name=./data/smoke/06_models/base_model,mix.domain_share=1.0,stage1.optimizer.peak_lr=0.3"
)


def _read(root: Path, name: str) -> Any:
    return json.loads((root / "08_reporting" / f"{name}.json").read_text(encoding="utf-8"))


def _count(artifact: Path) -> int:
    return int(ds.dataset(str(artifact), format="parquet", exclude_invalid_files=True).count_rows())


@pytest.fixture(scope="module")
def root(smoke_run: tuple[Path, str]) -> Path:
    """Data root of a finished run; not to be changed."""
    return smoke_run[0] / "data" / "smoke"


@pytest.mark.feature(1)
def test_one_command_ends_in_a_verdict(smoke_run: tuple[Path, str], root: Path) -> None:
    assert "Verdict: promote; in use: stage2" in smoke_run[1]
    artifacts = [path.parent for path in root.glob("0[1-8]_*/*/manifest.json")]
    assert len(artifacts) == 23
    assert {path.name: find_damage(path) for path in artifacts if find_damage(path)} == {}
    assert not any((root / ".work").glob("*/out/*")), "a finished stage left something to publish"


@pytest.mark.feature(1)
def test_no_record_is_lost_on_the_way(root: Path) -> None:
    raw = _count(root / "01_raw" / "raw_documents")
    clean = _count(root / "02_intermediate" / "clean_documents")
    assert raw == clean + _count(root / "02_intermediate" / "clean_excluded")
    kept = [_count(root / "03_primary" / name) for name in ("unique_documents", "heldout_documents", "dedup_excluded")]
    assert clean == sum(kept)
    assert min(raw, *kept) > 0


@pytest.mark.feature(55)
def test_training_read_what_the_mixture_says(root: Path) -> None:
    mixture = Mixture(root / "05_model_input" / "mixture_stage1", next(root.glob("*/tokens")))
    log = [row for row in _read(root, "stage1_log") if row["kind"] == "train"]
    assert [row["rows"] for row in log] == [[8 * step, 8 * step + 8] for step in range(mixture.num_steps)]
    assert log[0]["channel_loss"].keys() == {"code", "domain", "en"}
    use = _read(root, "mix_metrics")["stage1"]["channels"]
    assert use["domain"]["share"] == 0.5
    exposures = pq.read_table(root / "05_model_input" / "exposures" / "exposures.parquet").to_pandas()
    read = exposures.groupby("channel")["stage1_tokens"].sum().to_dict()
    assert read == {channel: figures["tokens"] for channel, figures in use.items()}


@pytest.mark.feature(110)
def test_the_promoted_model_learnt_the_domain_and_kept_the_rest(root: Path) -> None:
    decision, scores = _read(root, "decision"), _read(root, "scores")
    changes = scores["comparisons"]["stage2"]["channels"]
    assert decision["verdict"] == "promote"
    assert changes["domain"]["high"] <= -0.04
    assert max(changes[channel]["high"] for channel in ("en", "code")) <= 0.02
    pointer = json.loads((root / "09_releases" / "current.json").read_text(encoding="utf-8"))
    assert pointer["model"] == "stage2"


@pytest.mark.feature(43)
def test_the_released_model_has_the_contamination_report_of_its_text_beside_it(root: Path) -> None:
    (kept,) = root.glob("09_releases/0001-*/contamination.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["benchmarks"] == _read(root, "dedup_metrics")["benchmarks"]
    probes = _read(root, "dedup_metrics")["benchmarks"].pop("probes")
    assert (probes["items"], probes["found_items"], probes["documents"], probes["examples"]) == (30, 0, 0, {})


@pytest.mark.feature(11)
def test_every_document_is_read_by_a_stage_or_has_a_reason(root: Path) -> None:
    metrics, documents = _read(root, "mix_metrics"), _count(root / "03_primary" / "unique_documents")
    for stage in ("stage1", "stage2"):
        left = [each["documents"] for reasons in metrics[stage]["unused"].values() for each in reasons.values()]
        read = [each["documents"] for each in metrics[stage]["channels"].values()]
        assert sum(read) + sum(left) == documents
        assert metrics[stage]["uses"] == {"any": {"documents": sum(read), "tokens": metrics[stage]["tokens"]}}


@pytest.mark.feature(5)
def test_every_stage_says_where_it_came_from(root: Path) -> None:
    stage1, mix = _read(root, "stage1_provenance"), _read(root, "mix_provenance")
    assert stage1["inputs"]["mixture_stage1"] == mix["outputs"]["mixture_stage1"]
    assert stage1["params"]["optimizer"]["peak_lr"] == 1.0e-3
    assert len(stage1["code"]["digest"]) == 32
    assert stage1["versions"]["torch"].startswith("2.")
    stages = {path.name.removesuffix("_provenance.json") for path in (root / "08_reporting").glob("*_provenance.json")}
    assert len(stages) == 15


@pytest.mark.feature(3)
def test_the_whole_way_is_one_run_in_mlflow(smoke_run: tuple[Path, str], root: Path) -> None:
    client = MlflowClient(f"sqlite:///{smoke_run[0] / 'mlflow.db'}")
    experiments = [each.experiment_id for each in client.search_experiments()]
    (run,) = client.search_runs(experiments)
    assert run.info.status == "FINISHED"
    assert run.data.tags["verdict"] == "promote"
    assert {"curves.png", "report.html"} <= {file.path for file in client.list_artifacts(run.info.run_id)}
    curve = client.get_metric_history(run.info.run_id, "stage1.heldout.domain.perplexity")
    rows = [row for row in _read(root, "stage1_log") if row["kind"] == "heldout"]
    assert len(rows) > 1
    points = [(row["step"], row["channels"]["domain"]["perplexity"]) for row in rows]
    assert [(point.step, point.value) for point in curve] == points


@pytest.mark.feature(110)
def test_domain_only_and_a_harsh_rate_are_rolled_back_with_a_remedy(smoke: Project) -> None:
    """Also continues from a model folder by reference, as a user with a model of their own would."""
    said = smoke.succeed("kedro", "run", "--env=smoke", "--pipeline=cpt", "--data-root=data/harsh", f"--params={HARSH}")
    root = smoke.path / "data" / "harsh"
    decision = _read(root, "decision")
    assert (decision["verdict"], decision["model"]) == ("roll_back", "base")
    assert "was forgotten: bits per byte rose by" in said
    assert decision["remedy"] == {"mix.domain_share": 0.5, "stage1.optimizer.peak_lr": 0.075}
    assert "--data-root=data/harsh/trial" in said
    assert (root / "06_models" / "base_model" / "reference.json").is_file()
    assert not is_sealed(root / "09_releases")
    assert "Rolled back" in (root / "08_reporting" / "report.html").read_text(encoding="utf-8")
    assert smoke.run("kedro", "verdict", "--env=smoke").returncode == 0


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ("mix.max_passes=0.01", ["0.01", "passes", "lower mix.stage1.num_tokens"]),
        ("plan.max_hours=0.0000001", ["stage1 is over budget", "plan.max_hours is 1e-07"]),
    ],
)
def test_a_limit_that_is_passed_ends_in_one_readable_message(smoke: Project, params: str, says: list[str]) -> None:
    stages = {"mix": "mix", "plan": "plan,stage1"}[params.partition(".")[0]]
    done = smoke.run("kedro", "run", "--env=smoke", f"--pipelines={stages}", f"--params={params}", "--force")
    assert done.returncode in (2, 3)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    for words in says:
        assert words in said


@pytest.mark.feature(85)
@pytest.mark.feature(152)
def test_the_curve_of_a_killed_training_is_in_mlflow_up_to_its_checkpoint_and_whole_after_the_resume(
    smoke: Project,
) -> None:
    """Killed as the kernel kills: nothing of the run itself gets to say a last word."""
    smoke.replace("conf/smoke/parameters_stage1.yml", "checkpoint_every_steps: 10", "checkpoint_every_steps: 8")
    smoke.replace("conf/base/parameters_stage1.yml", "micro_batch_rows: 16", "micro_batch_rows: 1")
    smoke.replace("conf/base/parameters_stage1.yml", "peak_lr: 1.0e-3", "peak_lr: 9.0e-4")
    command = ("kedro", "run", "--env=smoke", "--pipelines=stage1", "--force")
    client = MlflowClient(f"sqlite:///{smoke.path / 'mlflow.db'}")
    experiments = [each.experiment_id for each in client.search_experiments()]

    def curve(run: str, key: str = "stage1.train.loss") -> list[tuple[int, float, int]]:
        return [(point.step, point.value, point.timestamp) for point in client.get_metric_history(run, key)]

    started = smoke.start(*command)
    killed = None
    while killed is None or not curve(killed):
        assert started.poll() is None
        killed = next((run.info.run_id for run in client.search_runs(experiments, "tags.stage = 'stage1'")), None)
    started.kill()
    started.wait()
    (log,) = smoke.path.glob("data/smoke/.work/stage1-*/log.jsonl")
    committed = max(int(path.name.removeprefix("step-")) for path in (log.parent / "checkpoints").glob("step-*"))
    before = curve(killed)
    assert [step for step, _, _ in before] == list(range(1, len(before) + 1))
    assert len(before) % 8 == 0
    assert len(before) <= committed < 40

    smoke.succeed(*command)
    first, second = client.search_runs(experiments, "tags.stage = 'stage1'", order_by=["attributes.start_time"])
    assert (first.info.run_id, first.info.status, second.info.status) == (killed, "KILLED", "FINISHED")
    rows = _read(smoke.path / "data/smoke", "stage1_log")
    trained = [(row["step"], row["loss"]) for row in rows if row["kind"] == "train"]
    whole = curve(second.info.run_id)
    assert [(step, loss) for step, loss, _ in whole] == trained
    assert whole[: len(before)] == before, "also the times are those of the rows"
    assert [at for _, _, at in whole] == sorted({at for _, _, at in whole})
    assert whole[-1][2] - whole[0][2] > 1000
    assert not [row for row in rows if "time" in row], "what is published holds no clock"
    by_channel = [(row["step"], row["channel_loss"]["domain"]) for row in rows if row["kind"] == "train"]
    assert [(step, loss) for step, loss, _ in curve(second.info.run_id, "stage1.train.domain.loss")] == by_channel
    heldout = curve(second.info.run_id, "stage1.heldout.domain.loss")
    assert [step for step, _, _ in heldout] == [0, 20, 40]
