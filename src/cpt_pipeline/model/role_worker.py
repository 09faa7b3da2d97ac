"""Looks at models for `roles`: `python -m cpt_pipeline.model.role_worker casts.json`, a fresh process with torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import transformers
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.errors import UnfitModelError, find_fault
from cpt_pipeline.formats.model_folder import has_all_weights
from cpt_pipeline.model.kinds import read_config, require_kind
from cpt_pipeline.model.roles import ANSWERS, CASTS, Cast, Role
from cpt_pipeline.model.weights import load_weights

_LOADED_AS: dict[Role, tuple[Any, dict[str, Any]]] = {
    "base": (AutoModelForCausalLM, {}),
    "language_model": (AutoModelForCausalLM, {}),
    "classifier": (AutoModelForSequenceClassification, {"part": "new_head", "num_labels": 1}),
    "encoder": (AutoModel, {"part": "body"}),
    "name_tagger": (AutoModelForTokenClassification, {}),
}
"""As training.worker, scoring.language_model, scoring.encoder, embeddings.encoder and clean.names load them."""


def find_problem(cast: Cast) -> str | None:
    """Return what keeps a model from its role: whatever its stage would be told on loading it."""
    try:
        _require_fit(cast)
    except Exception as error:  # any error here would be one of the stage
        fault = find_fault(error)
        words = " ".join(str(error).split())[:300]
        return str(fault) if fault else f"{cast.folder} cannot be loaded ({type(error).__name__}: {words})"
    return None


def _require_fit(cast: Cast) -> None:
    auto_class, options = _LOADED_AS[cast.role]
    if cast.role == "base":
        _refuse_quantised(cast.folder)
    if not has_all_weights(cast.folder):
        require_kind(auto_class, cast.folder)
    else:
        load_weights(auto_class, cast.folder, device_map="meta", **options)


def _refuse_quantised(folder: Path) -> None:
    found = getattr(read_config(folder), "quantization_config", None)
    if found:
        method = found.get("quant_method") if isinstance(found, dict) else found.quant_method
        raise UnfitModelError(
            f"{folder} holds quantised weights (quantization_config: {method}), which cannot be trained on. Take the "
            "model that they were made from; lora.quantization: nf4 quantises it for the training"
        )


def main(path: Path) -> int:
    """Write the answers beside `path`; give the exit code."""
    transformers.logging.set_verbosity_error()
    casts = CASTS.validate_json(path.read_bytes())
    write_json(path.with_name(ANSWERS), [find_problem(cast) for cast in casts])
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
