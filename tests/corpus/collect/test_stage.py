"""Collect: all problems before any work, all records accounted for, the same result twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.core.artifact import MANIFEST, is_sealed
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport
from cpt_pipeline.formats.benchmarks import BenchmarkParams, SuiteParams, read_items
from cpt_pipeline.formats.documents import count_documents, read_documents
from tests.corpus.stages import collect_documents
from tests.corpus.texts import make_text

REPOSITORY = Path(__file__).parents[3]
CHANNELS = ChannelsParams(roles={"en": "general", "domain": "domain"})
Collect = Callable[..., CollectReport]


def source(name: str, path: Path, **more: Any) -> dict[str, Any]:
    return {"kind": "files", "name": name, "channel": "en", "path": path, "license": "MIT", **more}


def params(*sources: dict[str, Any], **more: float) -> CollectParams:
    return CollectParams.model_validate({"sources": sources, **more})


@pytest.fixture
def two(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A good source for each channel; one bad line of the twenty in `own`."""
    lines = [json.dumps({"text": make_text(number)}) for number in range(19)]
    (tmp_path / "own.jsonl").write_text("\n".join([*lines[:3], "{broken", *lines[3:]]))
    (tmp_path / "domain.txt").write_text(make_text(100))
    own = source("own", tmp_path / "own.jsonl")
    return own, source("field", tmp_path / "domain.txt", channel="domain", license="CC-BY-4.0")


def test_report_adds_up_per_source_and_in_all(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    report = collect_documents(tmp_path / "out", params(*two), CHANNELS, SuiteParams())
    assert (report.records_in, report.documents, report.excluded) == (21, 20, {"not_json": 1})
    assert report.licenses == {"CC-BY-4.0": 1, "MIT": 19}
    assert {name: (each.records_in, each.documents) for name, each in report.sources.items()} == {
        "own": (20, 19),
        "field": (1, 1),
    }
    assert report.channels["domain"].bytes == len(make_text(100))
    assert report.bytes == sum(each.bytes for each in report.sources.values())
    assert [row["id"] for row in read_documents(tmp_path / "out/collect_excluded")] == ["own/own.jsonl#4"]


@pytest.mark.feature(8)
def test_every_document_has_licence_origin_and_channel(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    collect_documents(tmp_path / "out", params(*two), CHANNELS, SuiteParams())
    rows = list(read_documents(tmp_path / "out/raw_documents"))
    assert {(row["source"], row["license"], row["channel"]) for row in rows} == {
        ("own", "MIT", "en"),
        ("field", "CC-BY-4.0", "domain"),
    }
    assert len({row["id"] for row in rows}) == len(rows)


def test_collecting_twice_gives_the_same_bytes(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    for name in ("a", "b"):
        collect_documents(tmp_path / name, params(*two), CHANNELS, SuiteParams())
    for artifact in ("raw_documents", "collect_excluded", "benchmark_texts"):
        assert (tmp_path / "a" / artifact / MANIFEST).read_bytes() == (
            tmp_path / "b" / artifact / MANIFEST
        ).read_bytes()


def test_all_problems_are_said_before_anything_is_read(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "quiz.jsonl").write_text("{}\n")
    sources = params(
        source("missing", tmp_path / "absent"),
        source("bare", tmp_path / "domain.txt", license=""),
        source("strange", tmp_path / "domain.txt", channel="latin"),
        source("empty", tmp_path / "empty.txt"),
        {"kind": "python_environment", "name": "env", "channel": "en", "part": "code", "packages": ["absent-thing"]},
    )
    suite = SuiteParams(benchmarks=(BenchmarkParams(name="quiz", path=tmp_path / "quiz.jsonl"),))
    with pytest.raises(SourceError) as caught:
        collect_documents(tmp_path / "out", sources, CHANNELS, suite)
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == [
        f"  - {tmp_path / 'quiz.jsonl'} line 1",
        "  - source missing",
        "  - source bare",
        "  - source strange",
        "  - source empty",
        "  - source env",
        "  - channel domain of channels.roles has no source",
    ]
    assert "no such file" in lines[2]
    assert "no license given" in lines[3]
    assert "channel latin is not in channels.roles (domain, en)" in lines[4]
    assert "all of its files are empty" in lines[5]
    assert "absent-thing is not installed" in lines[6]
    assert not (tmp_path / "out").exists()


def test_too_many_bad_records_stop_the_run_and_are_named(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(
        SourceError, match=r"1 of 20 records are broken.*max_bad_share = 0\.04.*own\.jsonl#4 \(not_json"
    ):
        collect_documents(tmp_path / "out", params(*two, max_bad_share=0.04), CHANNELS, SuiteParams())
    assert not is_sealed(tmp_path / "out" / "raw_documents")


def test_files_of_unknown_suffix_are_excluded_and_not_bad(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    for number in range(50):
        (tmp_path / "folder" / f"{number}.jpg").parent.mkdir(exist_ok=True)
        (tmp_path / "folder" / f"{number}.jpg").touch()
    (tmp_path / "folder" / "a.txt").write_text(make_text(1))
    report = collect_documents(
        tmp_path / "out", params(*two, source("folder", tmp_path / "folder")), CHANNELS, SuiteParams()
    )
    assert report.sources["folder"].excluded == {"unsupported_format": 50}
    assert report.sources["folder"].documents == 1


@pytest.mark.feature(9)
@pytest.mark.parametrize("nested", [False, True], ids=["records at the top", "records inside records"])
def test_a_column_that_no_record_has_is_named(tmp_path: Path, two: tuple[dict[str, Any], ...], nested: bool) -> None:
    records = [{"text": make_text(number), "id": number, "note": None} for number in range(3)]
    listed = [{"day": 1, "pages": records}] if nested else [{"day": 1, **record} for record in records]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, listed)), encoding="utf-8")
    more = {"records": "pages"} if nested else {}
    columns = {"part_of": "day", "title": "note", "original_id": "id"}
    collect_documents(tmp_path / "out", params({**two[0], **more, "columns": columns}, two[1]), CHANNELS, SuiteParams())
    (day,) = {row["part_of"] for row in read_documents(tmp_path / "out/raw_documents") if row["source"] == "own"}
    assert day == "own/@1"
    with pytest.raises(SourceError) as raised:
        wrong = {**columns, "part_of": "dayy", "url": "link"}
        collect_documents(
            tmp_path / "no", params({**two[0], **more, "columns": wrong}, two[1]), CHANNELS, SuiteParams()
        )
    assert str(raised.value).splitlines()[1:] == [
        "  - source own: columns.part_of names the field 'dayy', which no record has; correct it, or leave it out",
        "  - source own: columns.url names the field 'link', which no record has; correct it, or leave it out",
    ]


def test_source_without_any_document_is_named(tmp_path: Path, two: tuple[dict[str, Any], ...]) -> None:
    (tmp_path / "blank.txt").write_text(" \n")
    with pytest.raises(SourceError, match="source blank: no document in it"):
        blank = source("blank", tmp_path / "blank.txt")
        collect_documents(tmp_path / "out", params(*two, blank, max_bad_share=1), CHANNELS, SuiteParams())


@pytest.mark.feature(101)
def test_benchmarks_are_collected_from_the_key_that_evaluate_reads(
    tmp_path: Path, two: tuple[dict[str, Any], ...]
) -> None:
    probes = REPOSITORY / "conf/base/benchmarks/probes.jsonl"
    suite = SuiteParams(benchmarks=(BenchmarkParams(name="probes", path=probes),))
    report = collect_documents(tmp_path / "out", params(*two), CHANNELS, suite)
    assert report.benchmark_items == {"probes": 30}
    assert len(read_items(tmp_path / "out" / "benchmark_texts")) == 30


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sources": []}, "at least 1 item"),
        ({"sources": [{"kind": "ftp", "name": "a"}]}, "python_environment"),
        (
            {"sources": [{"kind": "files", "name": "a/b", "channel": "en", "path": "x"}]},
            "letters of any script, digits, _, - and",
        ),
        ({"sources": [{"kind": "files", "name": "a", "channel": "en", "path": "x", "licence": "MIT"}]}, "licence"),
        ({"sources": [source("a", Path("x")), source("a", Path("y"))]}, "more than one source is named a"),
        ({"sources": [source("a", Path("x"))], "max_bad_share": 1.5}, "less than or equal to 1"),
    ],
)
def test_wrong_parameters_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        CollectParams.model_validate(given)


@pytest.mark.parametrize("env", ["base", "smoke"])
def test_shipped_conf_is_valid_and_serves_every_channel(env: str) -> None:
    given = yaml.safe_load((REPOSITORY / f"conf/{env}/parameters_collect.yml").read_text())["collect"]
    roles = yaml.safe_load((REPOSITORY / "conf/base/parameters_channels.yml").read_text())["channels"]
    parsed = CollectParams.model_validate(given)
    assert {each.channel for each in parsed.sources} == set(ChannelsParams.model_validate(roles).roles)


def test_embedded_default_needs_no_file(tmp_path: Path) -> None:
    given = yaml.safe_load((REPOSITORY / "conf/smoke/parameters_collect.yml").read_text())["collect"]
    channels = ChannelsParams(roles={"en": "general", "code": "general", "domain": "domain"})
    report = collect_documents(tmp_path, CollectParams.model_validate(given), channels, SuiteParams())
    assert set(report.licenses) == {"PSF-2.0", "BSD-3-Clause"}
    assert all(300_000 < amount.bytes < 450_000 for amount in report.channels.values())
    assert report.excluded == {}
    categories = {row["category"] for row in read_documents(tmp_path / "raw_documents", ("category",))}
    assert categories == {"reference", "worked_examples", "code"}


LINES = st.sampled_from([b'{"text": "a"}', b"null", b"{", b'{"text": ""}', b"\xff", b"", b'{"text": "\\ud800"}'])


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, min_size=1))
def test_every_line_is_kept_or_excluded(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    place = tmp_path_factory.mktemp("lines")
    (place / "a.jsonl").write_bytes(b"\n".join([*lines, b'{"text": "a domain text"}']))
    given = source("own", place / "a.jsonl", channel="domain")
    report = collect_documents(
        place, params(given, max_bad_share=1), ChannelsParams(roles={"domain": "domain"}), SuiteParams()
    )
    assert report.records_in == sum(bool(line) for line in lines) + 1
    assert report.records_in == report.documents + sum(report.excluded.values())
    assert count_documents(place / "raw_documents") == report.documents
    assert count_documents(place / "collect_excluded") == sum(report.excluded.values())


def test_a_source_and_its_channel_may_have_names_of_any_script(tmp_path: Path) -> None:
    (tmp_path / "教材.txt").write_text("正文。\n", encoding="utf-8")
    given = params(source("教材-1", tmp_path / "教材.txt", channel="中医"))
    report = collect_documents(tmp_path, given, ChannelsParams(roles={"中医": "domain"}), SuiteParams())
    assert {name: each.documents for name, each in report.sources.items()} == {"教材-1": 1}
    (row,) = read_documents(tmp_path / "raw_documents")
    assert (row["id"], row["source"], row["channel"]) == ("教材-1/教材.txt", "教材-1", "中医")


def test_a_separator_that_parts_nothing_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "stories.txt").write_text("One.\n---\nTwo.\n", encoding="utf-8")
    stories = tmp_path / "stories.txt"
    wrong, right = source("wrong", stories, separator="\n***\n"), source("right", stories, separator="\n---\n")
    channels = ChannelsParams(roles={"en": "domain"})
    report = collect_documents(tmp_path / "out", params(wrong, right), channels, SuiteParams())
    assert {name: each.documents for name, each in report.sources.items()} == {"wrong": 1, "right": 2}
    said = [line for line in caplog.messages if "separator" in line]
    assert said == [r"collect: source wrong: its separator '\n***\n' parts no file in two; every file is one document"]
