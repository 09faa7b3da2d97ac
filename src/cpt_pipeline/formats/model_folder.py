"""What can be said of a model folder from its JSON files alone, before anything of it is loaded.

A configuration can name code on the hub that transformers would fetch and run, and an index can name weights that are
not there. Both are refused by name. `model.load` checks the weights themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cpt_pipeline.core.errors import UnfitModelError, raise_all

_IMPLEMENTATION = re.compile(r"_?(attn|experts)_implementation(_internal)?")
"""Keys with which a configuration picks an implementation; `owner/name` is a kernel of the hub (transformers 5.23)."""
_ADAPTER = "adapter_config.json"
_CONFIGS = ("config.json", "generation_config.json", _ADAPTER)


def check_model_folder(folder: Path) -> None:
    """Raise `UnfitModelError` that lists all shards that are not there and all code that is asked of the hub."""
    raise_all(UnfitModelError, f"{folder} cannot be loaded:", [*_code_of_the_hub(folder), *_missing_shards(folder)])


def refuse_code_of_the_hub(folder: Path) -> None:
    """Raise `UnfitModelError` that lists all code that a folder asks of the hub; its shards may not be there yet."""
    raise_all(UnfitModelError, f"{folder} cannot be loaded:", _code_of_the_hub(folder))


def has_all_weights(folder: Path) -> bool:
    """Return whether the weights lie in the folder, with every shard that an index names."""
    return any(folder.glob("*.safetensors")) and not any(_missing_shards(folder))


def _code_of_the_hub(folder: Path) -> Iterator[str]:
    for name in _CONFIGS:
        for key, value in _implementations(_read(folder / name)):
            yield (
                f"{name}: {key} is {value!r}, which is code on the hub; code from a model is never run. "
                f"Remove the key, or set it to sdpa or eager."
            )


def _implementations(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every implementation that names a kernel of the hub, with its dotted key."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        dotted = f"{prefix}{key}"
        if _IMPLEMENTATION.fullmatch(str(key)):
            chosen = inner.values() if isinstance(inner, Mapping) else [inner]
            yield from ((dotted, each) for each in chosen if isinstance(each, str) and "/" in each)
        else:
            yield from _implementations(inner, f"{dotted}.")


def _missing_shards(folder: Path) -> Iterator[str]:
    for index in sorted(folder.glob("*.safetensors.index.json")):
        listed = _read(index).get("weight_map")
        if not isinstance(listed, Mapping):
            yield f"{index.name} has no weight_map; save the model again"
            continue
        shards: dict[str, int] = {}
        for shard in listed.values():
            shards[str(shard)] = shards.get(str(shard), 0) + 1
        for name, count in sorted(shards.items()):
            if not (folder / name).is_file():
                yield f"{index.name} names {name} ({count} weights), which is not there; download or copy it again"


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnfitModelError(f"{path} is no JSON ({error}); download or copy it again") from error
    if not isinstance(content, dict):
        raise UnfitModelError(f"{path} holds no JSON object; download or copy it again")
    return content
