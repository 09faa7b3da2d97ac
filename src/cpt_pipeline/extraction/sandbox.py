"""A child process for parsers of hostile files: it is killed at a limit, and the next call has a new one.

The child is a plain `python -c` (so a daemonic worker may have one), holds no heavy state of its parent, and serves
call after call over two pipes. A file can cost its own record, never the worker. What a call gives must not depend on
the calls before it: a child that ran out of memory or crashed after earlier calls is replaced and asked once more.

It limits time and memory. It does not take away the rights of the process: the child may read and write files.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO, Literal, Self, TypeVar

from cpt_pipeline.core.process import die_with_parent

T = TypeVar("T")

Reason = Literal["parser_timeout", "parser_memory", "parser_crash"]

_SECONDS_TO_IMPORT = 120.0
_PATIENCE = 6.0
"""A call that sleeps, or gets no processor on a busy machine, may last this many times its `seconds` on the wall."""
_LENGTH = struct.Struct("<Q")
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from cpt_pipeline.extraction.sandbox import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)


class SandboxError(Exception):
    """A call did not end by itself; `reason` is fit for an exclusion, `detail` says what was seen."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


class Sandbox:
    """Run functions in a child process that is killed after `seconds` or at `memory_bytes` and then started anew.

    `seconds` is processor time of the child, so that a busy machine does not change what is excluded; on the wall a
    call ends after six times as much. `memory_bytes` limits address space (`RLIMIT_AS`), which includes the
    interpreter and the libraries, about 100 to 300 MB. The child starts with the first call. A sandbox may be
    pickled and may cross a fork: each process gets its own child. Not for use by two threads at once, and the
    thread of the first call must outlive the calls, for Linux ends the child with it.
    """

    def __init__(self, *, seconds: float = 5.0, memory_bytes: int = 1 << 30) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._child: _Child | None = None

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Give what `function` gives; an exception of its own comes back as it is.

        `function` is a module's own, arguments and result can be pickled. Raises `SandboxError`. The import of the
        function's module is not counted, an import inside the function is.
        """
        child = self._running()
        is_fresh = child.num_calls == 0
        try:
            answer = self._exchange(child, function, args, kwargs)
        except SandboxError as error:
            if is_fresh or error.reason == "parser_timeout":
                raise
            answer = self._exchange(self._running(), function, args, kwargs)
        kind, value = answer
        if kind == "raised":
            raise value
        result: T = value
        return result

    def close(self) -> None:
        """End the child; a later call starts another."""
        child, self._child = self._child, None
        if child is not None and child.owner == os.getpid():
            child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_child": None}

    def _running(self) -> _Child:
        child = self._child
        if child is None or child.owner != os.getpid() or not child.is_alive():
            self.close()
            child = self._child = _Child(self._memory_bytes)
        return child

    def _exchange(self, child: _Child, function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[str, Any]:
        try:
            if function not in child.loaded:
                child.ask((_loaded, (function.__module__,), {}), _SECONDS_TO_IMPORT, self._memory_bytes)
                child.loaded.add(function)
            child.num_calls += 1
            kind, value = child.ask((function, args, kwargs), self._seconds, self._memory_bytes)
            if kind == "failed":
                raise SandboxError(*value)
        except BaseException:  # an interrupted exchange leaves half an answer in the pipe
            self.close()
            raise
        return kind, value


def _loaded(module: str) -> None:
    """Import a module, so that its time is not that of the first file."""
    __import__(module)


class _Child:
    """One child process and what it has done."""

    def __init__(self, memory_bytes: int) -> None:
        self.owner = os.getpid()
        self.num_calls = 0
        self.loaded: set[Callable[..., Any]] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps(sys.path), str(self.owner), str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._requests.close()
        self._answers.close()

    def ask(self, request: Any, seconds: float, max_bytes: int) -> tuple[str, Any]:
        """Send a request and wait for its answer: ("gave" | "raised" | "failed", value)."""
        payload = pickle.dumps(request, protocol=5)
        deadline = _Deadline(self._process.pid, seconds)
        try:
            _write(self._requests, payload)
            (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
            if length > max_bytes:
                raise SandboxError("parser_memory", f"an answer of {length:,} bytes")
            answer: tuple[str, Any] = pickle.loads(self._read(length, deadline))
        except (BrokenPipeError, EOFError):
            raise SandboxError("parser_crash", self._ending()) from None
        return answer

    def _ending(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"the parser ended with {code}"
        # Its peak memory would tell, but Linux counts that of the parent before the exec in.
        return f"the parser ended with {signal.Signals(-code).name}; a C library without memory may end so, too"

    def _read(self, num_bytes: int, deadline: _Deadline) -> bytes:
        held = bytearray()
        while len(held) < num_bytes:
            if not self._poll.poll(deadline.milliseconds_to_wait()):
                if deadline.is_over():
                    raise SandboxError("parser_timeout", f"no result after {deadline.seconds:g} s")
                continue
            piece = os.read(self._answers.fileno(), min(num_bytes - len(held), 1 << 20))
            if not piece:
                raise EOFError
            held += piece
        return bytes(held)


class _Deadline:
    """The end of one call: so much processor time of a process, or six times as much on the wall."""

    def __init__(self, pid: int, seconds: float) -> None:
        self.seconds = seconds
        self._clock = (~pid << 3) | 2 if sys.platform == "linux" else None
        """The kernel's number for the processor time of a process, clock_getcpuclockid(3)."""
        self._wall = time.monotonic()
        self._used = self._processor()

    def milliseconds_to_wait(self) -> float:
        """Time in which the call cannot end, of the least 1 ms."""
        left = min(self.seconds - self._processor() + self._used, self._wall_left())
        return max(left * 1000.0, 1.0)

    def is_over(self) -> bool:
        return self._wall_left() <= 0 or self._processor() - self._used >= self.seconds

    def _wall_left(self) -> float:
        patience = _PATIENCE if self._clock is not None else 1.0
        return self._wall + patience * self.seconds - time.monotonic()

    def _processor(self) -> float:
        if self._clock is None:
            return 0.0
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # the process has ended; its pipe says so
            return 0.0


def serve(parent: int, memory_bytes: int) -> None:
    """Answer requests from standard input until it closes: the life of the child."""
    die_with_parent(parent=parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's to answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    quiet = os.open(os.devnull, os.O_RDWR)  # parsers may print; that must not be taken for an answer
    for descriptor in (0, 1):
        os.dup2(quiet, descriptor)
    while header := requests.read(_LENGTH.size):
        _write(answers, _answer(requests.read(*_LENGTH.unpack(header))))


def _answer(payload: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(payload)
        return pickle.dumps(("gave", function(*args, **kwargs)), protocol=5)
    except MemoryError:
        failed = ("parser_memory", "out of memory")
    except Exception as error:
        try:
            raised = pickle.dumps(("raised", error), protocol=5)
            pickle.loads(raised)
        except Exception:
            failed = ("parser_crash", f"{type(error).__name__}: {error}")
        else:
            return raised
    except BaseException as error:
        failed = ("parser_crash", repr(error))
    return pickle.dumps(("failed", failed), protocol=5)


def _write(pipe: BinaryIO | Any, payload: bytes) -> None:
    pipe.write(_LENGTH.pack(len(payload)))
    rest = memoryview(payload)
    while rest:  # a raw pipe may take a part
        rest = rest[pipe.write(rest) :]
