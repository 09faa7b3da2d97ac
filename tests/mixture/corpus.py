"""A tokens artifact whose every token can be told apart: what the mixture tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.formats.tokens import TokenWriter
from cpt_pipeline.mixture.params import MixParams

END = 0
"""End-of-document token; every other token of the artifact is unique."""
CHANNELS = ChannelsParams(roles={"code": "general", "domain": "domain", "en": "general"})


def write_tokens(
    artifact: Path,
    lengths: Mapping[str, Sequence[int]],
    *,
    categories: Mapping[str, Sequence[str | None]] | None = None,
    qualities: Mapping[str, Sequence[float | None]] | None = None,
    uses: Mapping[str, Sequence[str | None]] | None = None,
    synthetic: Mapping[str, Sequence[str | None]] | None = None,
) -> Path:
    """Write and seal a train split with documents of the given lengths; document `n` of `en` is `en-n`."""
    given = {"category": categories, "quality": qualities, "use": uses, "synthetic": synthetic}
    following = 1
    for channel, sizes in lengths.items():
        with TokenWriter(artifact / "train", channel, vocabulary_size=100_000) as writer:
            for index, size in enumerate(sizes):
                ids = [*range(following, following + size - 1), END] if size else []
                following += max(size - 1, 0)
                known = {name: each[channel][index] for name, each in given.items() if each and channel in each}
                writer.write(ids, id=f"{channel}-{index}", num_bytes=3 * size, **known)
    seal(artifact, "tokens")
    return artifact


def lengths(seed: int, num_documents: int = 40, largest: int = 60) -> dict[str, list[int]]:
    """Draw document lengths for all three channels."""
    generator = np.random.default_rng(seed)
    return {channel: generator.integers(2, largest, num_documents).tolist() for channel in sorted(CHANNELS.roles)}


def params(**changes: object) -> MixParams:
    """Give parameters of 10 steps of 5 rows of 16 tokens for stage1 and 4 steps for stage2."""
    return MixParams.model_validate(
        {
            "sequence_length": 16,
            "rows_per_step": 5,
            "domain_share": 0.3,
            "stage1": {"num_tokens": 10 * 80},
            "stage2": {"num_tokens": 4 * 80},
            **changes,
        }
    )
