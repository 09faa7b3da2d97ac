"""Parameters of training: what is trained (`TrainParams`) and how (`TrainRunParams`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import Params, Seed

_Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class OptimizerParams(Params):
    """AdamW (Loshchilov & Hutter 2019)."""

    peak_lr: float = Field(gt=0.0)
    """Continued pre-training takes 1/10 to 1/5 of the base's own peak rate."""
    betas: tuple[_Share, _Share] = (0.9, 0.95)
    eps: float = Field(default=1.0e-8, gt=0.0)
    weight_decay: float = Field(default=0.1, ge=0.0)
    """Not applied to vectors (norms, biases)."""
    max_gradient_norm: float = Field(default=1.0, gt=0.0)
    state: Literal["fresh", "anneal"] = "fresh"
    """fresh: empty moments. anneal: go on with the moments of the stage before (stage2 only)."""


class ScheduleParams(Params):
    """The learning rate over the steps of one stage, as a share of the peak."""

    kind: Literal["cosine", "linear", "constant", "wsd"] = "cosine"
    warmup_steps: int = Field(default=0, ge=0)
    min_lr_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Where the decay ends."""
    decay_share: float = Field(default=0.2, gt=0.0, le=1.0)
    """wsd only: share of the steps that decay, 1 - sqrt(x) shaped (Haegele et al. 2024)."""


class LoraParams(Params):
    """Low-rank adapters (Hu et al. 2021). stage2 goes on with stage1's adapter, so its shape must be the same."""

    rank: int = Field(default=32, gt=0)
    alpha: float = Field(default=64.0, gt=0.0)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    target_modules: Annotated[tuple[str, ...], Field(min_length=1)] | Literal["all-linear"] = "all-linear"
    quantization: Literal["none", "nf4"] = "none"
    """nf4: the frozen base in 4 bits, computed in bf16 (QLoRA, Dettmers et al. 2023); needs the extra `qlora`."""


class TrainParams(Params):
    """`stage1:` and `stage2:` in conf: what a training stage makes of its start."""

    mode: Literal["full", "lora"] = "full"
    optimizer: OptimizerParams
    schedule: ScheduleParams = ScheduleParams()
    lora: LoraParams = LoraParams()
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16: autocast with fp32 weights; in mode lora the frozen base is held in bf16, the adapter in fp32."""
    gradient_checkpointing: bool = False
    seed: Seed = 0
    candidate_every_steps: int = Field(default=0, ge=0)
    """Keep a candidate for evaluate and roll back every so many steps; 0 = only the end."""
    keep_candidates: int = Field(default=2, ge=0)
    """At most so many besides the end; the oldest go."""
    heldout_every_steps: int = Field(default=50, gt=0)
    heldout_tokens_per_channel: int = Field(default=16_384, gt=0)
    publish_optimizer: bool = False
    """Publish the optimizer's moments; needed when stage2 anneals with them."""
    max_skipped_steps: int = Field(default=3, ge=0)
    """Steps with a non-finite loss or gradient are skipped; more than so many in 100 steps stop the run."""


class TrainRunParams(Params):
    """`stage1_run:`, `stage2_run:`, `base_run:` in conf: how and how far.

    May change at every resume, except what lays out a checkpoint: backend, and with DeepSpeed zero_stage and num_ranks.
    """

    backend: Literal["torch", "deepspeed"] = "torch"
    launcher: Literal["single", "torchrun", "deepspeed", "srun"] = "single"
    num_ranks: int = Field(default=1, gt=0)
    hostfile: InputFile | None = None
    """deepspeed launcher over several machines: a line for each, `name slots=8`. Needs pdsh here."""
    zero_stage: Literal[0, 1, 2, 3] = 0
    offload_optimizer: bool = False
    """deepspeed only: keep the optimizer in the host's memory."""
    micro_batch_rows: int = Field(default=8, gt=0)
    """Rows per forward pass and rank; the global batch is reached by accumulation."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    num_threads: int | None = Field(default=None, gt=0)
    """CPU threads per rank; null = all cores shared among the ranks."""
    checkpoint_every_steps: int = Field(default=50, gt=0)
    keep_checkpoints: int = Field(default=2, ge=2)
    stop_after_steps: int | None = Field(default=None, gt=0)
    """Stop resumably after this many steps of the stage; null = go to the end."""
    max_hours: float | None = Field(default=None, gt=0.0)
    """Stop resumably when this much time has passed in one start."""
    max_restarts: int = Field(default=3, ge=0)
    """Starts again after a death, as long as each start makes progress."""
    resume_other_code: bool = False
    """Go on with a training that other code began; the provenance names both."""

    @model_validator(mode="after")
    def _consistent(self) -> TrainRunParams:
        if self.launcher == "single" and self.num_ranks > 1:
            raise ValueError(f"num_ranks is {self.num_ranks} but launcher is single; use torchrun or deepspeed")
        if self.zero_stage and self.backend != "deepspeed":
            raise ValueError(f"zero_stage {self.zero_stage} needs backend: deepspeed")
        return self
