"""Load exactly the weights that a model has: what its files lack, transformers and peft would draw at random.

Every model and adapter of this package comes through here. A missing weight, one that no layer takes and one of another
shape are refused by name; what a class itself lists as derived or optional (tied heads, buffers) is none of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from cpt_pipeline.core.errors import ModelNotFoundError, UnfitModelError
from cpt_pipeline.formats.model_folder import check_model_folder
from cpt_pipeline.model.kinds import require_kind, saved_as

transformers_logging.disable_progress_bar()

Part = Literal["whole", "body", "new_head"]
"""What is wanted of a folder: all of its model; its body, without the head it was trained with; or its body under a new
head, whose weights are drawn at random and trained afterwards."""

_POOLER = "pooler"
"""Layer of BERT's kind between body and head, trained with the head: some classes have it and others do not."""
_SHOWN = 4


def load_weights(auto_class: Any, folder: Path, *, part: Part = "whole", **options: Any) -> Any:
    """Load `auto_class` (`AutoModelForCausalLM`, ...) from a folder, in evaluation mode.

    `UnfitModelError` names the weights that are missing, unexpected or of another shape, a model of another kind, and
    code that the folder asks for; `ModelNotFoundError` when there are no safetensors. `options` go to
    `from_pretrained`.
    """
    shapes = read_shapes(folder, "*.safetensors")
    check_model_folder(folder)
    require_kind(auto_class, folder)
    try:
        model, facts = auto_class.from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # to be named below with all others
            **options,
        )
    except RuntimeError as error:
        if "conversion of the weights" not in str(error):
            raise
        raise UnfitModelError(
            f"{folder}: weights that are joined on loading (the experts of a layer) do not fit together; the report "
            f"above names them. {_REMEDY}"
        ) from error
    differ = {str(name): f"{name} {list(found)} for {list(wanted)}" for name, found, wanted in facts["mismatched_keys"]}
    kind, saved = type(model).__name__, saved_as(model.config)
    is_other = part == "whole" and saved not in (None, kind)
    _refuse(
        folder,
        kind,
        saved=saved if is_other else None,
        missing=[name for name in facts["missing_keys"] if not _is_left_out(name, model, part)],
        unexpected=[name for name in facts["unexpected_keys"] if not _is_unread(name, model, part, shapes)],
        differ=[shown for name, shown in differ.items() if not (part == "new_head" and _is_head(name, model))],
    )
    return model.eval()


def load_adapter(model: Any, folder: Path, *, is_trainable: bool = False) -> Any:
    """Put a peft adapter on `model`; raise as `load_weights` does."""
    from peft import PeftModel, get_peft_model_state_dict

    stored = read_shapes(folder, "adapter_model.safetensors")
    adapted = PeftModel.from_pretrained(model, str(folder), is_trainable=is_trainable, ignore_mismatched_sizes=True)
    wanted = {name: tuple(weight.shape) for name, weight in get_peft_model_state_dict(adapted).items()}
    _refuse(
        folder,
        f"an adapter of {type(model).__name__}",
        missing=wanted.keys() - stored.keys(),
        unexpected=stored.keys() - wanted.keys(),
        differ=[
            f"{name} {list(stored[name])} for {list(wanted[name])}"
            for name in sorted(stored.keys() & wanted.keys())
            if stored[name] != wanted[name]
        ],
    )
    return adapted


def read_shapes(folder: Path, pattern: str) -> dict[str, tuple[int, ...]]:
    """Read names and shapes of the weights in the headers of a folder's safetensors files, without the weights.

    `ModelNotFoundError` when no file matches `pattern`, `UnfitModelError` when one is cut or is something else.
    """
    files = sorted(folder.glob(pattern))
    if not files:
        raise ModelNotFoundError(f"{folder} has no .safetensors weights; pickled weights are not loaded. Convert them.")
    shapes: dict[str, tuple[int, ...]] = {}
    for path in files:
        try:
            with safe_open(path, framework="numpy") as stored:
                shapes.update((name, tuple(stored.get_slice(name).get_shape())) for name in stored.keys())  # noqa: SIM118
        except SafetensorError as error:
            raise UnfitModelError(f"{path} is cut or no safetensors file ({error}). {_REMEDY}") from error
    return shapes


_REMEDY = "Download or copy the model again, or save it anew with save_pretrained."


def _refuse(
    folder: Path,
    kind: str,
    *,
    missing: Iterable[str],
    unexpected: Iterable[str],
    differ: Iterable[str],
    saved: str | None = None,
) -> None:
    """Raise an error that names these weights; `saved` is the class of a model that was made for something else."""
    faults = {"lacks": missing, "holds what it does not take:": unexpected, "has other shapes:": differ}
    told = [f"{what} {_some(names)}" for what, each in faults.items() if (names := sorted(each))]
    if told:
        read, remedy = (f"saved as {saved}, read as {kind}", f"Take a model that was saved as {kind}.")
        if saved is None:
            read, remedy = f"read as {kind}", _REMEDY
        raise UnfitModelError(f"{folder}, {read}, {'; '.join(told)}. {remedy}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _is_head(name: str, model: PreTrainedModel) -> bool:
    """Say whether a weight of a model with a head is outside its body; the pooler goes with the head."""
    return not name.startswith(f"{model.base_model_prefix}.") or _is_pooler(name)


def _is_pooler(name: str) -> bool:
    return _POOLER in name.split(".")


def _is_left_out(name: str, model: PreTrainedModel, part: Part) -> bool:
    """Say whether a weight may be missing: a body's vectors are made without the pooler; a new head is new."""
    return (part == "body" and _is_pooler(name)) or (part == "new_head" and _is_head(name, model))


def _is_unread(name: str, model: PreTrainedModel, part: Part, stored: Iterable[str]) -> bool:
    """Say whether a weight may stay unread: the head of a body that was saved with one, and a pooler without reader."""
    if _is_pooler(name) and not any(_POOLER in module.split(".") for module, _ in model.named_modules()):
        return True
    prefix = f"{model.base_model_prefix}."
    return part != "whole" and not name.startswith(prefix) and any(each.startswith(prefix) for each in stored)
