"""Train a job as one rank of a launcher and count, in the real gradient exchange, how often it takes place."""

import sys
from pathlib import Path
from typing import Any

import torch
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.parallel import DistributedDataParallel

from cpt_pipeline.core.process import die_with_parent
from cpt_pipeline.training.backend import start_processes
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.observers import StopRequest
from cpt_pipeline.training.worker import make_backend, train_rank


def main() -> None:
    """Write the number of exchanges to `exchanges-<rank>` beside the job."""
    die_with_parent()
    path = Path(sys.argv[1])
    job = TrainJob.model_validate_json(path.read_text(encoding="utf-8"))
    backend = make_backend(job, start_processes(job.run))
    assert isinstance(backend.forward_module, DistributedDataParallel)
    count = 0

    def exchange(group: Any, bucket: torch.distributed.GradBucket) -> torch.futures.Future[torch.Tensor]:
        nonlocal count
        count += bucket.is_last()
        return allreduce_hook(group, bucket)

    backend.forward_module.register_comm_hook(None, exchange)
    assert train_rank(job, backend, StopRequest())
    path.with_name(f"exchanges-{backend.rank}").write_text(str(count))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
