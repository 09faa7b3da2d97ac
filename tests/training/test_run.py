"""Stage tokenize, mix and one training stage on texts of the test's own: what was trained on, with what loss and rate.

Every loss is computed a second time, each document alone in a pass of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.formats.documents import DocumentWriter, document
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import open_shard, read_sidecar
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import mix
from cpt_pipeline.reporting.figures import loss_curves
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import TokenizeReport, tokenize_documents
from cpt_pipeline.vocabulary.tokenizer import load
from tests.formats.tiny_models import save_tiny
from tests.training.stages import Done, Serve, loss_alone, run_stage
from tests.training.tiny import CHANNELS, TinyData

Train = Callable[[str], Done]
Piece = tuple[npt.NDArray[Any], npt.NDArray[Any]]
"""Ids of a piece of a document in one row, and the losses of all but the first."""
END = 0
"""The token `<|endoftext|>` of the tiny tokenizer."""
SPELLING = "word1 word2 <|endoftext|> word3"
SCHEDULES: dict[str, dict[str, Any]] = {
    "cosine": {"kind": "cosine"},
    "linear": {"kind": "linear", "min_lr_share": 0.2},
    "constant": {"kind": "constant"},
    "wsd": {"kind": "wsd", "decay_share": 0.45},
}
RATES = {
    "cosine": [0.5, 1.0, 1.0, 0.96194, 0.853553, 0.691342, 0.5, 0.308658, 0.146447, 0.03806, 0.0],
    "linear": [0.5, 1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
    "constant": [0.5, *[1.0] * 10],
    "wsd": [0.5, *[1.0] * 6, 0.5, 0.292893, 0.133975, 0.0],
}
"""Shares of the peak in eleven steps, two of them warm-up; wsd decays in the last five, as 1 - sqrt(x)."""


@pytest.fixture(scope="module")
def tokenized(tiny: TinyData, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TokenizeReport]:
    """A folder with the tokens of short texts of two channels, every fifth of which spells a control token."""
    root = tmp_path_factory.mktemp("run")
    for name, count, seed in (("train", 30, 0), ("heldout", 6, 1)):
        draw = np.random.default_rng(seed)
        with DocumentWriter(root / name) as writer:
            for channel in ("domain", "en"):
                for number in range(count):
                    words = " ".join(f"word{each}" for each in draw.integers(0, 60, draw.integers(3, 12)))
                    writer.write(
                        document(
                            id=f"{channel}-{number}",
                            text=SPELLING if number % 5 == 0 else words,
                            channel=channel,
                            source="s",
                            license="MIT",
                            category="example" if number % 3 == 0 else "prose",
                            quality=0.9 if number % 2 == 0 else 0.3,
                        )
                    )
    report = tokenize_documents(root / "train", root / "heldout", tiny.model, root, TokenizeParams())
    return root, report


@pytest.fixture(scope="module")
def data(tokenized: tuple[Path, TokenizeReport]) -> Path:
    """Tokens and mixtures: eleven steps of four rows of 32 tokens, and five for stage 2, of chosen documents."""
    root, _ = tokenized
    params = MixParams.model_validate(
        {
            "sequence_length": 32,
            "rows_per_step": 4,
            "domain_share": 0.5,
            "max_passes": 100,
            "stage1": {"num_tokens": 11 * 128},
            "stage2": {"num_tokens": 5 * 128, "categories": {"domain": ["example"]}, "min_quality": 0.5},
        }
    )
    mix(root / "tokens", {"domain_share": None}, root, params, CHANNELS)
    return root


@pytest.fixture(scope="module")
def train(data: Path, untrained: Path, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Run stage 1 under a schedule, once each."""
    root = tmp_path_factory.mktemp("stages")

    @cache
    def run(kind: str) -> Done:
        schedule = {**SCHEDULES[kind], "warmup_steps": 2}
        often = {"checkpoint_every_steps": 10}
        return run_stage(serve, root, "stage1", untrained, data, schedule=schedule, heldout_every_steps=4, run=often)

    return run


@pytest.fixture(scope="module")
def alone(data: Path, untrained: Path) -> dict[str, list[Piece]]:
    """Ids and losses of the pieces of the first step, by channel, before any training."""
    from cpt_pipeline.model.load import load_causal_lm

    model, mixture = load_causal_lm(untrained), Mixture(data / "mixture_stage1", data / "tokens")
    found: dict[str, list[Piece]] = {"domain": [], "en": []}
    for row in range(4):
        number, spans = mixture.spans(row)
        channel = mixture.channels[number]
        shard = open_shard(data / "tokens", "train", channel)
        for piece, start, length in spans.tolist():
            first = int(shard.starts[piece]) + start
            ids = np.asarray(shard.tokens[first : first + length])
            found[channel].append((ids, loss_alone(model, ids)))
    assert sum(len(pieces) for pieces in found.values()) > 8, "several documents share a row"
    return found


def mean_loss(pieces: list[Piece]) -> float:
    return float(np.concatenate([losses for _, losses in pieces]).mean())


@pytest.mark.feature(71)
def test_raw_text_is_trained_on_from_its_second_token_and_the_name_of_a_control_token_is_words(
    tokenized: tuple[Path, TokenizeReport],
    tiny: TinyData,
    train: Train,
    alone: dict[str, list[Piece]],
) -> None:
    root, report = tokenized
    shard = open_shard(root / "tokens", "train", "en")
    places = [read_sidecar(root / "tokens", "train", "en")["id"].to_pylist().index(f"en-{each}") for each in (0, 25)]
    for place in places:
        ids = shard.document(place).tolist()
        assert load(tiny.model).decode(ids[:-1]) == SPELLING
        assert [number for number, each in enumerate(ids) if each == END] == [len(ids) - 1]
    assert report.train["en"].control_tokens == {"<|endoftext|>": 6}
    assert report.heldout["en"].control_token_documents == 2
    every = [piece for pieces in alone.values() for piece in pieces]
    assert sum(ids.size for ids, _ in every) == 4 * 32
    assert train("cosine").steps[0]["loss"] == pytest.approx(mean_loss(every), abs=1e-4)


@pytest.mark.feature(151)
def test_the_end_of_a_document_is_learnt_as_any_other_token(train: Train, alone: dict[str, list[Piece]]) -> None:
    every = [piece for pieces in alone.values() for piece in pieces]
    ids = np.concatenate([each[1:] for each, _ in every])
    losses = np.concatenate([each for _, each in every])
    logged = train("cosine").steps[0]["loss"]
    assert (ids == END).sum() > 4
    assert logged == pytest.approx(losses.mean(), abs=1e-4)
    assert abs(logged - losses[ids != END].mean()) > 1e-3, "the ends count"


@pytest.mark.feature(73)
def test_rows_are_full_of_documents_that_do_not_see_one_another_and_a_base_that_mixes_them_is_refused(
    data: Path,
    train: Train,
    alone: dict[str, list[Piece]],
    serve: Serve,
    tmp_path: Path,
) -> None:
    mixture = Mixture(data / "mixture_stage1", data / "tokens")
    rows = [mixture.row(row) for row in range(44)]
    assert {len(row.input_ids) for row in rows} == {32}
    assert sum(int((row.labels == -100).sum()) for row in rows) == sum(len(mixture.spans(row)[1]) for row in range(44))
    every = [piece for pieces in alone.values() for piece in pieces]
    assert train("cosine").steps[0]["loss"] == pytest.approx(mean_loss(every), abs=1e-4)
    for kind in ("bloom", "mamba"):
        base = save_tiny(kind, tmp_path / kind, vocab_size=400)
        seal(base, "model")
        with pytest.raises(
            ParameterError, match=f"of type {kind}, in which documents that share a row see one another"
        ):
            run_stage(serve, tmp_path, "stage1", base, data)


@pytest.mark.feature(85)
def test_the_training_loss_of_each_channel_is_in_the_log_of_each_step_and_in_the_report(
    train: Train, alone: dict[str, list[Piece]]
) -> None:
    rows = train("cosine").steps
    assert [row["step"] for row in rows] == list(range(1, 12))
    expected = {channel: mean_loss(pieces) for channel, pieces in alone.items()}
    assert rows[0]["channel_loss"] == pytest.approx(expected, abs=1e-4)
    assert all(set(row["channel_loss"]) == {"domain", "en"} for row in rows)
    drawn = {curve.channel: curve for curve in loss_curves({"stage1": train("cosine").log})}
    assert drawn["en"].values == tuple(row["channel_loss"]["en"] for row in rows)
    assert drawn["domain"].tokens == tuple(float(128 * step) for step in range(1, 12))


@pytest.mark.feature(96)
def test_heldout_perplexity_of_each_channel_is_measured_before_during_and_after(
    data: Path, untrained: Path, train: Train
) -> None:
    from cpt_pipeline.model.load import load_causal_lm

    model = load_causal_lm(untrained)
    rows = [row for row in train("cosine").log if row["kind"] == "heldout"]
    assert [row["step"] for row in rows] == [0, 4, 8, 11]
    for channel in ("domain", "en"):
        shard = open_shard(data / "tokens", "heldout", channel)
        losses = np.concatenate([loss_alone(model, np.asarray(shard.document(each))) for each in range(6)])
        assert rows[0]["channels"][channel]["loss"] == pytest.approx(losses.mean(), abs=1e-4)
        assert rows[0]["channels"][channel]["perplexity"] == pytest.approx(math.exp(losses.mean()), rel=1e-4)
        assert rows[-1]["channels"][channel]["perplexity"] < 0.95 * rows[0]["channels"][channel]["perplexity"]
    assert train("cosine").report.heldout == rows[-1]["channels"]


def last_weights(done: Done) -> list[bytes]:
    """Give the weights after each of the last two steps."""
    return [(done.checkpoints / f"step-{step:06}" / "weights.safetensors").read_bytes() for step in (10, 11)]


@pytest.mark.feature(78)
@pytest.mark.parametrize("kind", ["cosine", "linear", "constant"])
def test_the_rate_warms_up_and_follows_the_schedule(train: Train, kind: str) -> None:
    rates = [row["learning_rate"] for row in train(kind).steps]
    assert rates == pytest.approx([1.0e-3 * share for share in RATES[kind]], abs=1e-9)
    before, after = last_weights(train(kind))
    assert (before == after) == (kind == "cosine"), "a last step at rate 0 moves nothing"


@pytest.mark.feature(79)
def test_the_rate_warms_up_stays_and_decays(train: Train) -> None:
    rates = [row["learning_rate"] for row in train("wsd").steps]
    assert rates == pytest.approx([1.0e-3 * share for share in RATES["wsd"]], abs=1e-9)
    before, after = last_weights(train("wsd"))
    assert before == after, "the last step is at rate 0"


@pytest.mark.feature(91)
def test_stage_2_reads_chosen_documents_at_a_rate_of_its_own(
    data: Path, untrained: Path, train: Train, serve: Serve, tmp_path: Path
) -> None:
    """Of the domain every third document is an example and of those every second is good: 0, 6, 12, 18 and 24."""
    table = pq.read_table(data / "exposures" / "exposures.parquet").to_pylist()
    read = {stage: {row["id"] for row in table if row[f"{stage}_tokens"]} for stage in ("stage1", "stage2")}
    assert {name for name in read["stage2"] if name.startswith("domain")} == {
        f"domain-{each}" for each in range(0, 30, 6)
    }
    assert {int(name.removeprefix("en-")) % 2 for name in read["stage2"] if name.startswith("en")} == {0}
    assert len(read["stage1"]) == 60
    before = train("constant").out
    schedule = {"kind": "linear"}
    done = run_stage(serve, tmp_path, "stage2", untrained, data, before=before, schedule=schedule)
    assert [row["learning_rate"] for row in done.steps] == pytest.approx([1e-3, 7.5e-4, 5e-4, 2.5e-4, 0.0], abs=1e-9)
    assert Counter(row["rows"][1] - row["rows"][0] for row in done.steps) == {4: 5}
