"""A chat-completions server of one test: it answers what a function of the test says, on the loopback interface."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cpt_pipeline.corpus.llm.params import EndpointRunParams

Reply = tuple[int, dict[str, Any]]


@dataclass
class ChatServer:
    port: int
    reply: Callable[[dict[str, Any]], str | Reply]
    """Gives the text of the answer to a request, or a status and a body."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def run_params(self, place: Path, **changes: Any) -> EndpointRunParams:
        given = {"url": self.url, "answers": place / "answers", "retries": 2, "retry_seconds": 0.01, "concurrency": 4}
        return EndpointRunParams.model_validate({**given, **changes})


def completion(text: str | None, finish_reason: str = "stop") -> Reply:
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return 200, {"object": "chat.completion", "choices": [choice], "usage": usage}


@contextmanager
def chat_server(reply: Callable[[dict[str, Any]], str | Reply]) -> Iterator[ChatServer]:
    running, lock = set[int](), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                running.add(threading.get_ident())
                site.most_at_once = max(site.most_at_once, len(running))
                site.requests.append(request)
                site.headers.append(dict(self.headers))
            answer = site.reply(request) if self.path == "/v1/chat/completions" else (404, {"error": self.path})
            status, body = completion(answer) if isinstance(answer, str) else answer
            data = json.dumps(body).encode()
            with lock:
                running.discard(threading.get_ident())
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    site = ChatServer(server.server_address[1], reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
