"""Parts: together they give the whole, and what was changed since a stage stopped is read again when it goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.corpus.collect.files.parts import plan_parts
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import read_documents
from tests.corpus.collect.test_sources import rows, source, write
from tests.corpus.stages import collect_documents


def collect(place: Path, given: dict[str, Any]) -> CollectReport:
    named = {"name": "own", "channel": "domain", "license": "MIT", **given}
    params = CollectParams.model_validate({"sources": [named]})
    return collect_documents(place / "out", params, ChannelsParams(roles={"domain": "domain"}), SuiteParams())


def test_parts_give_what_the_whole_gives(tmp_path: Path) -> None:
    for number in range(7):
        write(tmp_path / f"{number}.txt", "x" * (100 * number + 1))
    params = source(tmp_path)
    assert [len(part["files"]) for part in plan_parts(params, 700)] == [4, 1, 1, 1]
    assert rows(params, 700) == rows(params, 1) == rows(params)
    assert len(plan_parts(source(tmp_path, max_characters=300), 700)) == 1


@pytest.mark.parametrize("kind", ["files", "object_store", "hugging_face"])
def test_a_file_that_was_mended_after_the_stage_stopped_is_read_again(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data/own.jsonl"
    key = {"files": "path", "object_store": "address", "hugging_face": "dataset"}[kind]
    given = {"kind": kind, key: str(path.parent)}
    write(path, json.dumps({"text": "one"}) + "\n" + json.dumps({"text": ""}))
    with pytest.raises(SourceError, match="1 of 2 records are broken"):
        collect(tmp_path, given)
    write(path, json.dumps({"text": "one"}) + "\n" + json.dumps({"text": "two"}))
    assert collect(tmp_path, given).documents == 2
    assert [row["text"] for row in read_documents(tmp_path / "out/raw_documents")] == ["one", "two"]
