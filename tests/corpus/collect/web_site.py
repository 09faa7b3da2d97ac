"""A web site of one test: a real HTTP server on the loopback interface, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    port: int
    routes: dict[str, tuple[int, dict[str, str], bytes] | Respond] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """Paths in the order in which they were asked for."""
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def page(self, path: str, *links: str, text: str = "") -> None:
        anchors = "".join(f'<a href="{link}">x</a>' for link in links)
        body = f"<html><body><p>page {path} {text}</p>{anchors}</body></html>".encode()
        self.routes[path] = (200, {"Content-Type": "text/html; charset=utf-8"}, body)

    def redirect(self, path: str, target: str, status: int = 302) -> None:
        self.routes[path] = (status, {"Location": target}, b"")


@contextmanager
def serve() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append(self.path)
            site.headers.append(dict(self.headers))
            route = site.routes.get(self.path, (404, {}, b""))
            if not isinstance(route, tuple):
                route(self)
                return
            status, headers, body = route
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
