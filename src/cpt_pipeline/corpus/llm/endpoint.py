"""Ask an LLM behind an OpenAI-compatible endpoint, through datatrove's inference runner; every answer is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice
from typing import Any

import loguru
from datatrove.data import Document
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
from datatrove.pipeline.inference.types import InferenceError, InferenceResult, ServerError

from cpt_pipeline.core.errors import EndpointError, raise_all
from cpt_pipeline.corpus.llm.answers import Answer, AnswerStore, Request, read_answer
from cpt_pipeline.corpus.llm.params import EndpointParams, EndpointRunParams, find_endpoint_problems
from cpt_pipeline.corpus.llm.server import Endpoint

logger = logging.getLogger(__name__)

_AT_ONCE = 1024
"""Requests in memory."""


def check_endpoint(run: EndpointRunParams) -> None:
    """Raise `EndpointError` where conf or the environment lacks what is needed to ask."""
    problems = (f"{key}: {words}" for key, words in find_endpoint_problems(run))
    raise_all(EndpointError, "The LLM endpoint cannot be asked (conf: clean_run.endpoint):", problems)


def ask(requests: Iterable[Request], params: EndpointParams, run: EndpointRunParams) -> Iterator[Answer]:
    """Give the answers in the order of the requests; equal requests are asked once, now and in later runs.

    A request that failed is an answer with an `error`, and is asked again by the next run. `EndpointError` when no
    request can succeed: no server there, a refused key, an unknown model, or one that stays overloaded.
    """
    check_endpoint(run)
    store, waiting = AnswerStore(run.answers), iter(requests)
    while some := list(islice(waiting, _AT_ONCE)):
        missing = {request.key(params): request for request in some if store.find(request, params) is None}
        errors = _ask_all(missing, store, params, run) if missing else {}
        for request in some:
            answer = store.find(request, params)
            yield answer or Answer(request.id, error=errors[request.key(params)])


def _ask_all(
    missing: dict[str, Request], store: AnswerStore, params: EndpointParams, run: EndpointRunParams
) -> dict[str, str]:
    """Ask, and keep what is answered; give the errors of the others by their keys."""
    runner = _Runner(missing, store, params, run)
    with _quiet():
        try:
            runner.run([Document(text="", id=key) for key in missing])
        except InferenceError as error:  # of a request all are taken before; this one is of keeping its answer
            raise EndpointError(f"An answer could not be kept in {run.answers}: {error.error}") from error
    if runner.useless is not None:
        raise EndpointError(runner.useless)
    logger.info("asked %s %d times, %d failed", params.model, len(missing), len(runner.errors))
    return runner.errors


class _Runner(InferenceRunner):  # type: ignore[misc]
    """datatrove's runner over documents that stand for requests by their keys."""

    def __init__(
        self, requests: dict[str, Request], store: AnswerStore, params: EndpointParams, run: EndpointRunParams
    ) -> None:
        config = InferenceConfig("endpoint", params.model, max_concurrent_generations=run.concurrency)
        super().__init__(self._ask, config, nullcontext())
        self.errors: dict[str, str] = {}
        self.useless: str | None = None
        """Why no request can succeed; then none is sent any more."""
        self._requests, self._store, self._params, self._run = requests, store, params, run

    def _init_server(self, rank: int) -> Endpoint:
        return Endpoint(self.config, rank, self._run)

    async def _ask(self, document: Document, generate: Any) -> InferenceResult | None:
        if self.useless is not None:
            return None
        try:
            return await generate(self._requests[document.id].payload(self._params))
        except ServerError as error:  # raised on, those of the other requests would fill the log
            self.useless = self.useless or str(error.error)
            return None
        except InferenceError as error:
            self.errors[document.id] = str(error.error)
            return None

    async def _save_document(self, document: Document, *_: Any, **__: Any) -> None:
        """Keep the answer; datatrove's own would only log that a disk is full."""
        for found in document.metadata[self.metadata_key]:
            kept = {"text": found.text, "finish_reason": found.finish_reason, "usage": found.usage}
            if error := read_answer(document.id, kept).error:
                self.errors[document.id] = error
                return
            await asyncio.to_thread(self._store.keep, self._requests[document.id], self._params, kept)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the runner's tables and a line per HTTP request out of the log."""
    transport = logging.getLogger("httpx")
    level = transport.level
    loguru.logger.disable("datatrove")
    transport.setLevel(logging.WARNING)
    try:
        yield
    finally:
        transport.setLevel(level)
        loguru.logger.enable("datatrove")
