"""Blocked addresses: hosts with all below them, addresses, patterns, and the lists that datatrove ships."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import url_filter

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.blocklists import addresses as blocked_addresses
from cpt_pipeline.corpus.clean.blocklists.addresses import BlockedAddresses, BlockedAddressesParams
from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.clean.rules.params import FAMILIES
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

LINES = """\ufeff# hosts, addresses and patterns
spam.example        # with all below it
0.0.0.0 ads.example
127.0.0.1 localhost
https://www.news.example/ads/1/
*/tag/*
http://forum.example/*replytocom=*
例子.example
.dotted.example
||adblock.example^
*/标签/*
"""


def load(folder: Path, lines: str = LINES, **more: Any) -> BlockedAddresses:
    path = folder / "blocked.txt"
    path.write_text(lines, encoding="utf-8")
    return BlockedAddresses.load(BlockedAddressesParams.model_validate({"lists": {"own": {"file": path}}, **more}))


@pytest.mark.feature(164)
@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("https://spam.example/a", "spam.example"),
        ("http://www.deep.SPAM.example:8080", "spam.example"),
        ("https://notspam.example/", None),
        ("https://ads.example", "ads.example"),
        ("http://news.example/ads/1#top", "news.example/ads/1"),
        ("https://www.news.example/ads/1/", "news.example/ads/1"),
        ("https://www.news.example/ads/12", None),
        ("https://blog.example/Tag/red", "*/tag/*"),
        ("https://forum.example/t/5?replytocom=7", "forum.example/*replytocom=*"),
        ("https://forum.example/t/5", None),
        ("https://例子.example/页", "例子.example"),
        ("https://xn--fsqu00a.example/a", "例子.example"),
        ("https://www.dotted.example/", "dotted.example"),
        ("https://adblock.example/a", "adblock.example"),
        ("https://fine.example/%E6%A0%87%E7%AD%BE/1", "*/标签/*"),
        ("spam.example/without/scheme", "spam.example"),
        ("chapter 4", None),
        ("file:///tmp/spam.example", None),
        ("http://[broken", None),
        (None, None),
    ],
)
def test_a_list_blocks_hosts_addresses_and_patterns(tmp_path: Path, address: str | None, what: str | None) -> None:
    assert [(hit.list, hit.what) for hit in load(tmp_path).find(address)] == ([("own", what)] if what else [])


@pytest.mark.feature(164)
def test_every_bad_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as error:
        load(tmp_path, "spam.example\nno host at all\nlocalhost\n")
    assert f"{tmp_path}/blocked.txt:2: 'no host at all' is no host, no address and no pattern with *" in str(
        error.value
    )
    assert f"{tmp_path}/blocked.txt:3: 'localhost' is no host" in str(error.value)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9.example\n")
    lists = {"latin": {"file": tmp_path / "latin.txt"}, "datatrove": {"file": tmp_path / "none.txt"}}
    with pytest.raises(ParameterError) as error:
        BlockedAddresses.load(BlockedAddressesParams.model_validate({"lists": lists}))
    assert "latin.txt:1: not UTF-8; store the file as UTF-8" in str(error.value)
    assert "none.txt: No such file or directory" in str(error.value)
    assert "datatrove: the name of the shipped lists; choose another" in str(error.value)


ADDRESSES = [
    "https://bad.org/",
    "https://www.bad.org/x",
    "http://fine.org/bad.org",
    "http://page.org/spoilt",
    "https://fine.org/free-redword-photos",
    "https://fine.org/redwords",
    "https://fine.org/soft-one-and-softer",
    "https://fine.org/soft-one",
    "https://fineinsideword.org/a",
    "https://fine.org/ins-ide-word",
    "https://fine.org/a",
]


@pytest.mark.feature(164)
def test_the_shipped_lists_decide_as_the_filter_of_datatrove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With lists of the same names and less in them, since the real ones have 4.6 million lines."""
    files = {"domains": "bad.org\n", "urls": "http://page.org/spoilt\npage.org/spoilt\n"}
    with tarfile.open(tmp_path / "url_filterblacklistsv0_3_0.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
            archive.add(tmp_path / name, name)
    for name, word in (
        ("banned_words", "redword"),
        ("soft_banned_words", "soft\nsofter"),
        ("banned_subwords", "inside"),
    ):
        (tmp_path / f"{name}.txt").write_text(f"# {name}\n{word}\n")
    monkeypatch.setattr(blocked_addresses, "_assets", lambda: tmp_path)
    monkeypatch.setattr(url_filter, "ASSETS_PATH", str(tmp_path))
    monkeypatch.setattr(url_filter, "cached_assets_path", lambda **_: str(tmp_path))
    ours = BlockedAddresses.load(BlockedAddressesParams(shipped="exclude"))
    theirs = url_filter.URLFilter()
    theirs.tldextractor = url_filter_without_network()
    told = [theirs.filter(Document("", address, metadata={"url": address})) is not True for address in ADDRESSES]
    assert [bool(ours.find(address)) for address in ADDRESSES] == told
    assert told == [True, True, False, True, True, False, True, False, True, True, False]
    assert [hit.what for hit in ours.find(ADDRESSES[6])] == ["soft, softer"]


def url_filter_without_network() -> Any:
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None)


@pytest.mark.long
@pytest.mark.feature(164)
def test_the_real_shipped_lists_are_read() -> None:
    ours = BlockedAddresses.load(BlockedAddressesParams(shipped="count"))
    (hit,) = ours.find("http://0-1avsex.com/a")
    assert (hit.list, hit.what, hit.policy) == ("datatrove", "0-1avsex.com", "count")
    assert ours.find("https://en.wikipedia.org/wiki/Anatomy") == []


@pytest.mark.feature(164)
def test_the_stage_excludes_by_address_and_counts_by_list(tmp_path: Path) -> None:
    (tmp_path / "never.txt").write_text("spam.example\n")
    (tmp_path / "watch.txt").write_text("*/tag/*\nspam.example\n")
    lists = {
        "never": {"file": tmp_path / "never.txt"},
        "watch": {"file": tmp_path / "watch.txt", "policy": "count"},
    }
    params = CleanParams.model_validate(
        {"blocked_addresses": {"lists": lists}, "rules": {family: {"enabled": False} for family in FAMILIES}}
    )
    given = {"channel": "en", "source": "s", "license": "MIT", "category": "essay", "language": "en"}
    addresses = ["https://www.spam.example/a", "https://fine.example/tag/a", "https://fine.example/a", None]
    rows = [
        document(id=f"s/{number}", text=f"Text of page number {number}.", url=address, **given)
        for number, address in enumerate(addresses)
    ]
    report = clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path / "out", params)
    excluded = [(row["id"], row["reason"], row["detail"]) for row in read_documents(tmp_path / "out/clean_excluded")]
    assert excluded == [("s/0", "blocked_address", "never: spam.example")]
    assert [row["id"] for row in read_documents(tmp_path / "out/clean_documents")] == ["s/1", "s/2", "s/3"]
    assert report.counts == {"blocked_addresses/never": 1, "blocked_addresses/watch": 2}
