"""Everything a training worker is told, as `job.json`; the same file runs by hand on a cluster.

torchrun --nproc-per-node 8 -m cpt_pipeline.training.worker job.json
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cpt_pipeline.core.params import Params
from cpt_pipeline.training.params import TrainParams, TrainRunParams

EXIT = "exit.json"
"""What is left in `work`: rank 0's exit code, or the last words (`core.last_words`) of a rank that ended by a fault."""


class TrainJob(Params):
    """One training run. Paths are absolute; `work` survives kills, `out` is what gets published."""

    stage: str
    digest: str
    """Names what is trained (inputs and params): a checkpoint of another digest is refused."""
    init: Literal["pretrained", "random"] = "pretrained"
    model: Path
    """Hugging Face folder: weights and config, or config only with `init: random`."""
    adapter: Path | None = None
    """Adapter of the stage before, to go on with (mode lora)."""
    optimizer: Path | None = None
    """Published optimizer of the stage before, with `optimizer.state: anneal`."""
    optimizer_artifact: bool = False
    """Publish `<stage>_optimizer`: the moments with `publish_optimizer`, else a note that there are none."""
    tokens: Path
    mixture: Path
    work: Path
    out: Path
    """Gets `<stage>_model`, `<stage>_candidates` and, on demand, `<stage>_optimizer`."""
    params: TrainParams
    run: TrainRunParams

    @property
    def autocast(self) -> bool:
        """Whether forward passes run under autocast to bf16; DeepSpeed casts by itself."""
        return self.params.precision == "bf16" and self.run.backend == "torch"
