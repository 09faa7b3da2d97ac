"""Model folders: code of the hub and shards that are not there are refused by name, before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import UnfitModelError
from cpt_pipeline.formats.model_folder import check_model_folder
from cpt_pipeline.formats.models import find_model


def write(folder: Path, name: str, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"attn_implementation": "kernels-community/flash-attn2"}, "attn_implementation"),
        ({"_attn_implementation": "someone/kernel@main:forward"}, "_attn_implementation"),
        ({"attn_implementation": "paged|someone/kernel"}, "attn_implementation"),
        ({"attn_implementation": {"": "sdpa", "text_config": "someone/kernel"}}, "attn_implementation"),
        ({"text_config": {"attn_implementation": "someone/kernel"}}, "text_config.attn_implementation"),
        ({"text_config": {"_experts_implementation": "a/b"}}, "text_config._experts_implementation"),
    ],
)
def test_a_configuration_that_asks_the_hub_for_code_is_refused(tmp_path: Path, config: Any, key: str) -> None:
    folder = write(tmp_path / "model", "config.json", {"model_type": "llama", **config})
    with pytest.raises(UnfitModelError, match=rf"(?s){folder} cannot be loaded.*config\.json: {key} is '.*never run"):
        check_model_folder(folder)
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(UnfitModelError, match="code on the hub"):
        find_model(str(folder), None)


@pytest.mark.parametrize("value", ["sdpa", "eager", "flash_attention_2", "paged|eager", None, {"": "sdpa"}])
def test_what_transformers_brings_itself_is_allowed(tmp_path: Path, value: Any) -> None:
    config = {"attn_implementation": value, "_name_or_path": "owner/model", "text_config": {"model_type": "a"}}
    check_model_folder(write(tmp_path, "config.json", config))


def test_every_missing_shard_and_every_request_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, "config.json", {"attn_implementation": "someone/kernel"})
    (tmp_path / "model-00002-of-00003.safetensors").write_bytes(b"")
    shards = {"a": 1, "b": 2, "c": 3, "d": 3}
    listed = {name: f"model-0000{number}-of-00003.safetensors" for name, number in shards.items()}
    write(tmp_path, "model.safetensors.index.json", {"weight_map": listed})
    with pytest.raises(UnfitModelError) as raised:
        find_model(str(tmp_path), None)
    told = str(raised.value)
    assert "someone/kernel" in told
    assert "names model-00001-of-00003.safetensors (1 weights), which is not there" in told
    assert "names model-00003-of-00003.safetensors (2 weights)" in told
    assert "model-00002" not in told


def test_json_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"a": ')
    with pytest.raises(UnfitModelError, match=r"config\.json is no JSON"):
        check_model_folder(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(UnfitModelError, match=r"config\.json holds no JSON object"):
        check_model_folder(tmp_path)
