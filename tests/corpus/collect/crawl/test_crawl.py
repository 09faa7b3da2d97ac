from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pydantic import ValidationError

from cpt_pipeline.core.errors import SourceError, WorkspaceBusyError
from cpt_pipeline.corpus.collect.crawl.crawl import CrawlSummary, WebParams, crawl
from cpt_pipeline.corpus.collect.crawl.fetch import Answer, Fetcher
from cpt_pipeline.corpus.collect.crawl.store import INDEX, PAGES
from tests.corpus.collect.web_site import Site, serve

SIX_ADDRESSES = ("127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1", "0x7f000001", "2130706433")


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


def web(start: str | tuple[str, ...], *hosts: str, **fields: Any) -> WebParams:
    return WebParams(
        kind="web",
        name="docs",
        channel="domain",
        license="CC-BY-4.0",
        start=(start,) if isinstance(start, str) else start,
        allowed_hosts=hosts,
        user_agent="cptbot/1.0 (+https://a.test/bot)",
        store=Path("pages"),
        **{"delay_seconds": 0.0, **fields},
    )


def crawl_site(site: Site, folder: Path, **fields: Any) -> CrawlSummary:
    """Crawl from `/`, by a fetcher that may reach the server of this test."""
    hosts = fields.pop("hosts", (site.host,))
    fetcher = fields.pop("fetcher", None) or Fetcher(user_agent="cptbot/1.0", allow_loopback=True)
    return crawl(web(site.url("/"), *hosts, **fields), folder, fetcher)


def index(folder: Path) -> dict[str, str | None]:
    """Address to reason; None for a page."""
    lines = (folder / INDEX).read_text().splitlines()[1:]
    return {(row := json.loads(line))["url"]: row.get("reason") for line in lines}


def pages(folder: Path) -> list[tuple[str, bytes]]:
    with (folder / PAGES).open("rb") as stream:
        records = ArchiveIterator(stream, record_types=WarcRecordType.response, verify_digests=True)
        return [(record.headers["WARC-Target-URI"], record.reader.read()) for record in records]


def small_site(site: Site) -> None:
    """Seven pages on three levels, and what a crawl meets besides pages."""
    site.routes["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /secret")
    site.page("/", "/a", "/b", "/secret/x", "http://other.test/", "/gone", "/old")
    site.page("/a", "/a/1", "/a/2", "/", "#top", "mailto:x@y.test")
    site.page("/b", "b/3", "/a/1", "file:///etc/passwd")
    for path in ("/a/1", "/a/2", "/b/3"):
        site.page(path, "/deep")
    site.page("/deep", "/deeper")
    site.redirect("/old", "/a/2")


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", SIX_ADDRESSES)
def test_an_address_that_is_not_public_is_refused(host: str, tmp_path: Path) -> None:
    url = f"http://{host}/"
    assert crawl(web(url, host), tmp_path).refused == {"private_address": 1}
    assert index(tmp_path) == {url: "private_address"}


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:10.0.0.1", "fd00::1"])
def test_a_name_of_an_address_that_is_not_public_is_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert crawl(web("http://docs.test/", "docs.test"), tmp_path).refused == {"private_address": 1}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        *((f"http://{host}/latest/meta-data/", "private_address") for host in SIX_ADDRESSES[1:2] + SIX_ADDRESSES[3:4]),
        ("http://other.test/", "host_not_allowed"),
        ("https://127.0.0.1/", "host_not_allowed"),
        ("http://127.0.0.1:6379/", "host_not_allowed"),
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("ftp://127.0.0.1/x", "scheme_not_allowed"),
    ],
)
def test_a_redirect_passes_the_same_checks(site: Site, tmp_path: Path, target: str, reason: str) -> None:
    site.redirect("/", target)
    hosts = (site.host, "169.254.169.254", "10.0.0.1")
    assert crawl_site(site, tmp_path, hosts=hosts).refused == {"redirected": 1, reason: 1}
    assert index(tmp_path) == {site.url("/"): "redirected", target: reason}


def test_a_redirect_of_robots_txt_passes_the_same_checks(site: Site, tmp_path: Path) -> None:
    site.page("/")
    site.redirect("/robots.txt", "http://169.254.169.254/robots.txt")
    assert crawl_site(site, tmp_path).refused == {"robots_unreachable": 1}
    assert site.requests == ["/robots.txt"]


def test_ten_redirects_are_followed_and_the_eleventh_is_not(site: Site, tmp_path: Path) -> None:
    site.page("/", "/ten1", "/eleven1")
    for number in range(1, 12):
        site.redirect(f"/ten{number}", f"/ten{number + 1}")
        site.redirect(f"/eleven{number}", f"/eleven{number + 1}")
    site.page("/ten11")
    site.page("/eleven12")
    crawl_site(site, tmp_path)
    found = index(tmp_path)
    assert found[site.url("/ten11")] is None
    assert found[site.url("/eleven12")] == "redirect_limit"
    assert "/eleven12" not in site.requests


def test_a_circle_of_redirects_ends(site: Site, tmp_path: Path) -> None:
    site.redirect("/", "/b")
    site.redirect("/b", "/")
    assert crawl_site(site, tmp_path).refused == {"redirected": 2}


def test_a_star_stands_for_the_hosts_below(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: real("127.0.0.1" if str(host).endswith(".test") else host, *rest, **named),
    )
    site.page("/", *(f"http://{host}:{site.port}/x" for host in ("a.docs.test", "docs.test", "evildocs.test")))
    site.page("/x")
    crawl_site(site, tmp_path, hosts=(site.host, f"*.docs.test:{site.port}"))
    assert list(index(tmp_path).values()) == [None, None, "host_not_allowed", "host_not_allowed"]


# --- the crawl ---------------------------------------------------------------------------------------------------


@pytest.mark.feature(117)
def test_every_address_seen_is_a_page_or_has_a_reason(site: Site, tmp_path: Path) -> None:
    small_site(site)
    summary = crawl_site(site, tmp_path, max_depth=2)
    assert index(tmp_path) == {
        site.url("/"): None,
        site.url("/a"): None,
        site.url("/b"): None,
        site.url("/secret/x"): "robots",
        "http://other.test/": "host_not_allowed",
        site.url("/gone"): "http_404",
        site.url("/old"): "redirected",
        site.url("/a/2"): None,
        site.url("/a/1"): None,
        site.url("/b/3"): None,
        "file:///etc/passwd": "scheme_not_allowed",
        site.url("/deep"): "depth_limit",
    }
    assert summary == CrawlSummary(
        pages=6,
        new_pages=6,
        refused={
            "depth_limit": 1,
            "host_not_allowed": 1,
            "http_404": 1,
            "redirected": 1,
            "robots": 1,
            "scheme_not_allowed": 1,
        },
    )
    assert site.requests == ["/robots.txt", "/", "/a", "/b", "/gone", "/old", "/a/1", "/a/2", "/b/3"]


def test_the_pages_can_be_read_by_any_warc_reader(site: Site, tmp_path: Path) -> None:
    site.routes["/"] = (200, {"Content-Type": "text/html; charset=gbk", "X-Own": "1"}, "<p>中文".encode("gbk"))
    crawl_site(site, tmp_path)
    with (tmp_path / PAGES).open("rb") as stream:
        record = next(iter(ArchiveIterator(stream, parse_http=True)))
        assert record.headers["WARC-Target-URI"] == site.url("/")
        assert record.http_headers.asdict() == {"Content-Type": "text/html; charset=gbk", "Content-Length": "7"}
        assert record.reader.read() == "<p>中文".encode("gbk")


def test_links_are_read_as_a_browser_reads_them(site: Site, tmp_path: Path) -> None:
    hidden = '<!-- <a href="no"> --><script>"<a href=no>"</script>'
    body = f'<base href="/sub/"><a href=" one ">1</a>{hidden}<map><area href="/two#x"></map>'
    site.routes["/"] = (200, {"Content-Type": "text/html"}, body.encode())
    crawl_site(site, tmp_path)
    assert list(index(tmp_path)) == [site.url("/"), site.url("/sub/one"), site.url("/two")]


def test_a_page_that_its_parser_cannot_finish_is_kept_and_the_crawl_goes_on(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpt_pipeline.corpus.collect.crawl.crawl._PARSE_SECONDS", 0.5)
    site.page("/", "/hostile", "/good")
    site.routes["/hostile"] = (200, {"Content-Type": "text/html"}, b"<a href=x>" * 200_000)
    site.page("/good")
    summary = crawl_site(site, tmp_path)
    assert (summary.pages, summary.refused) == (3, {})
    assert "links_not_read: parser_timeout" in (tmp_path / INDEX).read_text()


def test_limits_hold_and_are_judged_anew_by_the_next_start(site: Site, tmp_path: Path) -> None:
    small_site(site)
    assert crawl_site(site, tmp_path, max_pages=2).pages == 2
    assert index(tmp_path)[site.url("/b")] == "page_limit"
    site.requests.clear()
    more = crawl_site(site, tmp_path, max_pages=4)
    assert (more.pages, more.new_pages) == (4, 2)
    assert not {"/", "/a"} & set(site.requests)


def test_no_more_links_of_a_page_are_followed_than_allowed(site: Site, tmp_path: Path) -> None:
    site.page("/", *(f"/{number}" for number in range(10)))
    crawl_site(site, tmp_path, max_links_per_page=3)
    assert list(index(tmp_path)) == [site.url(path) for path in ("/", "/0", "/1", "/2")]
    assert '"num_links": 10' in (tmp_path / INDEX).read_text()


@pytest.mark.parametrize(("status", "pages_found"), [(404, 1), (403, 1), (503, 0), (429, 0)])
def test_a_host_whose_rules_cannot_be_read_is_left_alone(
    site: Site, tmp_path: Path, status: int, pages_found: int
) -> None:
    site.page("/")
    site.routes["/robots.txt"] = (status, {}, b"")
    assert crawl_site(site, tmp_path).pages == pages_found


def test_the_pause_is_the_longer_of_conf_and_robots(site: Site, tmp_path: Path) -> None:
    slept: list[float] = []
    site.routes["/robots.txt"] = (200, {}, b"User-agent: cptbot\nCrawl-delay: 7")
    site.page("/", "/a")
    site.page("/a")
    fetcher = Fetcher(user_agent="cptbot", allow_loopback=True, clock=lambda: 0.0, sleep=slept.append)
    crawl_site(site, tmp_path, fetcher=fetcher, delay_seconds=2.0)
    assert slept == [7.0, 7.0]


# --- interruptions -----------------------------------------------------------------------------------------------


def test_a_second_start_fetches_nothing_that_is_there(site: Site, tmp_path: Path) -> None:
    small_site(site)
    first = crawl_site(site, tmp_path)
    kept = (tmp_path / INDEX).read_bytes(), (tmp_path / PAGES).read_bytes()
    site.requests.clear()
    assert crawl_site(site, tmp_path) == first.model_copy(update={"new_pages": 0})
    assert site.requests == []
    assert kept == ((tmp_path / INDEX).read_bytes(), (tmp_path / PAGES).read_bytes())


def test_what_may_have_passed_is_tried_again(site: Site, tmp_path: Path) -> None:
    site.page("/", "/busy", "/gone")
    site.routes["/busy"] = (503, {}, b"")
    assert crawl_site(site, tmp_path).refused == {"http_404": 1, "http_503": 1}
    site.page("/busy")
    site.requests.clear()
    assert crawl_site(site, tmp_path).refused == {"http_404": 1}
    assert site.requests == ["/robots.txt", "/busy"]


@pytest.mark.parametrize("num_answers", [1, 2, 5, 8])
def test_a_stop_after_any_answer_changes_nothing(site: Site, tmp_path: Path, num_answers: int) -> None:
    class Stopping(Fetcher):
        left = num_answers

        def get(self, url: str, **options: Any) -> Answer:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().get(url, **options)

    small_site(site)
    crawl_site(site, tmp_path / "straight")
    asked, site.requests[:] = list(site.requests), []
    with pytest.raises(KeyboardInterrupt):
        crawl_site(site, tmp_path / "cut", fetcher=Stopping(user_agent="cptbot", allow_loopback=True))
    crawl_site(site, tmp_path / "cut")
    assert list(index(tmp_path / "cut").items()) == list(index(tmp_path / "straight").items())
    assert pages(tmp_path / "cut") == pages(tmp_path / "straight")
    assert sorted(path for path in site.requests if path != "/robots.txt") == sorted(asked[1:])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.77, 0.999])
def test_a_file_that_ends_anywhere_is_repaired(site: Site, tmp_path: Path, share: float) -> None:
    small_site(site)
    crawl_site(site, tmp_path)
    whole = pages(tmp_path)
    reasons = index(tmp_path)
    size = (tmp_path / INDEX).stat().st_size
    os.truncate(tmp_path / INDEX, int(size * share))
    crawl_site(site, tmp_path)
    assert pages(tmp_path) == whole
    assert index(tmp_path) == reasons
    os.truncate(tmp_path / PAGES, int((tmp_path / PAGES).stat().st_size * share))
    crawl_site(site, tmp_path)
    assert sorted(pages(tmp_path)) == sorted(whole)


def test_a_kill_costs_the_page_in_hand(site: Site, tmp_path: Path) -> None:
    small_site(site)
    killer = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from cpt_pipeline.corpus.collect.crawl.crawl import WebParams, crawl\n"
        "from cpt_pipeline.corpus.collect.crawl import store\n"
        "from cpt_pipeline.corpus.collect.crawl.fetch import Fetcher\n"
        "real, left = store._as_line, [6]\n"
        "def dying(value):\n"
        "    left[0] -= 1\n"
        "    return real(value) if left[0] else os.kill(os.getpid(), signal.SIGKILL)\n"
        "store._as_line = dying\n"
        "params = WebParams.model_validate_json(sys.argv[1])\n"
        "crawl(params, Path(sys.argv[2]), Fetcher(user_agent='cptbot', allow_loopback=True))\n"
    )
    params = web(site.url("/"), site.host)
    killed = subprocess.run([sys.executable, "-c", killer, str(params), str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    before = len(index(tmp_path))
    assert before == 4
    crawl_site(site, tmp_path)
    straight = crawl_site(site, tmp_path / "straight")
    assert straight.pages == len(pages(tmp_path)) == 7
    assert index(tmp_path) == index(tmp_path / "straight")


def test_a_folder_holds_one_crawl_of_one_process(site: Site, tmp_path: Path) -> None:
    site.page("/")
    crawl_site(site, tmp_path)
    with pytest.raises(SourceError, match="another crawl"):
        crawl_site(site, tmp_path, hosts=(site.host, "more.test"))

    class Second(Fetcher):
        def get(self, url: str, **options: Any) -> Answer:
            with pytest.raises(WorkspaceBusyError):
                crawl_site(site, tmp_path / "busy")
            return super().get(url, **options)

    crawl_site(site, tmp_path / "busy", fetcher=Second(user_agent="cptbot", allow_loopback=True))


# --- conf --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_agent": ""},
        {"user_agent": "  "},
        {"user_agent": "bot\r\nX: y"},
        {"allowed_hosts": ()},
        {"allowed_hosts": ("*",)},
        {"allowed_hosts": ("http://a.test",)},
        {"allowed_hosts": ("A.test",)},
        {"start": ()},
        {"timeout_seconds": 11.0},
        {"max_page_bytes": 21 << 20},
    ],
)
def test_wrong_conf_is_refused(wrong: dict[str, Any]) -> None:
    right = web("http://a.test/", "a.test").model_dump()
    assert WebParams(**right)
    with pytest.raises(ValidationError):
        WebParams(**{**right, **wrong})


def test_the_user_agent_has_no_default() -> None:
    assert WebParams.model_fields["user_agent"].is_required()


def test_all_that_keeps_a_crawl_from_starting_is_said_at_once(tmp_path: Path) -> None:
    params = web(("file:///etc/passwd", "http://b.test/"), "a.test").model_copy(update={"license": ""})
    with pytest.raises(SourceError) as caught:
        crawl(params, tmp_path / "none")
    for part in ("no license", "file:///etc/passwd", "http://b.test/: its host is not in allowed_hosts"):
        assert part in str(caught.value)
    assert not (tmp_path / "none").exists()
