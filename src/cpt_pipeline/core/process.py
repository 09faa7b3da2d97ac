"""Child processes that never outlive us: the door through which all work with torch is started.

The parent imports no torch; a worker is `python -m <module> <job.json>` and talks through files and its
exit code. On Linux the kernel kills the child when its parent dies, however the parent dies.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_SECONDS_TO_STOP = 60.0
_QUIET_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait in a spin make two of them slower than one on a shared machine (635 tokens/s against 2,362)."""


def die_with_parent(sig: int = signal.SIGKILL) -> None:
    """Ask the kernel to send `sig` to this process when its parent thread ends. Linux only, silent elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, sig)


def run_child(
    arguments: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None, tail_lines: int = 30
) -> tuple[int, str]:
    """Run a command, pass its output through and keep it in `log`; return exit code and last lines.

    Standard input is closed (nothing may ask a question). The child stays in our process group, so Ctrl-C
    reaches it too; any error here stops it with SIGTERM first, so that it can save, and SIGKILL after a minute.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()

    def bind() -> None:
        die_with_parent()
        if os.getppid() != parent:
            os._exit(1)

    child = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**_QUIET_WAITING, **os.environ, **(environment or {})},
        preexec_fn=bind,  # noqa: PLW1509
    )
    tail: deque[str] = deque(maxlen=tail_lines)
    try:
        assert child.stdout is not None
        with log.open("ab", buffering=0) as kept:
            for raw in child.stdout:
                kept.write(raw)
                line = raw.decode(errors="replace")
                tail.append(line)
                sys.stderr.write(line)
                sys.stderr.flush()
        code = child.wait()
    finally:
        stop(child)
    return code, "".join(tail)


def run_module(module: str, job: Path, *, log: Path, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `python -m module job` as a bound child."""
    return run_child([sys.executable, "-m", module, str(job)], log=log, environment=environment)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Stop a child: politely, then for good. Its own children are bound to it."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
