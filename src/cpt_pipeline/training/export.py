"""Write what was trained in Hugging Face layout: a whole model, or a peft adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.models import TOKENIZER_FILES
from cpt_pipeline.training.backend import Backend
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.probe import write_probe


def write_model(job: TrainJob, backend: Backend, folder: Path) -> None:
    """Write model or adapter, tokenizer, and what the model answers to a few tokens, into an existing folder.

    Called on every rank; rank 0 writes.
    """
    write_probe(backend, Mixture(job.mixture, job.tokens), folder, autocast=job.autocast)
    weights = backend.weights()
    if backend.rank != 0:
        return
    module: Any = backend.module
    if job.params.mode == "lora":
        module.save_pretrained(folder, safe_serialization=True, state_dict=weights)
        _forget_base_path(folder / "adapter_config.json")
        (folder / "README.md").unlink(missing_ok=True)
    else:
        _save_full(module, weights, folder)
    for name in TOKENIZER_FILES:
        if (job.model / name).is_file():
            (folder / name).write_bytes((job.model / name).read_bytes())


def _save_full(module: Any, weights: dict[str, Any], folder: Path) -> None:
    module.config.use_cache = True
    try:
        module.save_pretrained(folder, safe_serialization=True, state_dict=weights)
    finally:
        module.config.use_cache = False


def _forget_base_path(path: Path) -> None:
    """Keep the path of this machine out of the adapter: equal content must give equal bytes."""
    config = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, {**config, "base_model_name_or_path": None})
