"""What this machine lacks is named with the stage that needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.recipes import machine_check
from cpt_pipeline.recipes.machine_check import count_gpus, find_base, find_machine_problems
from tests.formats.tiny_models import save_tiny
from tests.recipes.run_settings import settings

COMMIT = "0a" * 20
HOSTS = {"backend": "deepspeed", "launcher": "deepspeed", "hostfile": "hosts", "num_ranks": 8}
ASKED = {"enabled": True, "ask": {"endpoint": {"model": "m"}}}


@pytest.mark.parametrize(
    ("names", "visible", "count"),
    [
        ([], None, 0),
        (["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"], None, 2),
        (["nvidia0", "nvidia1"], "1", 1),
        (["nvidia0"], "", 0),
        (["nvidia0"], "-1", 0),
        (["kfd"], None, 1),
        (["dxg"], None, 1),
    ],
)
def test_gpus_are_counted_without_torch(
    names: list[str], visible: str | None, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    for name in names:
        (tmp_path / name).touch()
    assert count_gpus(tmp_path) == count


@pytest.fixture(autouse=True)
def _offline_and_without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.parametrize(
    ("changes", "stage", "key"),
    [
        ({"base_run.device": "cuda"}, "base", "base_run.device"),
        ({"stage1_run.device": "cuda"}, "stage1", "stage1_run.device"),
        ({"stage2_run.device": "cuda"}, "stage2", "stage2_run.device"),
        ({"evaluate_run.device": "cuda"}, "evaluate", "evaluate_run.device"),
        (
            {
                "dedup_run.encoder.device": "cuda:0",
                "dedup.semantic": {
                    "enabled": True, "embedding": {"kind": "encoder", "model": "o/m", "revision": COMMIT}
                },
            },
            "dedup",
            "dedup_run.encoder.device",
        ),
        (
            {"dedup.diversity.embedding": {"kind": "encoder", "model": "o/m", "revision": COMMIT}},
            "dedup",
            "dedup.diversity.embedding.model",
        ),
        (
            {"clean.scorer": {"enabled": True, "kind": "language_model", "language_model": {"name": "./no/such"}}},
            "clean",
            "clean.scorer.language_model.name",
        ),
        ({"clean.personal_data.name_model": "no/such"}, "clean", "clean.personal_data.name_model"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_with_its_stage(changes: dict[str, Any], stage: str, key: str) -> None:
    found = [(each, problem.key) for each, problem in find_machine_problems(settings(changes))]
    assert (stage, key) in found


def test_other_machines_are_not_judged_by_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("srun", "pdsh"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    hosts = {"backend": "deepspeed", "launcher": "deepspeed", "hostfile": "hosts", "device": "cuda", "num_ranks": 8}
    slurm = {"launcher": "srun", "num_ranks": 8, "device": "cuda"}
    assert list(find_machine_problems(settings({"stage1_run": hosts, "stage2_run": slurm}))) == []


@pytest.mark.parametrize(
    ("changes", "stage", "key", "says"),
    [
        ({"collect_run.executor": "ray"}, "collect", "collect_run.executor", "pip install 'cpt_pipeline[ray]'"),
        ({"clean_run.executor": "ray"}, "clean", "clean_run.executor", "ray is not installed"),
        ({"dedup_run.executor": "ray"}, "dedup", "dedup_run.executor", "ray is not installed"),
        ({"collect_run.executor": "slurm"}, "collect", "collect_run.executor", "sbatch, squeue, scancel are not on"),
        ({"clean_run.executor": "slurm"}, "clean", "clean_run.executor", "sbatch, squeue, scancel are not on PATH"),
        ({"dedup_run.executor": "slurm"}, "dedup", "dedup_run.executor", "sbatch, squeue, scancel are not on PATH"),
        ({"base_run": {"launcher": "srun"}}, "base", "base_run.launcher", "srun is not on PATH"),
        ({"stage1_run": {"launcher": "srun"}}, "stage1", "stage1_run.launcher", "srun is not on PATH"),
        ({"stage2_run": {"launcher": "srun"}}, "stage2", "stage2_run.launcher", "srun is not on PATH"),
        ({"stage1_run": {"backend": "deepspeed"}}, "stage1", "stage1_run.backend", "deepspeed is not installed"),
        ({"stage2_run": {"launcher": "deepspeed"}}, "stage2", "stage2_run.launcher", "deepspeed is not installed"),
        ({"stage1_run": HOSTS}, "stage1", "stage1_run.hostfile", "pdsh is not on PATH"),
        ({"clean.scorer": ASKED}, "clean", "clean_run.endpoint.url", "it is empty"),
        (
            {
                "clean.augmentation": {"rewrite": {"enabled": True}, "endpoint": {"model": "m"}},
                "clean_run.endpoint": {"url": "http://localhost:8000/v1", "api_key_variable": "NO_SUCH_KEY"},
            },
            "clean",
            "clean_run.endpoint.api_key_variable",
            "NO_SUCH_KEY is not set",
        ),
    ],
)
def test_a_program_a_package_or_a_key_that_is_not_there_is_named_with_its_stage(
    changes: dict[str, Any], stage: str, key: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert list(find_machine_problems(settings())) == []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine_check.importlib.util, "find_spec", lambda name: None)
    found = {(each, problem.key): problem.words for each, problem in find_machine_problems(settings(changes))}
    assert says in found[stage, key]


def test_a_text_longer_than_the_model_of_the_scorer_reads_is_named(tmp_path: Path) -> None:
    folder = save_tiny("llama", tmp_path / "model")
    asked = {"enabled": True, "kind": "language_model", "language_model": {"name": str(folder), "max_tokens": 65}}
    ((stage, problem),) = find_machine_problems(settings({"clean.scorer": asked}))
    assert (stage, *problem) == ("clean", "clean.scorer.language_model.max_tokens", f"{folder} reads 64 tokens at most")
    asked["language_model"]["max_tokens"] = 64  # type: ignore[index]
    assert list(find_machine_problems(settings({"clean.scorer": asked}))) == []


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nf4 = {"stage1.mode": "lora", "stage1.lora": {"quantization": "nf4"}}
    monkeypatch.setattr(machine_check.importlib.util, "find_spec", lambda name: None)
    ((stage, problem),) = find_machine_problems(settings(nf4))
    assert (stage, problem.key) == ("stage1", "stage1.lora.quantization")


def test_a_base_is_found_in_a_folder_or_refused(tmp_path: Path) -> None:
    folder = save_tiny("llama", tmp_path / "model")
    own = {"base.kind": "pretrained", "base.name": str(folder), "base.revision": COMMIT}
    assert find_base(settings(own)).max_positions == 64
    for name in ("no/such-model-anywhere", str(tmp_path / "absent"), str(tmp_path)):
        with pytest.raises(ModelNotFoundError, match=r"base\.name"):
            find_base(settings({**own, "base.name": name}))


def test_a_cached_snapshot_passes_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = tmp_path / "models--owner--tiny"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(COMMIT)
    save_tiny("llama", cached / "snapshots" / COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    hub = settings({"base.kind": "pretrained", "base.name": "owner/tiny", "base.revision": COMMIT})
    assert find_base(hub).embedding_rows == 96
    (cached / "snapshots" / COMMIT / "model.safetensors").unlink()
    with pytest.raises(ModelNotFoundError, match="neither a folder nor reachable"):
        find_base(hub)
