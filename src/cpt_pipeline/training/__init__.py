"""Training: job, supervisor, worker, loop, checkpoints, merging. Only the worker's side imports torch."""
