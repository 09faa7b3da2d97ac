"""A tokens artifact whose every token can be told apart: what the mixture tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import TokenWriter
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import MixReport, mix

END = 0
"""End-of-document token; every other token of the artifact is unique."""
NO_LAW = {"domain_share": None}
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
    """Return parameters of 10 steps of 5 rows of 16 tokens for stage1 and 4 steps for stage2."""
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


def run(folder: Path, sizes: dict[str, list[int]], given: MixParams) -> tuple[MixReport, Mixture, Mixture]:
    """Mix documents of the given sizes into a new folder; return the report and the mixtures of both stages."""
    tokens = folder / "tokens"
    if not tokens.exists():
        write_tokens(tokens, sizes)
    out = Path(tempfile.mkdtemp(dir=folder))
    report = mix(tokens, NO_LAW, out, given, CHANNELS)
    return report, Mixture(out / "mixture_stage1", tokens), Mixture(out / "mixture_stage2", tokens)


def walk(mixture: Mixture) -> dict[str, list[tuple[int, int, int]]]:
    """Return the spans of every channel in the order of training."""
    read: dict[str, list[tuple[int, int, int]]] = {name: [] for name in mixture.channels}
    for row in range(mixture.num_steps * mixture.rows_per_step):
        channel, spans = mixture.spans(row)
        read[mixture.channels[channel]].extend(spans.tolist())
    return read


def write_works(artifact: Path, works: list[list[int]], *, gap: tuple[int, int] | None = None) -> Path:
    """Write works of parts of the given sizes; token numbers go up through all of them; `gap` leaves a part out."""
    following = 1
    with TokenWriter(artifact / "train", "en", vocabulary_size=100_000) as writer:
        for number, sizes in enumerate(works):
            for part, size in enumerate(sizes):
                ids = range(following, following + size)
                following += size
                last = part + 1 == len(sizes)
                if (number, part) != gap:
                    place = {"part_of": f"w{number}", "part": part, "last_part": last}
                    is_continued = part > 0 and (number, part - 1) != gap
                    name = f"w{number}/{part}"
                    writer.write([*ids], id=name, num_bytes=size, is_continued=is_continued, **place)
    seal(artifact, "tokens")
    return artifact


def assert_exact(shares: list[float], rows_per_step: int, counts: np.ndarray) -> None:
    """Check that every step, and every prefix of the steps, has the rows that the shares ask for."""
    quota = np.asarray(shares) * rows_per_step
    steps = np.arange(1, len(counts) + 1)[:, None]
    assert (counts.sum(1) == rows_per_step).all()
    assert (counts >= np.floor(quota + 1e-6)).all()
    assert (counts <= np.ceil(quota - 1e-6)).all()
    assert np.abs(counts.cumsum(0) - quota * steps).max() < 1 + 1e-6
