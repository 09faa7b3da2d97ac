from __future__ import annotations

import gzip
import select
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from cpt_pipeline.corpus.collect.crawl.fetch import Fetcher, FetchError, canonical_url
from tests.corpus.collect.web_site import Site, serve


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


def local(**limits: float) -> Fetcher:
    return Fetcher(user_agent="cptbot/1.0", allow_loopback=True, **limits)  # type: ignore[arg-type]


def reason(fetcher: Fetcher, url: str, **options: tuple[str, ...]) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, **options)  # type: ignore[arg-type]
    return caught.value.reason


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://A.Test:80/x y?q=é#part", "http://a.test/x%20y?q=%C3%A9"),
        ("https://a.test", "https://a.test/"),
        ("https://a.test:443/%7ejoe", "https://a.test/~joe"),
        ("http://a.test:8080/./b/../c", "http://a.test:8080/c"),
        ("http://中文.test/", "http://xn--fiq228c.test/"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_an_address_has_one_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical == canonical_url(canonical)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("ftp://a.test/x", "scheme_not_allowed"),
        ("gopher://a.test/", "scheme_not_allowed"),
        ("//a.test/", "scheme_not_allowed"),
        ("http://", "invalid_url"),
        ("http://good.test@10.0.0.1/", "invalid_url"),
        ("http://a.test:99999/", "invalid_url"),
        ("http://[::1/", "invalid_url"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str, expected: str) -> None:
    with pytest.raises(FetchError) as caught:
        canonical_url(url)
    assert caught.value.reason == expected


def test_a_backslash_does_not_hide_the_host() -> None:
    assert reason(local(), "http://good.test\\@127.0.0.1/") == "invalid_url"
    assert canonical_url("http://good.test\\@127.0.0.1/") == "http://good.test/%5C@127.0.0.1/"


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "[fe80::1]"]
)
def test_the_door_for_tests_opens_the_loopback_address_only(address: str) -> None:
    assert reason(local(), f"http://{address}/") == "private_address"


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[str] = []
    connected: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: int, **options: int) -> list[tuple[object, ...]]:
        if host != "rebind.test":
            return list(real(host, port, *args, **options))
        resolved.append(host)
        address = "93.184.216.34" if len(resolved) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket.socket, "connect", connect)
    fetcher = Fetcher(user_agent="cptbot/1.0")
    assert reason(fetcher, "http://rebind.test/") == "connection_error"
    assert (resolved, connected) == (["rebind.test"], ["93.184.216.34"])
    assert reason(fetcher, "http://rebind.test/") == "private_address"
    assert connected == ["93.184.216.34"]


def test_a_proxy_of_the_environment_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    site.page("/")
    assert local().get(site.url("/")).status == 200


def test_a_body_beyond_the_cap_is_refused_with_and_without_a_length(site: Site) -> None:
    def stream(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x" * 1001)

    site.routes["/exact"] = (200, {}, b"x" * 1000)
    site.routes["/longer"] = (200, {}, b"x" * 1001)
    site.routes["/stream"] = stream
    site.routes["/bomb"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 100_000))
    fetcher = local(max_bytes=1000)
    assert len(fetcher.get(site.url("/exact")).body) == 1000
    assert [reason(fetcher, site.url(path)) for path in ("/longer", "/stream", "/bomb")] == ["too_large"] * 3


@pytest.mark.parametrize("start", [b"", b"HTTP/1.0 200 OK\r\nX: ", b"HTTP/1.0 200 OK\r\n\r\n"])
def test_a_server_that_drips_is_cut_off(site: Site, start: bytes) -> None:
    was_cut = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        for _ in range(60):
            gone, _, _ = select.select([handler.connection], [], [], 0.05)
            if gone:
                was_cut.set()
                return
            handler.wfile.write(b"x" if start else b"")

    site.routes["/drip"] = drip
    assert reason(local(timeout_seconds=0.4), site.url("/drip")) == "timeout"
    assert was_cut.wait(5)


def test_a_connection_that_is_never_answered_by_tls_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert reason(local(timeout_seconds=0.3), url) == "timeout"


def test_a_body_shorter_than_its_length_is_no_page(site: Site) -> None:
    def stop_early(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nshort")

    site.routes["/short"] = stop_early
    assert reason(local(), site.url("/short")) == "connection_error"


def test_a_redirect_is_given_back_and_not_followed(site: Site) -> None:
    site.redirect("/a", "b?c#d", 301)
    answer = local().get(site.url("/a"))
    assert (answer.status, answer.redirect_to) == (301, site.url("/b?c#d"))
    assert site.requests == ["/a"]


def test_the_next_request_to_a_host_waits_from_the_last_answer(site: Site) -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    site.page("/")
    fetcher = Fetcher(user_agent="cptbot/1.0", allow_loopback=True, clock=lambda: now[0], sleep=sleep)
    fetcher.get(site.url("/"), delay_seconds=3.0)
    now[0] += 1.0
    fetcher.get(site.url("/"), delay_seconds=3.0)
    with pytest.raises(FetchError):
        fetcher.get("http://10.0.0.1/", delay_seconds=3.0)
    fetcher.get(site.url("/"), delay_seconds=0.5)
    assert slept == [2.0, 0.5]


def test_only_wanted_media_types_are_read(site: Site) -> None:
    site.routes["/image"] = (200, {"Content-Type": "image/png"}, b"png")
    site.routes["/none"] = (200, {}, b"?")
    site.routes["/text"] = (200, {"Content-Type": "Text/Plain; charset=gbk"}, "中".encode("gbk"))
    wanted = ("text/plain",)
    assert [reason(local(), site.url(path), content_types=wanted) for path in ("/image", "/none")] == ["not_text"] * 2
    assert local().get(site.url("/text"), content_types=wanted).body == b"\xd6\xd0"


def test_the_user_agent_is_sent_and_no_cookie_comes_back(site: Site) -> None:
    site.routes["/"] = (200, {"Set-Cookie": "id=1"}, b"")
    fetcher = local()
    for _ in range(2):
        fetcher.get(site.url("/"))
    assert [each["User-Agent"] for each in site.headers] == ["cptbot/1.0"] * 2
    assert not any("Cookie" in each for each in site.headers)
