"""The base model: parameters that cannot be are refused, a found model is referenced and not copied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cpt_pipeline.core.artifact import content_hash, read_manifest, seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ModelNotFoundError, ParameterError, UnfitModelError
from cpt_pipeline.core.workspace import ROOT_VARIABLE, workspace
from cpt_pipeline.formats.models import REFERENCE, resolve
from cpt_pipeline.recipes.base import BaseParams, BaseReport, make_base
from cpt_pipeline.training.params import TrainRunParams
from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.formats.other_models import save_other
from tests.formats.tiny_models import save_tiny

SHAPE = {"hidden_size": 64, "intermediate_size": 128, "num_layers": 2, "num_heads": 4, "num_kv_heads": 2}
SCRATCH = {
    "vocabulary_size": 512,
    "shape": SHAPE,
    "sequence_length": 64,
    "rows_per_step": 4,
    "data": {"num_tokens": 2560},
    "training": {"optimizer": {"peak_lr": 1.0e-3}},
}
CHANNELS = ChannelsParams(roles={"domain": "domain", "en": "general"})


@pytest.fixture(autouse=True)
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "data"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "tiny"
    train_bpe(iter(["the cat and the dog"]), folder, 300)
    ids = len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    save_tiny("llama", folder, vocab_size=ids)
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    return folder


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "unique_documents"
    folder.mkdir()
    seal(folder, "documents", rows=0)
    return folder


def run(documents: Path, **given: Any) -> tuple[BaseReport, list[dict[str, Any]], Path]:
    params = BaseParams.model_validate({"kind": "pretrained", **given})
    with workspace("base", {"unique_documents": documents}, params) as work:
        report, log = make_base(documents, work, params, CHANNELS, TrainRunParams())
        return report, log, work.out / "base_model"


def test_a_found_model_is_referenced_by_digest_and_not_copied(model: Path, documents: Path) -> None:
    report, log, base = run(documents, name=str(model))
    assert report.model_dump() == {"kind": "pretrained", "name": str(model), "revision": None, "training": None}
    assert log == []
    assert resolve(base) == model
    assert list(read_manifest(base)["files"]) == [REFERENCE]
    assert list(json.loads((base / REFERENCE).read_text())["files"]) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_a_tokenizer_with_more_ids_than_the_embedding_has_rows_is_refused(model: Path, documents: Path) -> None:
    path = model / "tokenizer.json"
    content = json.loads(path.read_text())
    ids = len(content["model"]["vocab"])
    content["added_tokens"].append({**content["added_tokens"][0], "id": ids, "content": "<pad>"})
    path.write_text(json.dumps(content))
    with pytest.raises(ParameterError, match=rf"base\.name: .*ids up to {ids}, and its embedding has {ids} rows"):
        run(documents, name=str(model))


def test_a_base_that_cannot_be_trained_is_refused_by_name(model: Path, documents: Path) -> None:
    save_other("llama_body", model, vocab_size=json.loads((model / "config.json").read_text())["vocab_size"])
    with pytest.raises(
        UnfitModelError, match=rf"^base\.name: {model}, saved as LlamaModel, .* lacks lm_head\.weight\. Take a model"
    ):
        run(documents, name=str(model))


def test_the_documents_do_not_change_a_found_model(model: Path, documents: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    seal(other, "documents", rows=7)
    hashes = {content_hash(run(place, name=str(model))[2]) for place in (documents, other)}
    assert len(hashes) == 1


def test_a_relative_name_leaves_no_trace_of_this_machine(
    model: Path, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, _, base = run(documents, name="./models/tiny")
    assert resolve(base) == model
    assert str(tmp_path) not in (base / REFERENCE).read_text()


def test_a_model_that_is_not_there_leaves_nothing_behind(documents: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"nowhere: no such folder\. Set base\.name"):
        run(documents, name=str(tmp_path / "nowhere"))
    assert list((tmp_path / "data").rglob("base_model")) == []


def test_a_base_from_scratch_needs_a_general_channel(documents: Path) -> None:
    params = BaseParams.model_validate({"kind": "scratch", "scratch": SCRATCH})
    only = ChannelsParams(roles={"domain": "domain"})
    message = r"base\.kind is scratch, but channels\.roles has no general channel"
    inputs = {"unique_documents": documents}
    with workspace("base", inputs, params) as work, pytest.raises(ParameterError, match=message):
        make_base(documents, work, params, only, TrainRunParams())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "pretrained"}, r"base\.kind is pretrained, so base\.name must be a model folder or a hub name"),
        ({"kind": "pretrained", "name": ""}, r"base\.name must be a model folder"),
        ({"kind": "scratch"}, r"base\.kind is scratch, so base\.scratch must describe the model"),
        ({"kind": "hub", "name": "a/b"}, "kind\n  Input should be 'scratch' or 'pretrained'"),
        ({"kind": "pretrained", "path": "a"}, "path\n  Extra inputs are not permitted"),
    ],
)
def test_a_base_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BaseParams.model_validate(given)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"num_heads": 5}, "hidden_size must be a multiple of num_heads"),
        ({"num_kv_heads": 3}, "num_heads of num_kv_heads"),
        ({"num_layers": 0}, r"shape\.num_layers\n  Input should be greater than 0"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(shape: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BaseParams.model_validate({"kind": "scratch", "scratch": {**SCRATCH, "shape": {**SHAPE, **shape}}})


def test_a_vocabulary_holds_at_least_all_bytes() -> None:
    with pytest.raises(ValidationError, match=r"scratch\.vocabulary_size\n  Input should be greater than 300"):
        BaseParams.model_validate({"kind": "scratch", "scratch": {**SCRATCH, "vocabulary_size": 256}})


def test_what_describes_a_model_passes() -> None:
    params = BaseParams.model_validate({"kind": "scratch", "scratch": SCRATCH})
    assert params.scratch is not None
    assert params.scratch.shape.max_positions == 512
    assert params.scratch.training.mode == "full"
