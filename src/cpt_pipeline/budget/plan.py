"""Estimate what training will take, as intervals, from sizes alone; no device is touched.

Time is 6 x parameters x tokens floating-point operations (Kaplan et al. 2020) over the rate the device
reaches; memory counts weights, gradients, AdamW's two moments and one micro-batch of activations.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.formats.model_facts import ModelFacts, read_facts
from cpt_pipeline.formats.models import resolve

logger = logging.getLogger(__name__)

_GB = 1e9


class Interval(Report):
    """A figure between two bounds."""

    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """Scale both bounds."""
        return Interval(low=self.low * factor, high=self.high * factor)

    def rounded(self) -> Interval:
        """Round to four significant digits."""
        return Interval(low=float(f"{self.low:.4g}"), high=float(f"{self.high:.4g}"))


class DeviceParams(Params):
    """The device that trains."""

    name: str
    count: int = Field(default=1, gt=0)
    memory_gb: float = Field(gt=0.0)
    tflops_low: float = Field(gt=0.0)
    """Floating-point operations a training step reaches on one device, slow case, in 1e12 a second."""
    tflops_high: float = Field(gt=0.0)
    watts: float = Field(gt=0.0)
    price_per_hour: float = Field(default=0.0, ge=0.0)
    """Of one device."""

    @model_validator(mode="after")
    def _ordered(self) -> DeviceParams:
        if self.tflops_low > self.tflops_high:
            raise ValueError("tflops_low is above tflops_high")
        return self


class PlanParams(Params):
    """`plan:` in conf: prices and limits."""

    device: DeviceParams
    currency: str = "USD"
    power_usage_effectiveness: float = Field(default=1.3, ge=1.0)
    kg_co2_per_kwh: float = Field(default=0.45, ge=0.0)
    max_hours: float | None = Field(default=None, gt=0.0)
    max_money: float | None = Field(default=None, gt=0.0)
    max_memory_gb: float | None = Field(default=None, gt=0.0)
    """null = the device's memory."""


class StageShape(Params):
    """What of a training stage matters for its bill."""

    lora: bool
    nf4: bool = False
    """The frozen base in 4 bits."""
    bf16: bool
    gradient_checkpointing: bool
    num_ranks: int
    zero_stage: int
    micro_batch_rows: int
    keep_checkpoints: int
    keep_candidates: int


class Plan(Report):
    """The bill of both stages together; intervals from the slow to the fast case."""

    parameters: int
    tokens: dict[str, int]
    device: str
    memory_gb: Interval | None
    """Of one device, at its peak; None when config.json names no sizes to compute it from."""
    seconds: Interval
    money: Interval
    currency: str
    energy_kwh: Interval
    carbon_kg: Interval
    disk_gb: Interval


def estimate(
    start_model: Path, mix: dict[str, Any], stages: dict[str, StageShape], params: PlanParams
) -> tuple[Plan, dict[str, Any]]:
    """Give the plan and the permit: which stages may run, and why not.

    `mix` is mix_metrics. A limit is broken when even the favourable end of the interval passes it.
    """
    facts = read_facts(resolve(start_model))
    parameters = facts.num_parameters
    device, tokens = params.device, {name: int(mix[name]["tokens"]) for name in stages}
    rate = Interval(low=device.tflops_low, high=device.tflops_high)
    seconds = _sum([_seconds(parameters, tokens[name], stage, rate, device.count) for name, stage in stages.items()])
    hours = seconds.times(device.count / 3600)
    energy = hours.times(device.watts * params.power_usage_effectiveness / 1000)
    plan = Plan(
        parameters=parameters,
        tokens=tokens,
        device=f"{device.count} x {device.name}",
        memory_gb=_peak_memory(parameters, facts, int(mix["sequence_length"]), stages),
        seconds=seconds.rounded(),
        money=hours.times(device.price_per_hour).rounded(),
        currency=params.currency,
        energy_kwh=energy.rounded(),
        carbon_kg=energy.times(params.kg_co2_per_kwh).rounded(),
        disk_gb=_disk(parameters, stages, sum(tokens.values())).rounded(),
    )
    return plan, _permit(plan, stages, params)


def _seconds(parameters: int, tokens: int, stage: StageShape, tflops: Interval, devices: int) -> Interval:
    per_parameter = (4 if stage.lora else 6) + (2 if stage.gradient_checkpointing else 0)
    operations = per_parameter * parameters * tokens / (1e12 * devices)
    return Interval(low=operations / tflops.high, high=operations / tflops.low)


def _peak_memory(
    parameters: int, facts: ModelFacts, sequence_length: int, stages: dict[str, StageShape]
) -> Interval | None:
    """Return the memory of the stage that needs most, or None with a warning where a size is not known."""
    sizes = (facts.num_layers, facts.hidden_size, facts.vocabulary_size)
    layers, width, vocabulary = sizes
    if layers is None or width is None or vocabulary is None:
        logger.warning(
            "plan: config.json of %s names no number of layers, width or vocabulary (found %s, %s, %s); the plan says "
            "nothing about memory, and plan.max_memory_gb is not checked",
            facts.name,
            *sizes,
        )
        return None
    memory = [_memory(parameters, (layers, width, vocabulary), sequence_length, stage) for stage in stages.values()]
    return Interval(low=max(each.low for each in memory), high=max(each.high for each in memory)).rounded()


def _memory(parameters: int, sizes: tuple[int, int, int], sequence_length: int, stage: StageShape) -> Interval:
    """`sizes` are layers, width and vocabulary of the model."""
    num_layers, hidden_size, vocabulary_size = sizes
    trained = 0.02 * parameters if stage.lora else float(parameters)
    weights = parameters * _bytes_per_weight(stage) / (stage.num_ranks if stage.zero_stage == 3 else 1)
    gradients = 4 * trained / (stage.num_ranks if stage.zero_stage >= 2 else 1)
    moments = 8 * trained / (stage.num_ranks if stage.zero_stage >= 1 else 1)
    rows = stage.micro_batch_rows * sequence_length
    width = 2 if stage.bf16 else 4
    layers = (2 if stage.gradient_checkpointing else 34) * num_layers
    activations = rows * hidden_size * layers * width / 2
    logits = rows * vocabulary_size * (width + 8)
    fixed = weights + gradients + moments
    low, high = fixed + 0.5 * activations + 0.5 * logits, 1.2 * (fixed + activations + logits)
    return Interval(low=low / _GB, high=high / _GB)


def _bytes_per_weight(stage: StageShape) -> float:
    """4-bit weights carry their scales (0.55 bytes in all); LoRA's base is bf16 under bf16, what is trained fp32."""
    if not stage.lora:
        return 4.0
    return 0.55 if stage.nf4 else 2.0 if stage.bf16 else 4.0


def _disk(parameters: int, stages: dict[str, StageShape], tokens: int) -> Interval:
    models = sum(4 * parameters * (1 + stage.keep_candidates) for stage in stages.values())
    checkpoints = max(12 * parameters * (stage.keep_checkpoints + 1) for stage in stages.values())
    release = 4 * parameters  # a copy of its own, but for file systems that share blocks
    # The DVC cache may hold one more copy of what is published.
    return Interval(low=(models + 4 * tokens) / _GB, high=(2 * models + checkpoints + release + 8 * tokens) / _GB)


def _permit(plan: Plan, stages: dict[str, StageShape], params: PlanParams) -> dict[str, Any]:
    memory = params.max_memory_gb or params.device.memory_gb
    needed = plan.memory_gb.low if plan.memory_gb else 0.0
    reasons = [
        f"{what} would be at least {low:.4g} {unit}, {key} is {limit:g}"
        for what, low, unit, key, limit in (
            ("memory", needed, "GB", "plan.max_memory_gb (or plan.device.memory_gb)", memory),
            ("time", plan.seconds.low / 3600, "hours", "plan.max_hours", params.max_hours),
            ("money", plan.money.low, plan.currency, "plan.max_money", params.max_money),
        )
        if limit is not None and low > limit
    ]
    return {"stages": dict.fromkeys(stages, not reasons), "reasons": reasons}


def _sum(intervals: list[Interval]) -> Interval:
    return Interval(low=sum(each.low for each in intervals), high=sum(each.high for each in intervals))
