"""The settings of a run side by side, for the checks that no stage can make alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

from cpt_pipeline.budget.plan import PlanParams
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupRunParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.evaluation.params import EvaluateParams, EvaluateRunParams
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.recipes.base import BaseParams, ScratchParams
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.training.params import TrainParams, TrainRunParams

Stage = Literal["stage1", "stage2"]
STAGES: tuple[Stage, ...] = ("stage1", "stage2")


@dataclass(frozen=True)
class Settings:
    """Parameters of a whole run; each field is a key of conf."""

    base: BaseParams
    base_run: TrainRunParams
    channels: ChannelsParams
    collect: CollectParams
    collect_run: EngineParams
    clean: CleanParams
    clean_run: CleanRunParams
    dedup: DedupParams
    dedup_run: DedupRunParams
    mix: MixParams
    plan: PlanParams
    stage1: TrainParams
    stage1_run: TrainRunParams
    stage2: TrainParams
    stage2_run: TrainRunParams
    evaluate: EvaluateParams
    evaluate_run: EvaluateRunParams
    decide: DecideParams

    @property
    def training(self) -> dict[str, TrainParams]:
        """Every training of the run by its key; the scratch base's only where it is trained."""
        scratch = {"base.scratch.training": self.scratch.training} if self.scratch else {}
        return {**scratch, "stage1": self.stage1, "stage2": self.stage2}

    @property
    def runs(self) -> dict[str, TrainRunParams]:
        """How each of `training` runs, by the same keys."""
        scratch = {"base.scratch.training": self.base_run} if self.scratch else {}
        return {**scratch, "stage1": self.stage1_run, "stage2": self.stage2_run}

    @property
    def engines(self) -> dict[str, EngineParams]:
        """How each data stage runs, by stage."""
        return {"collect": self.collect_run, "clean": self.clean_run, "dedup": self.dedup_run}

    @property
    def scratch(self) -> ScratchParams | None:
        """How the base is trained in this run; None for a base that is found."""
        return self.base.scratch if self.base.kind == "scratch" else None

    def num_steps(self, key: str) -> int | None:
        """Return the steps of one of `training`; None where they follow from the text."""
        num_tokens: int | None
        if key in STAGES or self.scratch is None:
            num_tokens, per_step = getattr(self.mix, key).num_tokens, self.mix.sequence_length * self.mix.rows_per_step
        else:
            num_tokens = self.scratch.data.num_tokens
            per_step = self.scratch.sequence_length * self.scratch.rows_per_step
        return None if num_tokens is None else ceil(num_tokens / per_step)


def run_key(key: str) -> str:
    """Return the key in conf that says how a training of `Settings.training` runs."""
    return "base_run" if key.startswith("base.") else f"{key}_run"
