"""Models: found by folder or hub name, referenced by digest, resolved to a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.errors import ArtifactError, ModelNotFoundError, UnfitModelError
from cpt_pipeline.formats.models import REFERENCE, find_model, locate_model, model_files, resolve, write_reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub cache with one snapshot of `maker/model`, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    snapshot = make_model(tmp_path / "hub" / "models--maker--model" / "snapshots" / COMMIT)
    refs = snapshot.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    return snapshot


def test_a_sealed_folder_of_weights_is_the_model_itself(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    with pytest.raises(ArtifactError, match="never finished"):
        resolve(folder)
    seal(folder, "model")
    assert resolve(folder) == folder


def test_a_reference_leads_to_the_folder_and_copies_nothing(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    write_reference(tmp_path / "base_model", folder, name=str(folder), revision=None)
    assert resolve(tmp_path / "base_model") == folder
    assert sorted(path.name for path in (tmp_path / "base_model").iterdir()) == ["manifest.json", REFERENCE]


def test_an_unfinished_reference_is_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    write_reference(tmp_path / "base_model", folder, name=str(folder), revision=None)
    (tmp_path / "base_model" / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="never finished"):
        resolve(tmp_path / "base_model")


@pytest.mark.feature(2)
@pytest.mark.parametrize("text", ["", '{"name": "/mod', "[]", '{"name": "a", "revision": null}'])
def test_a_reference_that_was_cut_or_garbled_is_named(tmp_path: Path, text: str) -> None:
    folder = make_model(tmp_path / "base")
    write_reference(tmp_path / "base_model", folder, name=str(folder), revision=None)
    (tmp_path / "base_model" / REFERENCE).write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"reference\.json is damaged"):
        resolve(tmp_path / "base_model")


def test_a_reference_does_not_depend_on_where_the_project_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = []
    for home in ("here", "there"):
        make_model(tmp_path / home / "models" / "tiny")
        monkeypatch.chdir(tmp_path / home)
        found = find_model("./models/tiny", None)
        manifests.append(write_reference(Path("base_model"), found, name="./models/tiny", revision=None))
        assert resolve(Path("base_model")) == tmp_path / home / "models" / "tiny"
    assert manifests[0] == manifests[1]


def test_a_file_that_came_into_a_referenced_folder_is_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    write_reference(tmp_path / "base_model", folder, name=str(folder), revision=None)
    (folder / "README.md").write_text("nothing that a model is made of")
    assert resolve(tmp_path / "base_model") == folder
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"changed since the run began \(adapter_config\.json\)"):
        resolve(tmp_path / "base_model")


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_a_referenced_folder_that_changed_is_refused(tmp_path: Path, change: str) -> None:
    folder = make_model(tmp_path / "model")
    write_reference(tmp_path / "base_model", folder, name=str(folder), revision=None)
    weights = folder / "model.safetensors"
    weights.write_bytes(b"WEIGHTS") if change == "edited" else weights.unlink()
    with pytest.raises(ArtifactError, match=r"changed since the run began \(model\.safetensors\)"):
        resolve(tmp_path / "base_model")


def test_a_referenced_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    write_reference(tmp_path / "base_model", folder, name=str(folder), revision=None)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ModelNotFoundError, match=r"model is gone; .* set base\.name anew"):
        resolve(tmp_path / "base_model")


def test_only_configuration_tokenizer_and_safetensors_are_model_files(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    for name in ("pytorch_model.bin", "optimizer.pt", "README.md", "modeling.py", "merges.txt", "tokenizer.model"):
        (folder / name).write_text("x")
    (folder / "original.json").mkdir()
    names = [path.name for path in model_files(folder)]
    assert names == ["config.json", "merges.txt", "model.safetensors", "tokenizer.json", "tokenizer.model"]


def test_a_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(tmp_path / "model")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_model(str(folder), None) == folder
    assert find_model("~/model", None) == folder


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./nowhere", r"\./nowhere: no such folder\. Set base\.name"),
        ("/no/such/folder", "/no/such/folder: no such folder"),
        ("model", "model: no such folder"),
        ("a/b/c", "a/b/c: no such folder"),
        ("./weightless", r"weightless has no \*\.safetensors; other weights are pickled and never loaded"),
        ("./empty", r"empty has no config\.json"),
    ],
)
def test_what_is_no_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (make_model(tmp_path / "weightless") / "model.safetensors").rename(tmp_path / "weightless" / "pytorch_model.bin")
    with pytest.raises(ModelNotFoundError, match=message):
        find_model(name, None)


def test_a_hub_model_is_pinned_to_its_commit(tmp_path: Path, hub: Path) -> None:
    found = find_model("maker/model", None)
    assert found == hub
    write_reference(tmp_path / "base_model", found, name="maker/model", revision=None)

    reference = json.loads((tmp_path / "base_model" / REFERENCE).read_text())
    assert (reference["name"], reference["revision"]) == ("maker/model", COMMIT)
    assert str(tmp_path) not in (tmp_path / "base_model" / REFERENCE).read_text()
    (hub.parents[1] / "refs" / "main").write_text("f" * 40)
    assert resolve(tmp_path / "base_model") == hub


def test_a_damaged_snapshot_is_fetched_again_or_refused(tmp_path: Path, hub: Path) -> None:
    write_reference(tmp_path / "base_model", hub, name="maker/model", revision="main")
    (hub / "model.safetensors").write_bytes(b"half")
    with pytest.raises(ArtifactError, match=r"changed since the run began \(model\.safetensors\)"):
        resolve(tmp_path / "base_model")


def test_a_cached_hub_model_that_asks_for_code_is_refused_before_its_weights_are_needed(hub: Path) -> None:
    assert locate_model("maker/model", COMMIT, key="base.name") == hub
    (hub / "config.json").write_text('{"attn_implementation": "owner/kernel"}')
    with pytest.raises(UnfitModelError, match="attn_implementation is 'owner/kernel', which is code on the hub"):
        locate_model("maker/model", COMMIT, key="base.name")


@pytest.mark.usefixtures("hub")
def test_a_hub_model_out_of_reach_is_named() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(ModelNotFoundError, match=r"maker/other \(revision v2\) is neither .* HF_HUB_OFFLINE is set"):
        find_model("maker/other", "v2")


def test_equal_models_have_equal_references(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    for name in ("a", "b"):
        write_reference(tmp_path / name, folder, name=str(folder), revision=None)
    assert read_manifest(tmp_path / "a") == read_manifest(tmp_path / "b")
    (folder / "config.json").write_text('{"x": 1}')
    write_reference(tmp_path / "c", folder, name=str(folder), revision=None)
    assert read_manifest(tmp_path / "c") != read_manifest(tmp_path / "a")
