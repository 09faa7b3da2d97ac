"""Requests to an LLM and the store of their answers: one small JSON file per answer, named by the hash of its request.

A file is there when it is whole, so any number of processes may share a store, and a killed run asks nothing twice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import digest_json, write_json
from cpt_pipeline.core.errors import EndpointError
from cpt_pipeline.corpus.llm.params import EndpointParams

_THOUGHTS = re.compile(r"\A.*?</think>\s*|\A\s*<think>.*\Z", re.DOTALL)
"""Where a template puts the first mark into the prompt, an answer has only the second; thoughts without an end are no
answer."""


@dataclass(frozen=True)
class Request:
    """One question to a chat model."""

    id: str
    """Of the caller's choice; says whose answer it is, and does not count when requests are compared."""
    messages: tuple[tuple[str, str], ...]
    """(role, content), as in `(("system", "..."), ("user", "..."))`."""

    def payload(self, params: EndpointParams) -> dict[str, Any]:
        """Give the body of the request."""
        messages = [{"role": role, "content": content} for role, content in self.messages]
        sampling = params.model_dump(mode="json", exclude={"extra"}, exclude_none=True)
        return {**sampling, **params.extra, "messages": messages}

    def key(self, params: EndpointParams) -> str:
        """Give the name under which its answer is kept."""
        return digest_json(self.payload(params))


@dataclass(frozen=True)
class Answer:
    """What came back; with an `error` there is no text to use."""

    id: str
    text: str = ""
    """Without the thoughts (`<think>`) that some models write first."""
    finish_reason: str = ""
    """`length` where the answer was cut at `max_tokens`."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    error: str | None = None


class AnswerStore:
    """The folder of all answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, request: Request, params: EndpointParams) -> Answer | None:
        """Give the answer of an equal request. `EndpointError` names a file that cannot be read."""
        path = self._path(request.key(params))
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return read_answer(request.id, kept)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EndpointError(f"{path} is no kept answer ({error!r}); remove it, and it is asked again") from error

    def keep(self, request: Request, params: EndpointParams, response: dict[str, Any]) -> None:
        """Keep `text`, `finish_reason` and `usage` of a response; failed requests are not kept."""
        path = self._path(request.key(params))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"model": params.model, **response})

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def read_answer(request: str, kept: dict[str, Any]) -> Answer:
    """Give what a response says; an empty one is an error."""
    text = _THOUGHTS.sub("", kept["text"]).strip()
    usage, finish_reason = kept["usage"] or {}, str(kept["finish_reason"])
    return Answer(
        id=request,
        text=text,
        finish_reason=finish_reason,
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
        error=None if text else f"the answer is empty (it ended with {finish_reason})",
    )
