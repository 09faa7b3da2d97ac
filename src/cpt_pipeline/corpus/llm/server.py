"""An OpenAI-compatible server as datatrove's inference runner sees it: one that is there already.

datatrove's `EndpointServer` sends no key to a local server, wants another package for all others, and asks for the
list of models without the key. Here the key is in the header of a request and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
from datatrove.pipeline.inference.run_inference import InferenceConfig
from datatrove.pipeline.inference.servers import InferenceServer
from datatrove.pipeline.inference.types import InferenceError, ServerError

from cpt_pipeline.core.redaction import HIDDEN, redact
from cpt_pipeline.corpus.llm.params import EndpointRunParams

_REFUSED, _NOT_THERE = (401, 403), (301, 302, 303, 307, 308, 404, 405)
_BUSY, _SLOW = (429, 502, 503, 504), 408
_SHOWN_CHARACTERS = 200


class _TryAgainError(Exception):
    """A request that may go well the next time."""

    def __init__(self, problem: str, *, ends_all: bool) -> None:
        super().__init__(problem)
        self.ends_all = ends_all
        """The last time: no other request would go better."""


class Endpoint(InferenceServer):  # type: ignore[misc]
    """Sends requests. `ServerError` when no request can succeed, `InferenceError` when this one cannot."""

    def __init__(self, config: InferenceConfig, rank: int, run: EndpointRunParams) -> None:
        super().__init__(config, rank)
        self._is_master = True  # this process asks, whichever node of an allocation it is on
        self._run = run
        self._key = os.environ.get(run.api_key_variable or "", "").strip()

    async def __aenter__(self) -> Endpoint:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        limits = httpx.Limits(max_connections=self._run.concurrency)
        self._client = httpx.AsyncClient(headers=headers, timeout=self._run.timeout_seconds, limits=limits)
        await super().__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self._client.aclose()

    async def start_server(self) -> None:
        """Start nothing."""

    async def monitor_health(self) -> None:
        """Wait forever: each request finds out for itself."""
        await asyncio.Event().wait()

    async def is_ready(self) -> bool:
        """Not every server lists its models, so the first request is the test."""
        return True

    async def _make_request(self, payload: dict[str, Any]) -> dict[str, Any]:
        pause = self._run.retry_seconds
        for retries_left in reversed(range(self._run.retries + 1)):
            try:
                return await self._post(payload)
            except _TryAgainError as error:
                if not retries_left:
                    problem = f"{error} (asked {self._run.retries + 1} times)"
                    if error.ends_all:
                        raise self._useless(problem, "Start the server, or correct the url") from None
                    raise InferenceError(None, problem) from None
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError

    async def _post(self, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._client.post(f"{self._run.url}/chat/completions", json=payload)
        except httpx.TimeoutException:
            raise _TryAgainError(f"no answer within {self._run.timeout_seconds:g} seconds", ends_all=False) from None
        except httpx.TransportError as error:
            raise _TryAgainError(f"not reached: {self._hide(str(error))}", ends_all=True) from None
        self._judge(response)
        try:
            return _read(response.json())
        except (ValueError, LookupError, TypeError, AttributeError):
            raise InferenceError(None, f"no chat completion: {self._describe(response)}") from None

    def _judge(self, response: httpx.Response) -> None:
        """Raise what a status other than 200 means."""
        status = response.status_code
        if status in _REFUSED:
            variable = self._run.api_key_variable
            if variable is None:
                raise self._useless(f"HTTP {status}, it wants a key", "Name in api_key_variable the variable with it")
            raise self._useless(f"HTTP {status}, the key is refused", f"Set {variable} to a valid one")
        if status in _NOT_THERE:
            remedy = f"Does the server call the model {self.config.model_name_or_path}, and does the url end in /v1?"
            raise self._useless(self._describe(response), remedy)
        if status in (_SLOW, *_BUSY) or status >= 500:
            raise _TryAgainError(self._describe(response), ends_all=status in _BUSY)
        if status != 200:
            raise InferenceError(None, self._describe(response))

    def _useless(self, problem: str, remedy: str) -> ServerError:
        return ServerError(
            f"The LLM endpoint {self._run.url} (conf: clean_run.endpoint): {problem}. {remedy}; then run the same "
            "command again: answers that came are kept."
        )

    def _describe(self, response: httpx.Response) -> str:
        return f"HTTP {response.status_code} {self._hide(' '.join(response.text.split()))}".strip()

    def _hide(self, text: str) -> str:
        plain = text.replace(self._key, HIDDEN) if self._key else text
        return str(redact(plain))[:_SHOWN_CHARACTERS]


def _read(body: dict[str, Any]) -> dict[str, Any]:
    """Give the parts of a response that the runner reads."""
    choice, usage = body["choices"][0], body.get("usage") or {}
    content = choice["message"].get("content") or ""
    message = {"content": content.encode("utf-8", "replace").decode("utf-8")}  # a cut emoji is half a character
    return {"choices": [{"message": message, "finish_reason": choice.get("finish_reason") or ""}], "usage": usage}
