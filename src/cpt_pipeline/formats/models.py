"""Models: Hugging Face layout in safetensors, or a reference to such a folder that is not copied.

A `model` artifact holds either the files themselves or `reference.json`, which names a folder or hub
snapshot, as conf does, with a digest per file. `resolve` gives the folder to load from in both cases.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import digest_file, read_manifest, seal, write_json
from cpt_pipeline.core.errors import ArtifactError, ModelNotFoundError

REFERENCE = "reference.json"
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "generation_config.json",
)
"""What belongs to a model besides config and weights; copied beside every trained model."""
_KEPT_SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".jinja")


def model_files(folder: Path) -> list[Path]:
    """Give the files of a Hugging Face folder that matter: configuration, tokenizer, safetensors weights."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in _KEPT_SUFFIXES)


def write_reference(directory: Path, folder: Path, *, name: str, revision: str | None) -> dict[str, Any]:
    """Write and seal an artifact that points at `folder`, which `find_model(name, revision)` gave.

    What is written finds the model again on another machine: the name as conf has it and, for a hub model, the
    commit that was found, whatever branch or tag `revision` names.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = {path.name: digest_file(path) for path in model_files(folder)}
    commit = revision if Path(name).expanduser().is_dir() else folder.name
    write_json(directory / REFERENCE, {"name": name, "revision": commit, "files": files})
    return seal(directory, "model")


def resolve(artifact: Path) -> Path:
    """Give the folder to call `from_pretrained` on.

    `ModelNotFoundError` when a referenced folder is gone, `ArtifactError` when its files were changed since.
    """
    read_manifest(artifact)
    if not (artifact / REFERENCE).is_file():
        return artifact
    reference = json.loads((artifact / REFERENCE).read_text(encoding="utf-8"))
    return _find_referenced(reference).resolve()


def find_model(name: str, revision: str | None, *, key: str = "base.name") -> Path:
    """Find a model: an existing folder, or a hub name whose snapshot is downloaded or already cached.

    Only configuration, tokenizer and safetensors files are fetched; pickled weights never are. `key` is where conf
    names the model.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelNotFoundError(f"{folder} has no config.json, so it is no model folder ({key} in conf)")
        if not any(folder.glob("*.safetensors")):
            raise ModelNotFoundError(
                f"{folder} has no *.safetensors; other weights are pickled and never loaded. "
                f"Convert them first ({key} in conf)."
            )
        return folder
    if name.startswith(("/", ".", "~")) or name.count("/") != 1:
        raise ModelNotFoundError(
            f"{name}: no such folder. Set {key} to a model folder or a hub name like Qwen/Qwen2.5-7B."
        )
    return _snapshot(name, revision, key)


def _find_referenced(reference: dict[str, Any]) -> Path:
    name, commit = reference["name"], reference["revision"]
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if commit is None:
            raise ModelNotFoundError(
                f"{folder} is gone; the run's base model was that folder. Put it back, or set base.name anew."
            )
        cached = _cached_snapshot(name, commit)
        if cached is not None and not _changed(reference, cached):
            return cached
        folder = _snapshot(name, commit, "base.name")
    changed = _changed(reference, folder)
    if changed:
        raise ArtifactError(
            f"{folder} changed since the run began ({', '.join(changed)}). Restore it, or run stage base again."
        )
    return folder


def _changed(reference: dict[str, Any], folder: Path) -> list[str]:
    """List the files that are other than they were, gone, or new (a new adapter would be loaded too)."""
    listed: dict[str, str] = reference["files"]
    new = [path.name for path in model_files(folder) if path.name not in listed]
    gone_or_other = [
        name for name, digest in listed.items() if not (folder / name).is_file() or digest_file(folder / name) != digest
    ]
    return [*new, *gone_or_other]


def _cached_snapshot(name: str, commit: str) -> Path | None:
    """Find a snapshot without the network; after a download that was cut it may be incomplete."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=commit, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def _snapshot(name: str, revision: str | None, key: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    patterns = [f"*{suffix}" for suffix in _KEPT_SUFFIXES]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except (LocalEntryNotFoundError, RepositoryNotFoundError, HfHubHTTPError, OSError) as error:
        offline = " HF_HUB_OFFLINE is set." if os.environ.get("HF_HUB_OFFLINE") else ""
        raise ModelNotFoundError(
            f"{name} (revision {revision or 'main'}) is neither a folder nor reachable on the hub.{offline} "
            f"Download it first, or set {key} to a local folder."
        ) from error
