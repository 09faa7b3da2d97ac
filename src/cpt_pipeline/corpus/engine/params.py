"""How the data stages run: where, and in how many processes. Nothing here changes what comes out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cpt_pipeline.core.params import Params


class SlurmParams(Params):
    """What a Slurm cluster asks for; the tasks run as one job array."""

    partition: str = "cpu"
    time_limit: str = "24:00:00"
    qos: str = ""
    """Quality of service; empty where the cluster has none."""
    cpus_per_task: int = Field(1, ge=1)
    memory_gb_per_cpu: int = Field(4, ge=1)
    sbatch_arguments: dict[str, str] = Field(default_factory=dict)
    """More options of sbatch, without their dashes: `account: nlp`."""


class EngineParams(Params):
    """`collect_run:`, `clean_run:` and `dedup_run:` in conf."""

    executor: Literal["local", "slurm", "ray"] = "local"
    """Slurm and Ray need the data root on a file system that all nodes share."""
    workers: int | None = Field(None, ge=1)
    """Tasks at a time; none means all cores of this machine, or no limit on Slurm."""
    task_megabytes: int = Field(16, ge=1)
    """Input of one task; a file or row group is never divided."""
    slurm: SlurmParams = SlurmParams()
    ray_address: str | None = None
    """A running cluster; none starts Ray on this machine."""
    ray_memory_gb_per_cpu: float = Field(2.0, gt=0)
