"""Where the models of the data stages run, and on how many threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def pick_device() -> Any:
    """Give a GPU where there is one, else the CPU; the processes of a machine are spread over its GPUs."""
    import torch

    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", os.getpid() % torch.cuda.device_count())


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: there is a worker for each core, and sums do not depend on the number of cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
