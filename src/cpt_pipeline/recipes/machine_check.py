"""What this machine lacks for the stages of a run: devices, packages, models that conf names."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cpt_pipeline.core.errors import ArtifactError, ModelNotFoundError, UnfitModelError
from cpt_pipeline.corpus.clean.personal_data.names import require_name_labels
from cpt_pipeline.corpus.llm.params import find_endpoint_problems
from cpt_pipeline.corpus.models.embeddings.params import EncoderParams
from cpt_pipeline.formats.model_facts import ModelFacts, read_facts
from cpt_pipeline.formats.models import locate_model
from cpt_pipeline.recipes.model_check import describe_scratch
from cpt_pipeline.recipes.named_models import NamedModel, find_embeddings, find_named_models
from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.recipes.settings import Settings, run_key
from cpt_pipeline.training.params import TrainRunParams

_DEVICES = Path("/dev")
_NO_GPU = ("", "-1")


def find_machine_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    """Return what is missing on this machine, each with the stage that needs it."""
    yield from _package_problems(settings)
    yield from _engine_problems(settings)
    yield from _launcher_problems(settings)
    yield from _device_problems(settings)
    yield from _endpoint_problems(settings)
    yield from _model_problems(settings)


def find_base(settings: Settings) -> ModelFacts:
    """Return what can be known of the base before the run; `ModelNotFoundError` when it cannot be had.

    Of a hub model that was not downloaded yet that is its config.json alone, which is fetched.
    """
    if settings.scratch:
        return describe_scratch(settings.scratch)
    assert settings.base.name is not None
    return read_facts(
        locate_model(settings.base.name, settings.base.revision, key="base.name"), name=settings.base.name
    )


def count_gpus(devices: Path = _DEVICES) -> int:
    """Count the GPUs that a child of this process would see, without loading torch.

    Where the driver shows them in one file (AMD, WSL) it is one at least.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in _NO_GPU:
        return 0
    found = len(list(devices.glob("nvidia[0-9]*"))) or int(any((devices / name).exists() for name in ("kfd", "dxg")))
    return min(found, len(visible.split(","))) if visible is not None else found


def _package_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    for key, params in settings.training.items():
        is_nf4 = params.mode == "lora" and params.lora.quantization == "nf4"
        if is_nf4 and importlib.util.find_spec("bitsandbytes") is None:
            words = "bitsandbytes is not installed: pip install 'cpt_pipeline[qlora]'"
            yield _stage(key), Problem(f"{key}.lora.quantization", words)


def _engine_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    for stage, run in settings.engines.items():
        key = f"{stage}_run.executor"
        if run.executor == "ray" and importlib.util.find_spec("ray") is None:
            yield stage, Problem(key, "ray is not installed: pip install 'cpt_pipeline[ray]'")
        if run.executor == "slurm" and (missing := _missing_programs("sbatch", "squeue", "scancel")):
            yield stage, Problem(key, f"{missing}: start the run on a machine of the cluster, or use executor: local")


def _launcher_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    for key, run in settings.runs.items():
        place, stage = run_key(key), _stage(key)
        if run.launcher == "srun" and (missing := _missing_programs("srun")):
            words = f"{missing}: start the run on a machine of the cluster, or use launcher: torchrun"
            yield stage, Problem(f"{place}.launcher", words)
        if "deepspeed" in (run.launcher, run.backend) and importlib.util.find_spec("deepspeed") is None:
            name = "launcher" if run.launcher == "deepspeed" else "backend"
            yield stage, Problem(f"{place}.{name}", "deepspeed is not installed: pip install deepspeed")
        if run.hostfile is not None and (missing := _missing_programs("pdsh")):
            words = f"{missing}, with which DeepSpeed reaches the machines that a hostfile lists: install it"
            yield stage, Problem(f"{place}.hostfile", words)


def _missing_programs(*names: str) -> str:
    """Return what the search path lacks, in words; nothing where all is there."""
    missing = [name for name in names if shutil.which(name) is None]
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not on PATH" if missing else ""


def _endpoint_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    scorer = settings.clean.scorer
    if settings.clean.augmentation.generative or (scorer.enabled and scorer.ask.endpoint is not None):
        for name, words in find_endpoint_problems(settings.clean_run.endpoint):
            yield "clean", Problem(f"clean_run.endpoint.{name}", words)


def _device_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    there = count_gpus()
    for key, run in settings.runs.items():
        wanted = run.num_ranks if run.launcher in ("torchrun", "deepspeed") else 1
        if run.device == "cuda" and wanted > there and _runs_here(run):
            yield _stage(key), Problem(f"{run_key(key)}.device", f"{_missing(there)}, and {wanted} are needed")
    if settings.evaluate_run.device == "cuda" and not there:
        yield "evaluate", Problem("evaluate_run.device", _missing(there))
    encodes = any(isinstance(embedding, EncoderParams) for _, embedding in find_embeddings(settings))
    runs_here = settings.dedup_run.executor == "local"
    if settings.dedup_run.encoder.device.startswith("cuda") and encodes and runs_here and not there:
        yield "dedup", Problem("dedup_run.encoder.device", _missing(there))


def _model_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    """Look for the models of the data stages, as their stages will; those behind an endpoint are asked there."""
    scorer = settings.clean.scorer
    for model in find_named_models(settings):
        if model.role in ("classifier", "language_model"):
            place = f"clean.scorer.{scorer.kind}.max_tokens"
            yield from _located(model, (place, getattr(scorer, scorer.kind).max_tokens))
        elif model.role == "encoder":
            yield from _located(model)
        elif model.role == "name_tagger":
            try:
                require_name_labels(Path(model.name))
            except (ModelNotFoundError, ArtifactError) as error:
                yield model.stage, Problem(model.key, str(error))


def _located(model: NamedModel, asked: tuple[str, int] | None = None) -> Iterator[tuple[str, Problem]]:
    """Look for a model, and whether it reads as many tokens as are `asked` of it (with the key that asks)."""
    try:
        folder = locate_model(model.name, model.revision, key=model.key)
        longest = read_facts(folder, name=model.name).max_positions if asked else None
    except (ModelNotFoundError, UnfitModelError) as error:
        yield model.stage, Problem(model.key, str(error))
        return
    if asked and longest is not None and asked[1] > longest:
        yield model.stage, Problem(asked[0], f"{model.name} reads {longest} tokens at most")


def _stage(key: str) -> str:
    return "base" if key.startswith("base.") else key


def _runs_here(run: TrainRunParams) -> bool:
    return run.launcher != "srun" and run.hostfile is None


def _missing(there: int) -> str:
    return "cuda is asked for, and this machine shows " + (f"{there} GPUs" if there else "no GPU (use auto or cpu)")
