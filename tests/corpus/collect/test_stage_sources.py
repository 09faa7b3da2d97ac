"""What a user says of sources in `collect:` shows in what the stage writes: kinds, licences, dates, sites, lengths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import pytest
from pydantic import ValidationError

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.crawl import crawl as web
from cpt_pipeline.corpus.collect.crawl.fetch import Fetcher
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import read_documents
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import open_shard
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import mix
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_splits
from cpt_pipeline.vocabulary.tokenizer import load, train_bpe
from tests.corpus.collect.web_site import Site, serve
from tests.corpus.stages import EVERY_LICENSE, collect_documents
from tests.corpus.texts import make_text

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHANNELS = ChannelsParams(roles={"en": "general", "domain": "domain"})


def own(place: Path, name: str, records: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a source of one file with these records."""
    path = place / f"{name}.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return {"kind": "files", "name": name, "channel": "domain", "path": path, "license": "MIT", **more}


def write_files(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def collect(
    out: Path, *sources: dict[str, Any], policy: LicensePolicyParams = EVERY_LICENSE, **more: Any
) -> CollectReport:
    params = CollectParams.model_validate({"sources": sources, **more})
    roles = {source["channel"]: CHANNELS.roles[source["channel"]] for source in sources}
    return collect_documents(out, params, ChannelsParams(roles=roles), SuiteParams(), policy)


def kept(out: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in read_documents(out / "raw_documents")}


def excluded(out: Path) -> dict[str, tuple[str, str | None]]:
    return {row["id"]: (row["reason"], row["detail"]) for row in read_documents(out / "collect_excluded")}


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the stage reach the server of this test, on a clock that stands still; what it waited for is listed."""
    waited: list[float] = []
    fetcher = partial(Fetcher, allow_loopback=True, clock=lambda: 0.0, sleep=waited.append)
    monkeypatch.setattr(web, "Fetcher", fetcher)
    return waited


def crawl_of(site: Site, place: Path, **more: Any) -> dict[str, Any]:
    return {
        "kind": "web",
        "name": "docs",
        "channel": "domain",
        "license": "CC-BY-4.0",
        "start": [site.url("/")],
        "allowed_hosts": [site.host],
        "user_agent": "cptbot/1.0 (+https://a.test/bot)",
        "delay_seconds": 0.5,
        "store": place / "pages",
        **more,
    }


@pytest.mark.feature(7)
def test_sources_of_every_kind_come_by_name_and_licence_and_a_hub_name_by_its_commit(
    tmp_path: Path, site: Site, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    asked = {}
    hub = [{"text": make_text(3)}]
    monkeypatch.setattr(datasets, "load_dataset", lambda name, config, **how: asked.update(how, name=name) or hub)
    store = fsspec.filesystem("memory")
    store.pipe_file("/bucket/a/b.txt", make_text(2).encode())
    site.page("/", text=make_text(4))
    named = {"kind": "hugging_face", "name": "hub", "channel": "en", "license": "CC-BY-SA-4.0", "dataset": "owner/data"}
    bucket = {"kind": "object_store", "name": "bucket", "channel": "en", "license": "CC0-1.0"}
    installed = {"kind": "python_environment", "name": "installed", "channel": "domain", "part": "docstrings"}
    report = collect(
        tmp_path / "out",
        own(tmp_path, "files", [{"text": make_text(1)}]),
        {**bucket, "address": "memory://bucket/**/*.txt"},
        {**named, "revision": COMMIT},
        crawl_of(site, tmp_path),
        {**installed, "packages": ["iniconfig"], "min_characters": 40},
    )
    store.rm("/bucket", recursive=True)
    assert {name: (each.channel, list(each.licenses)) for name, each in report.sources.items()} == {
        "files": ("domain", ["MIT"]),
        "bucket": ("en", ["CC0-1.0"]),
        "hub": ("en", ["CC-BY-SA-4.0"]),
        "docs": ("domain", ["CC-BY-4.0"]),
        "installed": ("domain", ["MIT"]),
    }
    texts = {name: row["text"] for name, row in kept(tmp_path / "out").items()}
    assert texts["files/files.jsonl#1"] == make_text(1)
    assert texts["bucket/a/b.txt"] == make_text(2)
    assert texts["hub/train#1"] == make_text(3)
    assert (asked["name"], asked["split"], asked["revision"]) == ("owner/data", "train", COMMIT)
    for moving in ({}, {"revision": "main"}):
        with pytest.raises(ValidationError, match="needs `revision`"):
            CollectParams.model_validate({"sources": [{**named, **moving}]})


@pytest.mark.feature(8)
def test_every_document_has_a_licence_and_the_policy_decides_on_each(tmp_path: Path) -> None:
    licences = ["MIT", "CC-BY-NC-4.0", "CC-BY-SA-4.0", "GPL-2.0-only OR MIT", "apache-2.0", None, "as you like"]
    records = [{"text": make_text(number), "lic": licence} for number, licence in enumerate(licences)]
    mixed = own(tmp_path, "mixed", records, license="BSD-3-Clause", columns={"license": "lic"})
    ours = own(tmp_path, "ours", [{"text": "our own"}], license="unknown, allowed because we wrote it")
    policy = LicensePolicyParams(accepted=("MIT", "Apache-2.0", "CC-BY-*", "BSD-*"), refused=("*-NC-*",))
    report = collect(tmp_path / "out", mixed, ours, policy=policy, max_bad_share=0.2)
    found = {name: row["license"] for name, row in kept(tmp_path / "out").items()}
    assert found == {
        "mixed/mixed.jsonl#1": "MIT",
        "mixed/mixed.jsonl#3": "CC-BY-SA-4.0",
        "mixed/mixed.jsonl#4": "GPL-2.0-only OR MIT",
        "mixed/mixed.jsonl#5": "Apache-2.0",
        "mixed/mixed.jsonl#6": "BSD-3-Clause",
        "ours/ours.jsonl#1": "unknown, allowed because we wrote it",
    }
    left = excluded(tmp_path / "out")
    assert {name: reason for name, (reason, _) in left.items()} == {
        "mixed/mixed.jsonl#2": "license_refused",
        "mixed/mixed.jsonl#7": "license_unclear",
    }
    assert left["mixed/mixed.jsonl#2"][1] == "CC-BY-NC-4.0 is not accepted by license_policy"
    assert report.licenses["MIT"] == 1
    assert report.license_bytes["unknown, allowed because we wrote it"] == 7
    strict = policy.model_copy(update={"accept_unknown": False})
    with pytest.raises(SourceError, match=r"source ours: the licence is unknown \(license_policy.accept_unknown"):
        collect(tmp_path / "strict", mixed, ours, policy=strict, max_bad_share=0.2)
    assert not (tmp_path / "strict").exists()


@pytest.mark.feature(12)
def test_general_text_from_long_before_the_base_is_excluded_and_undated_text_is_counted(tmp_path: Path) -> None:
    dates = ["2024-03-18", "2024-03-19", "2024-03", "2023", None, "2025-01-01T10:00:00Z"]
    records = [{"text": make_text(number), "day": day} for number, day in enumerate(dates)]
    general = own(tmp_path, "general", records, channel="en", columns={"published": "day"})
    two = [{"text": "an old book"}, {"text": "a new one", "day": "2025"}]
    book = own(tmp_path, "book", two, channel="en", published="1999", columns={"published": "day"})
    domain = own(tmp_path, "domain", records, columns={"published": "day"})
    given = {"base_released": date(2024, 9, 19), "months_before": 6}
    report = collect(tmp_path / "out", general, book, domain, recency=given)
    detail = "before 2024-03-19"
    assert excluded(tmp_path / "out") == {
        "general/general.jsonl#1": ("not_recent", f"published 2024-03-18, {detail}"),
        "general/general.jsonl#4": ("not_recent", f"published 2023, {detail}"),
        "book/book.jsonl#1": ("not_recent", f"published 1999, {detail}"),
    }
    assert report.sources["general"].excluded == {"not_recent": 2}
    assert (report.undated, report.channels["en"].documents, report.channels["domain"].documents) == (1, 5, 6)
    collect(tmp_path / "asked", general, domain, recency={**given, "channels": ["domain"]})
    assert sorted(excluded(tmp_path / "asked")) == ["domain/domain.jsonl#1", "domain/domain.jsonl#4"]


@pytest.mark.feature(117)
def test_a_site_is_crawled_by_its_rules_and_only_what_is_missing_is_fetched_again(
    tmp_path: Path, site: Site, pauses: list[float]
) -> None:
    site.routes["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /secret")
    inside = f"http://10.0.0.1:{site.port}/"
    site.page("/", "/a", "/secret", "http://other.test/", inside, "/later", text=make_text(1))
    site.page("/a", "/", text=make_text(2))
    site.page("/secret", text=make_text(3))
    site.routes["/later"] = (503, {}, b"")
    crawl = crawl_of(site, tmp_path, allowed_hosts=[site.host, f"10.0.0.1:{site.port}"])
    report = collect(tmp_path / "one", crawl, max_bad_share=0.5)
    assert report.sources["docs"].documents == 2
    assert {name.removeprefix("docs/"): reason for name, (reason, _) in excluded(tmp_path / "one").items()} == {
        site.url("/secret"): "robots",
        "http://other.test/": "host_not_allowed",
        inside: "private_address",
        site.url("/later"): "http_503",
    }
    assert site.requests == ["/robots.txt", "/", "/a", "/later"]
    assert pauses == [0.5, 0.5, 0.5], "between an answer and the next request"
    site.page("/later", text=make_text(4))
    site.requests.clear()
    again = collect(tmp_path / "two", crawl, max_bad_share=0.5)
    assert (again.sources["docs"].documents, site.requests) == (3, ["/robots.txt", "/later"])


@pytest.mark.feature(72)
def test_a_maximum_holds_in_any_format_and_training_reads_the_parts_as_one_text_that_ends_once(tmp_path: Path) -> None:
    line = "no end of a sentence here but words " * 60
    write_files(
        tmp_path / "texts",
        {
            "a.txt": f"{make_text(1)}\n\n{make_text(2)}",
            "b.jsonl": json.dumps({"text": line + "字" * 900}) + '\n{"text": "a short one"}',
            "c.csv": f"text\n{line}\n",
            "d.xml": f"<a><p>{line}</p></a>",
            "e.html": f"<html><body><p>{line}</p></body></html>",
        },
    )
    source = {"kind": "files", "name": "own", "channel": "domain", "path": tmp_path / "texts", "license": "MIT"}
    report = collect(tmp_path, {**source, "max_document_characters": 512})
    rows = kept(tmp_path)
    assert max(len(row["text"]) for row in rows.values()) <= 512
    assert [name for name in rows if "a.txt" in name] == ["own/a.txt/1", "own/a.txt/2", "own/a.txt/3", "own/a.txt/4"]
    joined = "".join(f"{row['separator']}{row['text']}" for name, row in rows.items() if "a.txt" in name)
    assert joined == f"{make_text(1)}\n\n{make_text(2)}"

    train_bpe((row["text"] for row in rows.values()), tmp_path / "tokenizer", 300)
    seal(tmp_path / "tokenizer", "tokenizer")
    tokens = tmp_path / "tokens"
    tokenize_splits({"train": tmp_path / "raw_documents"}, tmp_path / "tokenizer", tokens, TokenizeParams())
    shard = open_shard(tokens, "train", "domain")
    ids = [shard.document(number).tolist() for number in range(report.documents)]
    end = load(tmp_path / "tokenizer").eos_token_id
    names = ["own/a.txt/4", "own/b.jsonl#1/7", "own/b.jsonl#2", "own/c.csv#2/5", "own/d.xml/5", "own/e.html/5"]
    assert [name for name, each in zip(rows, ids, strict=True) if each[-1] == end] == names
    assert sum(each.count(end) for each in ids) == len(names)
    wanted = {"sequence_length": 64, "rows_per_step": 1, "domain_share": 1.0}
    given = MixParams.model_validate({**wanted, "stage1": {"num_tokens": 640}, "stage2": {"num_tokens": 64}})
    mix(tokens, {"domain_share": None}, tmp_path, given, ChannelsParams(roles={"domain": "domain"}))
    mixture = Mixture(tmp_path / "mixture_stage1", tokens)
    assert [mixture.row(number).input_ids.size for number in range(10)] == [64] * 10
