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
    """Documents per channel that the fertility report reads, drawn from all over it."""
    max_lost_share: float = Field(default=0.9, gt=0.0, le=1.0)
    """Of a channel's documents read, so many may change when they are encoded and decoded; more stop the run."""


class TokenizeParams(Params):
    """`tokenize:` in conf."""

    documents_per_batch: int = Field(default=256, gt=0)
