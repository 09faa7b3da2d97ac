"""What is asked of an LLM, and how it is reached: two classes, because only the first decides what is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, field_validator

from cpt_pipeline.core.params import Params, Seed


class EndpointParams(Params):
    """The model and how it answers; part of `<stage>:`, so another model is another corpus."""

    model: str = Field(min_length=1)
    """As the server calls it."""
    temperature: float = Field(0.0, ge=0, le=2)
    max_tokens: int = Field(1024, ge=1)
    """Of one answer."""
    seed: Seed | None = 1
    """Sent along; few servers promise the same answer for it. That answers do not change is the store's doing."""
    extra: dict[str, JsonValue] = Field({})
    """More keys of the request, as the server knows them: `top_p: 0.95`,
    `chat_template_kwargs: {enable_thinking: false}`."""


class EndpointRunParams(Params):
    """`<stage>_run.endpoint:` in conf: where the server is, and how fast it is asked."""

    url: str = ""
    """Of an OpenAI-compatible server, up to and with `/v1`: `http://localhost:8000/v1`."""
    api_key_variable: str | None = Field(None, pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")
    """NAME of the environment variable that holds the key, in capitals, so that a key written here by mistake is
    refused; none sends no key."""
    answers: Path = Path("data/00_sources/answers")
    """Folder of all answers: an equal request (model, messages, sampling) is not asked again. Keep it: it is what a
    second run with the same answers needs."""
    concurrency: int = Field(16, ge=1, le=1024)
    """Requests at a time."""
    timeout_seconds: float = Field(120.0, gt=0)
    """For one answer."""
    retries: int = Field(6, ge=0, le=12)
    retry_seconds: float = Field(2.0, ge=0)
    """Pause before the first retry; each further one is twice as long."""

    @field_validator("url")
    @classmethod
    def _is_plain(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("write the address of a server, as in http://localhost:8000/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("an address with a password or a query would be recorded; api_key_variable takes a key")
        return url.rstrip("/")


def find_endpoint_problems(run: EndpointRunParams) -> Iterator[tuple[str, str]]:
    """Yield what conf or the environment lacks to ask an endpoint: the key below `endpoint`, and what is wrong."""
    if not run.url:
        yield "url", "it is empty: write the address of an OpenAI-compatible server, as in http://localhost:8000/v1"
    if run.api_key_variable is not None:
        key = os.environ.get(run.api_key_variable, "").strip()
        if not key:
            yield "api_key_variable", f"the environment variable {run.api_key_variable} is not set"
        elif not key.isascii() or not key.isprintable():
            yield "api_key_variable", f"what {run.api_key_variable} holds is no key (a line break, or no ASCII)"
