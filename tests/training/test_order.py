"""The order of training is a file: texts and rows are shuffled in it, and a run that was stopped goes on at its row."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.core.artifact import content_hash, seal
from cpt_pipeline.core.errors import TrainingInterruptedError
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import TokenWriter
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import mix
from tests.training.stages import Done, Serve, loss_alone, run_stage
from tests.training.tiny import CHANNELS


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten books of 128 tokens, and below `0` and `1` their order for ten steps of four rows under either seed."""
    root = tmp_path_factory.mktemp("books")
    draw = np.random.default_rng(5)
    for split, count, size in (("train", 10, 128), ("heldout", 1, 24)):
        with TokenWriter(root / "tokens" / split, "en", 400) as writer:
            for number in range(count):
                writer.write(draw.integers(1, 250, size).tolist(), id=f"book-{number}", num_bytes=size)
    seal(root / "tokens", "tokens")
    for seed in (0, 1):
        stages = {"stage1": {"num_tokens": 10 * 128}, "stage2": {"num_tokens": 128}}
        params = {"sequence_length": 32, "rows_per_step": 4, "domain_share": 0.0, "seed": seed, **stages}
        mix(root / "tokens", {"domain_share": None}, root / str(seed), MixParams.model_validate(params), CHANNELS)
        (root / str(seed) / "tokens").symlink_to(root / "tokens")
    return root


def losses(done: Done) -> list[tuple[list[int], float, float]]:
    return [(row["rows"], row["loss"], row["gradient_norm"]) for row in done.steps]


@pytest.mark.feature(56)
def test_a_run_that_was_stopped_goes_on_at_its_row_of_a_shuffled_order(
    books: Path, untrained: Path, serve: Serve, tmp_path: Path
) -> None:
    from cpt_pipeline.model.load import load_causal_lm

    mixture = Mixture(books / "0" / "mixture_stage1", books / "tokens")
    largest = []
    for step in range(10):
        read: Counter[int] = Counter()
        for row in range(4 * step, 4 * step + 4):
            for document, _, length in mixture.spans(row)[1].tolist():
                read[document] += length
        largest.append(max(read.values()) / 128)
    assert sum(largest) / 10 < 0.55, "as the rows lie, each step is one book"
    assert content_hash(books / "0" / "mixture_stage1") != content_hash(books / "1" / "mixture_stage1")

    straight = run_stage(serve, tmp_path / "straight", "stage1", untrained, books / "0")
    model = load_causal_lm(untrained)
    pieces = [(mixture.row(row).input_ids, mixture.spans(row)[1]["length"].tolist()) for row in range(4)]
    cut = [part for ids, lengths in pieces for part in np.split(ids, np.cumsum(lengths)[:-1])]
    expected = np.concatenate([loss_alone(model, part) for part in cut]).mean()
    assert straight.steps[0]["loss"] == pytest.approx(expected, abs=1e-4), "the first four rows of the file"

    place = tmp_path / "stopped"
    with pytest.raises(TrainingInterruptedError, match="stage1 stopped after 5 steps"):
        run_stage(serve, place, "stage1", untrained, books / "0", run={"stop_after_steps": 5})
    resumed = run_stage(serve, place, "stage1", untrained, books / "0")
    assert resumed.report.resumed_from == (5,)
    assert losses(resumed) == losses(straight)
    assert [rows for rows, *_ in losses(resumed)] == [[4 * step, 4 * step + 4] for step in range(10)]
