"""Training stages as the nodes of Kedro run them, in a workspace of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cpt_pipeline.core.workspace import ROOT_VARIABLE, workspace
from cpt_pipeline.training import merge, supervisor
from cpt_pipeline.training.job import EXIT, TrainJob
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.training.stage import train_stage
from cpt_pipeline.training.supervisor import TrainReport

Serve = Callable[..., dict[str, Any]]
PERMIT: dict[str, Any] = {"stages": {"stage1": True, "stage2": True}, "reasons": []}


@dataclass(frozen=True)
class Done:
    """What a stage gave: its report, its log, and the folder of what it publishes."""

    report: TrainReport
    log: list[dict[str, Any]]
    out: Path

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of the log of its steps."""
        return [row for row in self.log if row["kind"] == "train"]

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints that it keeps."""
        return self.out.parent / "checkpoints"


@contextmanager
def forking(serve: Serve) -> Iterator[None]:
    """Start workers as forks of the server inside."""

    def start(command: list[str], *, log: Path, **_: object) -> tuple[int, str]:
        job = TrainJob.model_validate_json(Path(command[-1]).read_text())
        code = serve(job)["code"]
        return code, (job.work / "attempts.log").read_text()[-2000:]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervisor, "run_child", start)
        yield


@contextmanager
def merging() -> Iterator[None]:
    """Run the worker of the merge stage in this process inside."""
    from cpt_pipeline.core.errors import find_fault
    from cpt_pipeline.core.last_words import leave_last_words
    from cpt_pipeline.training.merge_worker import merge as make

    def start(_: str, path: Path, **__: object) -> tuple[int, str]:
        try:
            make(merge.MergeJob.model_validate_json(path.read_text(encoding="utf-8")))
        except Exception as error:
            fault = find_fault(error)
            if fault is None:
                raise
            return leave_last_words(path.with_name(EXIT), fault), ""
        return 0, ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "run_module", start)
        yield


def run_stage(
    serve: Serve,
    root: Path,
    stage: str,
    start_model: Path,
    data: Path,
    *,
    before: Path | None = None,
    permit: Mapping[str, Any] = PERMIT,
    run: Mapping[str, Any] | None = None,
    **params: Any,
) -> Done:
    """Run stage1 or stage2 with parameters of conf; `data` holds tokens and mixtures, `before` what stage1 gave."""
    given = TrainParams.model_validate({"optimizer": {"peak_lr": 1.0e-3}, "heldout_tokens_per_channel": 256, **params})
    how = TrainRunParams.model_validate({"micro_batch_rows": 2, "num_threads": 1, "device": "cpu", **(run or {})})
    mixture = f"mixture_{stage}"
    inputs = {"start_model": start_model, "tokens": data / "tokens", mixture: data / mixture}
    if before is not None:
        inputs |= {name: before / name for name in ("stage1_model", "stage1_optimizer")}
    with pytest.MonkeyPatch.context() as patch, forking(serve):
        patch.setenv(ROOT_VARIABLE, str(root))
        with workspace(stage, inputs, given) as work:
            report, log = train_stage(work, inputs, permit, given, how)
    return Done(report, log, Path(work.out))


def loss_alone(model: Any, ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give the loss in nats of every token but the first, the document alone in its pass."""
    import torch
    import torch.nn.functional as F

    sequence = torch.from_numpy(ids.astype(np.int64))
    with torch.no_grad():
        logits = model(sequence[None]).logits[0]
    return np.asarray(F.cross_entropy(logits[:-1], sequence[1:], reduction="none"))
