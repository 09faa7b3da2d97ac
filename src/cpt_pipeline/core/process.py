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
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_ORPHANED = 75
_PARENT = "CPT_PARENT_PID"
_RANK_OF_A_LAUNCHER = ("LOCAL_RANK", "SLURM_PROCID")
_SECONDS_TO_STOP = 60.0
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
_QUIET_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait in a spin make two of them slower than one on a shared machine (635 tokens/s against 2,362)."""


def die_with_parent(sig: int = signal.SIGKILL, parent: int | None = None) -> None:
    """Ask the kernel to send `sig` to this process when its parent thread ends. Linux only, silent elsewhere.

    The kernel says nothing of a parent that is dead already, so this process then ends at once, with 75. `parent` is
    the pid it must have; without it, that of the `run_child` which started it, where no launcher stands between.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, sig)
        if _is_orphan(parent):
            os._exit(_ORPHANED)


def _is_orphan(parent: int | None) -> bool:
    if parent is None and _PARENT in os.environ and not any(name in os.environ for name in _RANK_OF_A_LAUNCHER):
        parent = int(os.environ[_PARENT])
    if parent is not None:
        return os.getppid() != parent
    # dvc tells its stages no pid; it may be process 1 itself, in a container.
    return "DVC_STAGE" in os.environ and os.getppid() == 1 and b"dvc" not in Path("/proc/1/cmdline").read_bytes()


def run_child(
    arguments: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None, tail_lines: int = 30
) -> tuple[int, str]:
    """Run a command, pass its output through and keep it in `log`; return exit code and last lines.

    Standard input is closed (nothing may ask a question). SIGTERM, SIGINT and SIGUSR1 are passed on as SIGTERM, so
    that the child can save and choose its exit code; any error here stops it, with SIGKILL after a minute.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()

    def bind() -> None:
        die_with_parent(parent=parent)

    child = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**_QUIET_WAITING, **os.environ, **(environment or {}), _PARENT: str(parent)},
        preexec_fn=bind,  # noqa: PLW1509
    )
    tail: deque[str] = deque(maxlen=tail_lines)
    try:
        assert child.stdout is not None
        with _signals_passed_to(child), log.open("ab", buffering=0) as kept:
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


@contextmanager
def _signals_passed_to(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass the signals that ask for an end on to the child. Only a main thread can; elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: child.terminate()) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
