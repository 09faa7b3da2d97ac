"""What the stages do."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.core.inputs import InputFile, InputPattern
from cpt_pipeline.core.params import Params

logger = logging.getLogger("cpt_pipeline.tiny")


class DrawParams(Params):
    """How many words."""

    num_words: int
    api_key: str = ""
    note: str = ""


class CleanParams(Params):
    """Which words stay."""

    min_chars: int
    extra_words: InputFile | None = None
    extra_texts: InputPattern | None = None


class TrainParams(Params):
    """How long it trains."""

    num_steps: int
    learning_rate: float


class TrainRunParams(Params):
    """How it trains."""

    pause_seconds: float = 0.0


def draw_words(out: Path, params: DrawParams) -> int:
    """Write the words."""
    logger.info("draw: %s", params.note)
    if "refuse" in params.note:
        raise NothingLeftError(f"draw.note is {params.note}")
    out.mkdir()
    (out / "words.txt").write_text("\n".join("x" * (1 + n % 7) for n in range(params.num_words)), encoding="utf-8")
    seal(out, "words", rows=params.num_words)
    return params.num_words


def clean_words(words: Path, out: Path, params: CleanParams) -> int:
    """Keep the long ones."""
    kept = [word for word in (words / "words.txt").read_text(encoding="utf-8").split() if len(word) >= params.min_chars]
    if not kept:
        raise NothingLeftError(f"clean kept none of {read_manifest(words)['rows']} words; lower clean.min_chars")
    out.mkdir()
    (out / "words.txt").write_text("\n".join(kept), encoding="utf-8")
    seal(out, "words", rows=len(kept))
    return len(kept)


def train_model(
    words: Path, work: Path, out: Path, params: TrainParams, run: TrainRunParams
) -> list[dict[str, object]]:
    """Count up to num_steps, one line in the workspace per step; goes on from the last line."""
    state = work / "steps"
    done = len(state.read_text(encoding="utf-8").splitlines()) if state.is_file() else 0
    logger.info("train goes on at step %d", done)
    with state.open("a", encoding="utf-8") as stream:
        for step in range(done, params.num_steps):
            time.sleep(run.pause_seconds)
            stream.write(f"{step} of a run that began at {done}\n")
            stream.flush()
    rows = read_manifest(words)["rows"]
    out.mkdir()
    (out / "weights.txt").write_text(f"{rows * params.num_steps * params.learning_rate}", encoding="utf-8")
    seal(out, "model")
    return [
        {"kind": "heldout", "step": 0, "tokens": 0, "channels": {"en": {"perplexity": 9.0}}},
        *(
            {"kind": "train", "step": n + 1, "tokens": 8, "loss": 3.0 / (n + 1), "channel_loss": {"en": 1.5}}
            for n in range(3)
        ),
    ]
