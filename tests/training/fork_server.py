"""Run training attempts as forks of one process that has torch loaded, and kill them at chosen moments.

Reads one JSON request a line, `{"job": path, "seed": 0, "kills": 20, "duration": 1.2}`, and answers with one: the
kills that hit, those that hit during a save, and the exit code of the last attempt, which is left to finish.
Half the kills come at a uniform moment within `duration` seconds, half wait for a save to begin.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from cpt_pipeline.core.process import die_with_parent
from cpt_pipeline.training import worker
from cpt_pipeline.training.job import TrainJob

_LOADED_LATE = ("deepspeed", "pandas", "peft", "transformers.models.llama.modeling_llama")
"""What a worker loads only when it needs it, and each fork would load anew, for several seconds."""


def attempt(job: TrainJob) -> int:
    """Fork a worker and give its pid."""
    pid = os.fork()
    if pid:
        return pid
    die_with_parent()
    log = os.open(job.work / "attempts.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        code = worker.run(job)
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    os._exit(code)


def wait_for_save(work: Path, pid: int, until: float) -> bool:
    """Wait until a save is under way, the process has ended or the time is over."""
    while time.monotonic() < until and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if any(work.glob("*/.tmp-*")):
            return True
        time.sleep(0.0005)
    return False


def serve(path: Path, seed: int, kills: int, duration: float) -> dict[str, int]:
    """Kill attempts until the number is reached or one finishes first, then let one finish."""
    job = TrainJob.model_validate_json(path.read_text())
    chance = random.Random(seed)
    hit = in_save = 0
    while hit < kills:
        pid = attempt(job)
        aimed = chance.random() < 0.5
        until = time.monotonic() + chance.uniform(0.02, duration)
        saving = aimed and wait_for_save(job.work, pid, until + 20.0 * duration)
        time.sleep(chance.uniform(0, 0.004) if aimed else max(0.0, until - time.monotonic()))
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        hit += 1
        in_save += saving
    _, status = os.waitpid(attempt(job), 0)
    return {"kills": hit, "in_save": in_save, "code": os.waitstatus_to_exitcode(status)}


def main() -> None:
    """Answer requests until standard input closes."""
    die_with_parent()
    for name in _LOADED_LATE:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        result = serve(Path(request["job"]), request["seed"], request["kills"], request["duration"])
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
