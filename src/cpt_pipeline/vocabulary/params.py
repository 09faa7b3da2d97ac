"""Parameters of tokenizer and tokenize."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cpt_pipeline.core.params import Params


class TokenizerParams(Params):
    """`tokenizer:` in conf."""

    extend: Literal[False] = False
    """The base's own tokenizer is used unchanged; adding domain terms is not built yet."""
    sample_documents_per_channel: int = Field(default=500, gt=0)
    """Documents per channel that the fertility report reads."""


class TokenizeParams(Params):
    """`tokenize:` in conf."""

    documents_per_batch: int = Field(default=256, gt=0)
