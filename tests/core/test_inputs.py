"""What parameters name: found at any depth, looked for, digested, pinned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from cpt_pipeline.core.inputs import (
    HubName,
    HubParams,
    InputAddress,
    InputFile,
    InputFolder,
    InputPattern,
    digest_inputs,
    named_inputs,
)
from cpt_pipeline.core.params import DropNulls, Params


class Model(HubParams):
    kind: Literal["model"] = "model"
    name: HubName | None = None


class Words(Params):
    kind: Literal["words"] = "words"
    file: InputFile
    other: InputFile | None = None


class All(Params):
    files: tuple[InputFile, ...] = ()
    lists: Annotated[dict[str, Words], DropNulls] = Field({})
    terms: dict[str, InputFile] = Field({})
    source: InputPattern | None = None
    address: InputAddress = ""
    index: InputFolder | None = None
    either: Annotated[Model | Words, Field(discriminator="kind")] = Model()
    home: Model = Model()
    share: float | dict[str, float] = 1.0
    pair: tuple[InputFile, int] | None = None
    nested: Annotated[tuple[float | list[InputFile], ...], Field(min_length=1)] = (1.0,)
    note: str = "/etc/hosts"


def test_every_named_thing_is_found_with_its_key_and_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/me")
    params = All(
        files=("a.txt", "b.txt"),
        lists={"one": {"file": "c.txt", "other": "d.txt"}, "none": None},
        terms={"of.law": "law.txt"},
        source="books/**/*.txt",
        address="s3://bucket/books",
        index="~/index",
        home={"name": "~/model"},
        share={"en": 0.5},
        pair=("pair.txt", 3),
        nested=(0.5, ["e.txt"]),
        either={"kind": "model", "name": "owner/model", "revision": "a" * 40},
    )
    assert {each.key: str(each.path) if each.path else None for each in named_inputs(params, "clean")} == {
        "clean.files.0": "a.txt",
        "clean.files.1": "b.txt",
        "clean.lists.one.file": "c.txt",
        "clean.lists.one.other": "d.txt",
        "clean.terms.of.law": "law.txt",
        "clean.source": "books/**/*.txt",
        "clean.address": None,
        "clean.index": "~/index",
        "clean.either.name": None,
        "clean.home.name": "/srv/me/model",
        "clean.pair.0": "pair.txt",
        "clean.nested.1.0": "e.txt",
    }
    assert list(named_inputs(All())) == []
    assert [each.key for each in named_inputs(params, only=frozenset({"terms", "index"}))] == ["terms.of.law", "index"]


@pytest.mark.parametrize("address", ["file:///text/a.txt", "/text/a.txt"])
def test_an_address_on_this_disk_is_a_path(address: str) -> None:
    assert [each.path for each in named_inputs(All(address=address))] == [Path("/text/a.txt")]


def test_what_is_not_there_is_said_for_each_kind(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()

    def problems(name: str) -> list[str | None]:
        place = str(tmp_path / name)
        params = All(files=(place,), index=place, source=f"{place}/*.txt", either={"kind": "model", "name": place})
        return [each.problem for each in named_inputs(params)]

    assert problems("absent") == ["no such file", "no such file or folder", "no such folder", "no such folder"]
    assert problems("words.txt") == [None, None, "no such folder", "no such folder"]
    assert problems("folder") == ["no such file", None, None, None]
    assert set(problems("x" * 300)) == {"File name too long"}


def test_a_placeholder_is_no_commit_that_can_be_read() -> None:
    (found,) = named_inputs(Model(name="owner/model", revision="0" * 40))
    assert found.problem == "this revision is a placeholder: write a commit"


@pytest.mark.feature(7)
@pytest.mark.parametrize("revision", [None, "main", "v1.0", "abc123", "A" * 40])
def test_a_hub_name_needs_a_whole_commit_and_a_folder_none(revision: str | None) -> None:
    with pytest.raises(ValidationError, match=r"owner/model is a hub name and needs `revision`") as caught:
        Model(name="owner/model", revision=revision)
    assert caught.value.errors()[0]["ctx"] == {"name": "owner/model", "field": "name", "repository": "model"}
    assert not Model(name="owner/model", revision="0a" * 20).is_folder
    assert Model(name="./model", revision=revision).is_folder


def test_digests_change_with_every_byte_of_a_file_or_folder_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "model/part").mkdir(parents=True)
    (tmp_path / "words.txt").write_text("a\n", encoding="utf-8")
    (tmp_path / "model/part/weights").write_bytes(b"\0" * 1000)
    params = All(files=(tmp_path / "words.txt",), either={"kind": "model", "name": str(tmp_path / "model")})
    before = digest_inputs(params)
    assert len(before) == 2
    (tmp_path / "model/part/weights").write_bytes(b"\0" * 999 + b"\1")
    after = digest_inputs(params)
    assert [key for key in before if before[key] != after[key]] == [f"either.name {tmp_path / 'model/part/weights'}"]
