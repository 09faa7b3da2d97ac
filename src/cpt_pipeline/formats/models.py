"""Models: Hugging Face layout in safetensors, or a reference to such a folder that is not copied.

A `model` artifact holds either the files themselves or `reference.json`, which names a folder or hub
snapshot, as conf does, with a digest per file. `resolve` gives the folder to load from in both cases.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cpt_pipeline.core.artifact import digest_file, read_manifest, seal, write_json
from cpt_pipeline.core.errors import ArtifactError, ModelNotFoundError
from cpt_pipeline.core.inputs import is_folder_name
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.formats.model_folder import check_model_folder, refuse_code_of_the_hub

logger = logging.getLogger(__name__)

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
_SET = "Set {key} to a model folder or a hub name like Qwen/Qwen2.5-7B."
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
    commit = revision if is_folder_name(name) else folder.name
    write_json(directory / REFERENCE, {"name": name, "revision": commit, "files": files})
    return seal(directory, "model")


def resolve(artifact: Path) -> Path:
    """Give the folder to call `from_pretrained` on.

    `ModelNotFoundError` when a referenced folder is gone, `ArtifactError` when its files were changed since.
    """
    read_manifest(artifact)
    if not (artifact / REFERENCE).is_file():
        return artifact
    reference = read_json(artifact / REFERENCE, keys=("name", "revision", "files"))
    return _find_referenced(reference).resolve()


def find_model(name: str, revision: str | None, *, key: str = "base.name") -> Path:
    """Find a model: a folder (`is_folder_name`), or a hub name whose snapshot is downloaded or already cached.

    Only configuration, tokenizer and safetensors files are fetched; pickled weights never are. `key` is where conf
    names the model. `UnfitModelError` when its configuration asks for code of the hub or a shard is not there.
    """
    folder = _find(name, revision, key)
    check_model_folder(folder)
    return folder


def _find(name: str, revision: str | None, key: str) -> Path:
    if is_folder_name(name):
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise ModelNotFoundError(f"{name}: no such folder. {_SET.format(key=key)}")
        if not (folder / "config.json").is_file():
            raise ModelNotFoundError(f"{folder} has no config.json, so it is no model folder ({key} in conf)")
        if not any(folder.glob("*.safetensors")):
            raise ModelNotFoundError(
                f"{folder} has no *.safetensors; other weights are pickled and never loaded. "
                f"Convert them first ({key} in conf)."
            )
        return folder
    if not _is_hub_name(name):
        raise ModelNotFoundError(
            f"{name}: no such folder (its name begins with /, . or ~) and no hub name. {_SET.format(key=key)}"
        )
    return _snapshot(name, revision, key)


def newest_commit(name: str, repository: str) -> str | None:
    """Return the commit of a hub name's main branch as the hub or its cache here knows it; else None."""
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.constants import HF_HUB_CACHE, HF_HUB_OFFLINE
    from huggingface_hub.errors import HfHubHTTPError

    cached = Path(HF_HUB_CACHE, f"{repository}s--{name.replace('/', '--')}", "refs", "main")
    if not HF_HUB_OFFLINE:
        try:
            return HfApi().repo_info(name, repo_type=repository, timeout=10).sha
        except (HfHubHTTPError, httpx.HTTPError, OSError, ValueError):
            logger.info("%s: the hub does not say its newest commit", name)
    return cached.read_text(encoding="utf-8").strip() if cached.is_file() else None


def locate_model(name: str, revision: str | None, *, key: str) -> Path:
    """Return the folder of a model without fetching its weights.

    Of a hub model whose weights are not cached that is a folder with config.json alone, fetched when it is not there.
    `ModelNotFoundError` when the model is neither here nor reachable, `UnfitModelError` when its configuration asks for
    code of the hub.
    """
    if not _is_hub_name(name):
        return find_model(name, revision, key=key)
    cached = _cached_snapshot(name, revision)
    has_weights = cached is not None and any(cached.glob("*.safetensors"))
    folder = cached if cached is not None and has_weights else _config_from_hub(name, revision, key)
    refuse_code_of_the_hub(folder)
    return folder


def _is_hub_name(name: str) -> bool:
    return not is_folder_name(name) and name.count("/") == 1


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


def _cached_snapshot(name: str, revision: str | None) -> Path | None:
    """Find a snapshot without the network; after a download that was cut it may be incomplete."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def _snapshot(name: str, revision: str | None, key: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    patterns = [f"*{suffix}" for suffix in _KEPT_SUFFIXES]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except (LocalEntryNotFoundError, RepositoryNotFoundError, HfHubHTTPError, OSError) as error:
        raise _unreachable(name, revision, key) from error


def _config_from_hub(name: str, revision: str | None, key: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        with TemporaryDirectory() as empty_cache:
            # A config.json in the cache is no promise that the weights can be had; only the hub can tell.
            hf_hub_download(name, "config.json", revision=revision, cache_dir=empty_cache)
        return Path(hf_hub_download(name, "config.json", revision=revision)).parent
    except (LocalEntryNotFoundError, RepositoryNotFoundError, HfHubHTTPError, OSError) as error:
        raise _unreachable(name, revision, key) from error


def _unreachable(name: str, revision: str | None, key: str) -> ModelNotFoundError:
    offline = " HF_HUB_OFFLINE is set." if os.environ.get("HF_HUB_OFFLINE") else ""
    return ModelNotFoundError(
        f"{name} (revision {revision or 'main'}) is neither a folder nor reachable on the hub.{offline} "
        f"Download it first, or set {key} to a local folder."
    )
