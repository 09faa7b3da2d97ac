"""Child processes that never outlive us: the door through which all work with torch is started.

The parent imports no torch; a worker is `python -m <module> <job.json>` and talks through files and its
exit code. On Linux the kernel kills the child when its parent dies, however the parent dies.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cpt_pipeline.core.errors import GOES_ON, StoppedBySignalError
from cpt_pipeline.core.redaction import redact_text

_PR_SET_PDEATHSIG = 1
_ORPHANED = 75
_LAUNCHER = "CPT_LAUNCHER_PID"
_RESUMABLE = 75
_SECONDS_TO_STOP = 60.0
SECONDS_OF_ONE_REQUEST = 2.0
"""Ctrl-C can reach us twice, from the terminal and from the process that started us: that is one request."""
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
_QUIET_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait in a spin make two of them slower than one on a shared machine (635 tokens/s against 2,362)."""


def die_with_parent(sig: int = signal.SIGKILL, parent: int | None = None) -> None:
    """Ask the kernel to send `sig` to this process when its parent thread ends. Linux only, silent elsewhere.

    The kernel says nothing of a parent that is dead already, so this process then ends at once, with 75, when its
    parent is not the process `parent`.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, sig)
        if parent is not None and os.getppid() != parent:
            os._exit(_ORPHANED)


def noting_itself(command: Sequence[str]) -> list[str]:
    """Return the command of a launcher so that the processes it starts can tell whether it is still there.

    The shell becomes the launcher, whose pid is then in the environment of its children: `die_with_launcher`.
    """
    return ["/bin/sh", "-c", f'{_LAUNCHER}=$$ exec "$0" "$@"', *command]


def die_with_launcher() -> None:
    """Bind a rank to the launcher that started it; with 75 at once when that is dead already.

    Called before the first import that takes seconds: until then a death goes unnoticed. Without a note of
    `noting_itself`, as under srun or when typed by hand, the rank is bound to whatever its parent is now.
    """
    noted = os.environ.pop(_LAUNCHER, None)
    die_with_parent(parent=int(noted) if noted else None)


def die_with_one_of(pids: Collection[int]) -> None:
    """Bind this process to its parent; with 75 at once when no ancestor is one of `pids`. Linux only."""
    die_with_parent()
    if sys.platform == "linux" and not set(pids) & set(_ancestors()):
        os._exit(_ORPHANED)


def _ancestors() -> Iterator[int]:
    pid = os.getppid()
    while pid:
        yield pid
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:  # it ends now
            return
        pid = int(stat.rpartition(")")[2].split()[1])  # the program's name before, in brackets, may hold anything


def allow_many_files() -> None:
    """Raise the limit of open files to what the system allows: a data stage maps one for each of its tasks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_child(
    arguments: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None, tail_lines: int = 30
) -> tuple[int, str]:
    """Run a command, pass its output through and keep it in `log`; return exit code and last lines.

    Standard input is closed (nothing may ask a question). The first SIGTERM, SIGINT or SIGUSR1 is passed on as
    SIGTERM, so that the child can save; then only a child that ends with 75 has its code returned, and any other
    end is a `StoppedBySignalError`. A second signal, or any error here, stops the child, with SIGKILL after a minute.
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
        env={**_QUIET_WAITING, **os.environ, **(environment or {})},
        preexec_fn=bind,  # noqa: PLW1509
    )
    tail: deque[str] = deque(maxlen=tail_lines)
    try:
        assert child.stdout is not None
        with _signals_passed_to(child) as received, log.open("ab", buffering=0) as kept:
            for raw in child.stdout:
                line = redact_text(raw.decode(errors="surrogateescape"))
                kept.write(line.encode(errors="surrogateescape"))
                line = line.encode(errors="surrogateescape").decode(errors="replace")
                tail.append(line)
                sys.stderr.write(line)
                sys.stderr.flush()
            code = child.wait()
    finally:
        stop(child)
    if received and code != _RESUMABLE:
        raise StoppedBySignalError(_stopped_at(received[0], f"the child ended with {code}"))
    return code, "".join(tail)


@contextmanager
def _signals_passed_to(child: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Pass the first signal that asks for an end on to the child, and give those that came; raise at a second one.

    Only a main thread can; elsewhere nothing changes.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    since = 0.0

    def receive(number: int, _frame: object) -> None:
        nonlocal since
        if not received:
            received.append(number)
            since = time.monotonic()
            child.terminate()
        elif time.monotonic() - since > SECONDS_OF_ONE_REQUEST:
            raise StoppedBySignalError(_stopped_at(number, "the second one: the child may not have saved"))

    before = {number: signal.signal(number, receive) for number in _ENDING}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopped_at(number: int, how: str) -> str:
    return f"stopped at {signal.Signals(number).name} ({how}). {GOES_ON}"


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


def free_port() -> int:
    """Give a TCP port that is free on this machine now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
