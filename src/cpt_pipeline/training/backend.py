"""One interface over plain torch and DeepSpeed; the loop knows nothing else about processes or sharding.

Gradients of a step are the gradients of (sum of the token losses of the global batch / number of its labels),
whatever the number of ranks and micro-batches.
"""

from __future__ import annotations

import contextlib
import math
import os
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cpt_pipeline.core.process import free_port
from cpt_pipeline.training.params import TrainParams, TrainRunParams

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


class UnstableError(RuntimeError):
    """Training produced a loss or gradient that is not finite and may not go on."""


class Backend(ABC):
    """A model, its optimizer, and the processes that share them."""

    module: nn.Module
    """The bare model: names and parameters as in the Hugging Face folder."""
    device: torch.device

    def __init__(self) -> None:
        self.world_size = dist.get_world_size() if dist.is_initialized() else 1
        self.rank = dist.get_rank() if dist.is_initialized() else 0

    @property
    @abstractmethod
    def forward_module(self) -> nn.Module:
        """What to call for a forward pass."""

    def exchanging(self, *, last: bool) -> AbstractContextManager[None]:
        """Return what surrounds the forward and backward pass of a micro-batch: only the `last` exchanges gradients."""
        del last
        return contextlib.nullcontext()

    @abstractmethod
    def backward(self, loss: Tensor, *, last: bool) -> None:
        """Add the gradient of this rank's micro-batch; `last` closes the step's accumulation."""

    @abstractmethod
    def step(self, learning_rate: float, *, finite: bool) -> float:
        """Clip, update the weights, clear the gradient; give the gradient's norm before clipping.

        With a loss or norm that is not finite the weights and moments stay as they are and the norm given is
        not finite.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write this rank's part of weights and optimizer. Called on every rank."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Read what `save` wrote with the same number of ranks. The caller has verified every byte."""

    @abstractmethod
    def weights(self) -> dict[str, Tensor]:
        """Give the trained weights on the CPU, whole, on rank 0 (empty elsewhere). Called on every rank."""

    def moments(self) -> dict[str, Tensor]:
        """Give the optimizer's moments by `<parameter>.<moment>`."""
        raise NotImplementedError("this backend cannot publish its optimizer")

    def load_moments(self, moments: dict[str, Tensor]) -> None:
        """Go on with published moments."""
        raise NotImplementedError("this backend cannot start from a published optimizer")

    def bytes_of_weights(self) -> int:
        """Return the size in bytes of all trained weights in fp32."""
        # ZeRO-3 leaves empty tensors behind and keeps the count in `ds_numel`.
        trained = [weight for weight in self.module.parameters() if weight.requires_grad]
        return 4 * sum(getattr(weight, "ds_numel", weight.numel()) for weight in trained)

    def barrier(self) -> None:
        """Wait for all ranks."""
        if dist.is_initialized():
            dist.barrier()

    def sum(self, values: Tensor) -> Tensor:
        """Add a tensor over all ranks."""
        if dist.is_initialized():
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Say whether the flag is up on some rank."""
        return bool(self.sum(torch.tensor(float(flag), device=self.device)).item() > 0)

    def save_random_state(self, folder: Path) -> None:
        """Write this rank's random state."""
        states = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device)
        save_file(states, folder / f"random-{self.rank:05}.safetensors")

    def load_random_state(self, folder: Path) -> None:
        """Read this rank's random state; a rank that did not exist then keeps its own."""
        path = folder / f"random-{self.rank:05}.safetensors"
        if path.is_file():
            states = load_file(path)
            torch.set_rng_state(states["cpu"])
            if "cuda" in states and self.device.type == "cuda":
                torch.cuda.set_rng_state(states["cuda"], self.device)


class TorchBackend(Backend):
    """One process, or data-parallel replicas (DistributedDataParallel)."""

    def __init__(self, model: nn.Module, params: TrainParams, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.module = model if getattr(model, "is_quantized", False) else model.to(device)
        self._params = params
        self._parallel = self._wrap()
        self._optimizer = make_optimizer(model, params, fused=device.type == "cuda")
        self._trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}

    @property
    def forward_module(self) -> nn.Module:
        return self._parallel

    def _wrap(self) -> nn.Module:
        if self.world_size == 1:
            return self.module
        return DistributedDataParallel(self.module, broadcast_buffers=False)

    def exchanging(self, *, last: bool) -> AbstractContextManager[None]:
        # The forward pass decides whether the backward pass exchanges, so both lie inside.
        if last or not isinstance(self._parallel, DistributedDataParallel):
            return contextlib.nullcontext()
        without_exchange: AbstractContextManager[None] = self._parallel.no_sync()
        return without_exchange

    def backward(self, loss: Tensor, *, last: bool) -> None:
        # DistributedDataParallel averages over ranks; our loss is already a share of the global mean.
        torch.autograd.backward(loss * self.world_size)

    def step(self, learning_rate: float, *, finite: bool) -> float:
        norm = float(torch.nn.utils.clip_grad_norm_(self._trained.values(), self._params.optimizer.max_gradient_norm))
        norm = norm if finite else math.nan
        if math.isfinite(norm):
            for group in self._optimizer.param_groups:
                group["lr"] = learning_rate
            self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return norm

    def save(self, folder: Path) -> None:
        if self.rank == 0:
            save_file(
                {name: weight.detach().contiguous() for name, weight in self._trained.items()},
                folder / "weights.safetensors",
            )
            save_file(self.moments(), folder / "optimizer.safetensors")

    def load(self, folder: Path) -> None:
        with torch.no_grad():
            for name, weight in load_file(folder / "weights.safetensors").items():
                self._trained[name].copy_(weight)
        self.load_moments(load_file(folder / "optimizer.safetensors"))

    def moments(self) -> dict[str, Tensor]:
        state = self._optimizer.state
        return {
            f"{name}.{moment}": state[weight][moment].detach().cpu().contiguous()
            for name, weight in self._trained.items()
            if weight in state
            for moment in _MOMENTS
        }

    def load_moments(self, moments: dict[str, Tensor]) -> None:
        for name, weight in self._trained.items():
            if f"{name}.exp_avg" in moments:
                self._optimizer.state[weight] = {
                    "step": moments[f"{name}.step"].clone(),
                    "exp_avg": moments[f"{name}.exp_avg"].to(self.device, copy=True),
                    "exp_avg_sq": moments[f"{name}.exp_avg_sq"].to(self.device, copy=True),
                }

    def weights(self) -> dict[str, Tensor]:
        if self.rank != 0:
            return {}
        return {name: weight.detach().cpu().contiguous() for name, weight in self._trained.items()}


class DeepSpeedBackend(Backend):
    """DeepSpeed ZeRO 0 to 3 (Rajbhandari et al. 2020) with the same torch AdamW. Needs no compiler."""

    def __init__(
        self, model: nn.Module, params: TrainParams, run: TrainRunParams, device: torch.device, num_micro_batches: int
    ) -> None:
        import deepspeed

        super().__init__()
        self.device = device
        self.module = model
        self._zero_stage = run.zero_stage
        self._num_micro_batches = num_micro_batches
        trained = [name for name, weight in model.named_parameters() if weight.requires_grad]
        optimizer = make_optimizer(model, params, fused=False)
        config = _deepspeed_config(params, run, num_micro_batches)
        if run.zero_stage == 0 and params.precision == "fp32":
            optimizer = WatchedAdamW(optimizer.param_groups, params.optimizer.max_gradient_norm)
            config["gradient_clipping"] = 0.0
        self._engine, self._optimizer, *_ = deepspeed.initialize(
            model=model,
            optimizer=optimizer,
            config=config,
            dist_init_required=False,
        )
        self._trained = set(trained)

    @property
    def forward_module(self) -> nn.Module:
        engine: nn.Module = self._engine
        return engine

    def backward(self, loss: Tensor, *, last: bool) -> None:
        # A loss that is no number makes every gradient none, so that the engine passes the step over on all ranks.
        loss = loss * torch.where(loss.isfinite(), 1.0, math.nan)
        # The engine divides by ranks and by micro-batches; our loss is already a share of the global mean.
        self._engine.backward(loss * self.world_size * self._num_micro_batches)
        if not last:
            self._engine.step()

    def step(self, learning_rate: float, *, finite: bool) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._engine.step()
        norm = float(self._engine.get_global_grad_norm())
        return norm if finite else math.nan

    def save(self, folder: Path) -> None:
        self._engine.save_checkpoint(str(folder), tag="engine", save_latest=False)

    def load(self, folder: Path) -> None:
        self._engine.load_checkpoint(str(folder), tag="engine")

    def weights(self) -> dict[str, Tensor]:
        import deepspeed

        found = {}
        for name, weight in self.module.named_parameters():
            if name in self._trained:
                with deepspeed.zero.GatheredParameters([weight], enabled=self._zero_stage == 3):
                    if self.rank == 0:
                        found[name] = weight.detach().cpu().clone().contiguous()
        return found


class WatchedAdamW(torch.optim.AdamW):
    """AdamW that clips, tells the gradient's norm, and passes over a gradient that is no number.

    DeepSpeed's optimizers do so, but with ZeRO 0 in fp32 it has none of its own; the two attributes are what its
    engine reads after each step.
    """

    def __init__(self, groups: list[dict[str, Any]], max_gradient_norm: float) -> None:
        super().__init__(groups)
        self._max_gradient_norm = max_gradient_norm
        self._global_grad_norm = 0.0
        self.overflow = False

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        weights = [weight for group in self.param_groups for weight in group["params"]]
        self._global_grad_norm = float(torch.nn.utils.clip_grad_norm_(weights, self._max_gradient_norm))
        self.overflow = not math.isfinite(self._global_grad_norm)
        if not self.overflow:
            super().step(closure)


def make_optimizer(model: nn.Module, params: TrainParams, *, fused: bool) -> torch.optim.AdamW:
    """Make AdamW with empty moments; vectors (norms, biases) get no weight decay."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in trained if weight.ndim > 1], "weight_decay": params.optimizer.weight_decay},
        {"params": [weight for weight in trained if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=params.optimizer.peak_lr,
        betas=params.optimizer.betas,
        eps=params.optimizer.eps,
        fused=fused or None,
    )


def start_processes(run: TrainRunParams) -> torch.device:
    """Join the process group that the launcher describes in the environment; give this rank's device."""
    cuda = torch.cuda.is_available() if run.device == "auto" else run.device == "cuda"
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if not cuda:
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    else:
        torch.cuda.set_device(local_rank)
    ranks_here = int(os.environ.get("LOCAL_WORLD_SIZE", run.num_ranks))
    torch.set_num_threads(run.num_threads or max(1, len(os.sched_getaffinity(0)) // ranks_here))
    if "RANK" in os.environ or run.backend == "deepspeed":
        _join("nccl" if cuda else "gloo", deepspeed=run.backend == "deepspeed")
    return torch.device("cuda", local_rank) if cuda else torch.device("cpu")


def _join(collective: str, *, deepspeed: bool) -> None:
    if "RANK" not in os.environ:
        os.environ.update(
            RANK="0", LOCAL_RANK="0", WORLD_SIZE="1", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port())
        )
    if deepspeed:
        import deepspeed as ds

        # The optional shared-memory collective is compiled on first use; without it no compiler is needed.
        ds.ops.__compatible_ops__["deepspeed_shm_comm"] = False
        ds.init_distributed(dist_backend=collective, verbose=False)
    else:
        dist.init_process_group(collective)


def _deepspeed_config(params: TrainParams, run: TrainRunParams, num_micro_batches: int) -> dict[str, Any]:
    zero: dict[str, Any] = {"stage": run.zero_stage}
    if run.offload_optimizer:
        zero["offload_optimizer"] = {"device": "cpu"}
    return {
        "train_micro_batch_size_per_gpu": run.micro_batch_rows,
        "gradient_accumulation_steps": num_micro_batches,
        "gradient_clipping": params.optimizer.max_gradient_norm,
        "zero_optimization": zero,
        "zero_force_ds_cpu_optimizer": False,
        "zero_allow_untested_optimizer": True,
        "bf16": {"enabled": params.precision == "bf16"},
        "steps_per_print": 1_000_000_000,
        "wall_clock_breakdown": False,
    }
