"""Training, stages stage1, stage2 and merge: job, supervisor, worker, loop, checkpoints, merging.

The supervisor starts workers and reads their log; only the worker's side (`worker`, `loop`, `backend`, `merge_worker`
and what they import) imports torch. Which documents are read is decided in `mixture`, which model is shipped in
`release`.
"""
