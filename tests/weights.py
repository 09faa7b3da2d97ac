"""Damage the weights of a model folder as a cut download or a careless conversion does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def edit_weights(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Change the tensors of a safetensors file by name."""
    from safetensors.torch import load_file, save_file

    weights = load_file(path)
    edit(weights)
    path.unlink()  # it may be a hard link to a file of another test
    save_file(weights, path, metadata={"format": "pt"})


def lose_weight(folder: Path, name: str, file: str = "model.safetensors") -> Path:
    """Take one weight out of a model folder."""
    edit_weights(folder / file, lambda weights: weights.pop(name))
    return folder
