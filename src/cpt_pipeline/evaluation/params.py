"""Parameters of the evaluation: what is measured (`EvaluateParams`) and how (`EvaluateRunParams`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cpt_pipeline.core.params import Params, Seed
from cpt_pipeline.formats.benchmarks import SuiteParams


class EvaluateParams(Params):
    """`evaluate:` in conf."""

    suite: SuiteParams = SuiteParams()
    """Benchmarks; collect fetches them and dedup guards training from them."""
    documents_per_channel: int = Field(default=200, gt=0)
    """Held-out documents of every channel, drawn by the hash of their id; a channel with fewer gives all. A document
    is what a source gives as one (a file, a record, a book), with all that share text with it (its other editions):
    parts, windows and editions are no evidence of their own."""
    max_characters: int = Field(default=4_000, gt=0)
    """Of a window; a longer document is measured in windows of equal size."""
    windows_per_document: int = Field(default=4, gt=0)
    """Windows of one document, drawn by hash from all over it; a shorter one gives all it has."""
    sequence_length: int | None = Field(default=None, gt=1)
    """Tokens of context; null = the shortest `max_position_embeddings` among the models."""
    sample_prompts: tuple[str, ...] = ()
    """Texts that base and candidates continue, shown side by side in the report."""
    sample_tokens: int = Field(default=40, gt=0)
    """Tokens of each continuation; greedy, so equal models give equal texts."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1.0)
    """Of the intervals."""
    bootstrap_resamples: int = Field(default=2_000, ge=100, le=1_000_000)
    """Paired resamples of the documents behind each interval."""
    seed: Seed = 0


class EvaluateRunParams(Params):
    """`evaluate_run:` in conf: how. Free to change between an interrupted evaluation and the next start."""

    tokens_per_batch: int = Field(default=4_096, gt=0)
    """Tokens of one forward pass; less needs less memory."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: the GPU where there is one."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """All models of one evaluation are measured in it."""
    num_threads: int | None = Field(default=None, gt=0)
    """CPU threads; null = torch's choice."""
