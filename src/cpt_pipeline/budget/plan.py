"""Estimate what training will take, as intervals, from sizes alone; no device is touched.

Time is 6 x parameters x tokens floating-point operations (Kaplan et al. 2020) over the rate the device
reaches; memory counts weights, gradients, AdamW's two moments and one micro-batch of activations.
"""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.formats.models import resolve

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
    memory_gb: Interval
    """Of one device, at its peak."""
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
    folder = resolve(start_model)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parameters = count_parameters(folder)
    device, tokens = params.device, {name: int(mix[name]["tokens"]) for name in stages}
    rate = Interval(low=device.tflops_low, high=device.tflops_high)
    seconds = _sum([_seconds(parameters, tokens[name], stage, rate, device.count) for name, stage in stages.items()])
    hours = seconds.times(device.count / 3600)
    energy = hours.times(device.watts * params.power_usage_effectiveness / 1000)
    memory = [_memory(parameters, config, int(mix["sequence_length"]), stage) for stage in stages.values()]
    plan = Plan(
        parameters=parameters,
        tokens=tokens,
        device=f"{device.count} x {device.name}",
        memory_gb=Interval(low=max(each.low for each in memory), high=max(each.high for each in memory)).rounded(),
        seconds=seconds.rounded(),
        money=hours.times(device.price_per_hour).rounded(),
        currency=params.currency,
        energy_kwh=energy.rounded(),
        carbon_kg=energy.times(params.kg_co2_per_kwh).rounded(),
        disk_gb=_disk(parameters, stages, sum(tokens.values())).rounded(),
    )
    return plan, _permit(plan, stages, params)


def count_parameters(folder: Path) -> int:
    """Count the parameters of a model from the headers of its safetensors files; no weight is read.

    With an index only the files it names count: a hub folder may hold the same weights in a second layout.
    """
    index = folder / "model.safetensors.index.json"
    named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values() if index.is_file() else ()
    paths = {folder / name for name in named} or set(folder.glob("*.safetensors"))
    total = 0
    for path in sorted(paths):
        with path.open("rb") as stream:
            (size,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(size))
        total += sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    return total


def _seconds(parameters: int, tokens: int, stage: StageShape, tflops: Interval, devices: int) -> Interval:
    per_parameter = (4 if stage.lora else 6) + (2 if stage.gradient_checkpointing else 0)
    operations = per_parameter * parameters * tokens / (1e12 * devices)
    return Interval(low=operations / tflops.high, high=operations / tflops.low)


def _memory(parameters: int, config: dict[str, Any], sequence_length: int, stage: StageShape) -> Interval:
    trained = 0.02 * parameters if stage.lora else float(parameters)
    weights = parameters * _bytes_per_weight(stage) / (stage.num_ranks if stage.zero_stage == 3 else 1)
    gradients = 4 * trained / (stage.num_ranks if stage.zero_stage >= 2 else 1)
    moments = 8 * trained / (stage.num_ranks if stage.zero_stage >= 1 else 1)
    rows = stage.micro_batch_rows * sequence_length
    width = 2 if stage.bf16 else 4
    layers = (2 if stage.gradient_checkpointing else 34) * int(config["num_hidden_layers"])
    activations = rows * int(config["hidden_size"]) * layers * width / 2
    logits = rows * int(config["vocab_size"]) * (width + 8)
    fixed = weights + gradients + moments
    low, high = fixed + 0.5 * activations + 0.5 * logits, 1.2 * (fixed + activations + logits)
    return Interval(low=low / _GB, high=high / _GB)


def _bytes_per_weight(stage: StageShape) -> float:
    """4-bit weights carry their scales (0.55 bytes in all); trained weights and LoRA's base are fp32."""
    return 0.55 if stage.lora and stage.nf4 else 4.0


def _disk(parameters: int, stages: dict[str, StageShape], tokens: int) -> Interval:
    models = sum(4 * parameters * (1 + stage.keep_candidates) for stage in stages.values())
    checkpoints = max(12 * parameters * (stage.keep_checkpoints + 1) for stage in stages.values())
    release = 4 * parameters  # a copy of its own, but for file systems that share blocks
    # The DVC cache may hold one more copy of what is published.
    return Interval(low=(models + 4 * tokens) / _GB, high=(2 * models + checkpoints + release + 8 * tokens) / _GB)


def _permit(plan: Plan, stages: dict[str, StageShape], params: PlanParams) -> dict[str, Any]:
    memory = params.max_memory_gb or params.device.memory_gb
    reasons = [
        f"{what} would be at least {low:.4g} {unit}, {key} is {limit:g}"
        for what, low, unit, key, limit in (
            ("memory", plan.memory_gb.low, "GB", "plan.max_memory_gb (or plan.device.memory_gb)", memory),
            ("time", plan.seconds.low / 3600, "hours", "plan.max_hours", params.max_hours),
            ("money", plan.money.low, plan.currency, "plan.max_money", params.max_money),
        )
        if limit is not None and low > limit
    ]
    return {"stages": dict.fromkeys(stages, not reasons), "reasons": reasons}


def _sum(intervals: list[Interval]) -> Interval:
    return Interval(low=sum(each.low for each in intervals), high=sum(each.high for each in intervals))
