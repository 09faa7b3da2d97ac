"""One HTTP request at a time, to public addresses only.

requests-hardened resolves a host once, checks that address and connects to it and no other, so a name that changes
its address between check and connection (DNS rebinding) gains nothing. On top of it stand what it lacks: a limit on
the whole exchange (its timeout is per read, so a server that sends a byte now and then holds it for ever), a limit on
the decoded body, and a pause per host. Proxies, .netrc and cookies are not used; a redirect is given back, not
followed.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from types import TracebackType
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}


class FetchError(Exception):
    """There is no usable answer; `reason` is what the index says of the address."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Answer:
    """What a server answered. `body` is decoded (gzip) and empty unless the status is 200."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    redirect_to: str | None = None

    @property
    def content_type(self) -> str:
        """Give the media type without its parameters, in lower case; empty when the server names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def canonical_url(url: str) -> str:
    """Bring an http(s) address into one form: host in lower-case ASCII, no default port, no fragment, path quoted.

    Raises FetchError `scheme_not_allowed` or `invalid_url` (also for an address that holds a user name).
    """
    try:
        scheme = urlsplit(url).scheme
        if scheme not in _PORTS:
            raise FetchError("scheme_not_allowed", scheme or "none")
        parts = urlsplit(requests.Request("GET", urldefrag(url.strip()).url).prepare().url or "")
        host = (parts.hostname or "").lower()
        port = parts.port
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise FetchError("invalid_url", type(error).__name__) from error
    if not host or "@" in parts.netloc:
        raise FetchError("invalid_url", "user name in the address" if host else "no host")
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    return parts._replace(netloc=netloc).geturl()


class Fetcher:
    """Fetches canonical addresses. `allow_loopback` is for tests against a server of their own; conf cannot set it."""

    def __init__(
        self,
        *,
        user_agent: str,
        timeout_seconds: float = 10.0,
        max_bytes: int = 20 << 20,
        allow_loopback: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._config = Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=allow_loopback,
            never_redirect=True,
            # Reads may take longer than the exchange: the exchange's own limit cuts first, and says `timeout`.
            default_timeout=(timeout_seconds, 2 * timeout_seconds),
            user_agent_override=user_agent,
        )
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._clock, self._sleep = clock, sleep
        self._ended: dict[str, float] = {}

    def get(self, url: str, *, delay_seconds: float = 0.0, content_types: tuple[str, ...] | None = None) -> Answer:
        """Give the answer of `url`, at the earliest `delay_seconds` after the last answer of that host.

        Raises FetchError: private_address, timeout, too_large, not_text (a 200 whose media type is not among
        `content_types`), invalid_url, connection_error.
        """
        host = urlsplit(url).netloc
        if host in self._ended:
            pause = self._ended[host] + delay_seconds - self._clock()
            if pause > 0:
                self._sleep(pause)
        try:
            return self._exchange(url, content_types)
        finally:
            self._ended[host] = self._clock()

    def _exchange(self, url: str, content_types: tuple[str, ...] | None) -> Answer:
        with _CutOff(self._timeout_seconds) as cut_off, self._session(cut_off) as session:
            try:
                answer = self._read(session, url, content_types)
            except FetchError:
                raise
            except InvalidIPAddress as error:
                raise FetchError("private_address", str(error)) from error
            except requests.Timeout as error:
                raise FetchError("timeout", type(error).__name__) from error
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                if cut_off.passed:
                    raise FetchError("timeout", f"no whole answer in {self._timeout_seconds:g} s") from error
                raise FetchError("connection_error", type(error).__name__) from error
            if cut_off.passed:  # a connection that is cut looks like the end of a body without a length
                raise FetchError("timeout", f"no whole answer in {self._timeout_seconds:g} s")
            return answer

    def _session(self, cut_off: _CutOff) -> requests.Session:
        session: requests.Session = HTTPSession(self._config)
        session.trust_env = False  # through a proxy the name would be resolved again, by the proxy
        session.headers["Accept-Encoding"] = "gzip"
        for adapter in session.adapters.values():
            assert isinstance(adapter, HTTPAdapter)
            adapter.poolmanager.pool_classes_by_scheme = {
                "http": _watched_pool(HTTPConnectionPool, cut_off),
                "https": _watched_pool(HTTPSConnectionPool, cut_off),
            }
        return session

    def _read(self, session: requests.Session, url: str, content_types: tuple[str, ...] | None) -> Answer:
        if requests.Request("GET", url).prepare().url != url:
            raise FetchError("invalid_url", "not canonical, so what was checked is not what would be fetched")
        with session.get(url, stream=True) as response:
            # Names are lower-cased; a header given twice keeps its last value.
            headers = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status_code, headers, redirect_to=_redirect(session, response, url))
            if answer.status != 200:
                return answer
            if content_types is not None and answer.content_type not in content_types:
                raise FetchError("not_text", answer.content_type or "no content type")
            return Answer(answer.status, headers, self._body(response))

    def _body(self, response: requests.Response) -> bytes:
        held = bytearray()
        if int(response.headers.get("content-length", "0")) > self._max_bytes:
            raise FetchError("too_large", f"content-length {response.headers['content-length']}")
        for chunk in response.iter_content(_CHUNK):
            held += chunk
            if len(held) > self._max_bytes:
                raise FetchError("too_large", f"more than {self._max_bytes} bytes")
        return bytes(held)


def _redirect(session: requests.Session, response: requests.Response, url: str) -> str | None:
    target = session.get_redirect_target(response)
    return None if target is None else urljoin(url, target)


class _CutOff:
    """Shuts a connection down `seconds` after the exchange began, whatever it waits for: TLS, headers or body."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._twins: list[socket.socket] = []
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def watch(self, connection: socket.socket) -> None:
        self._twins.append(connection.dup())  # TLS takes the first descriptor over; a duplicate still shuts it down
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        self.passed = True
        for twin in self._twins:
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> _CutOff:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        for twin in self._twins:
            twin.close()


def _watched_pool(pool: type[HTTPConnectionPool], cut_off: _CutOff) -> Any:
    base: Any = pool.ConnectionCls
    assert issubclass(base, HTTPConnection)

    def open_watched(self: Any) -> socket.socket:
        connection: socket.socket = base._new_conn(self)
        cut_off.watch(connection)
        return connection

    connection_class = type("WatchedConnection", (base,), {"_new_conn": open_watched})
    return type("WatchedPool", (pool,), {"ConnectionCls": connection_class})
