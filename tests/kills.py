"""Kills at a chosen operation on files: every one of them in turn."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def killed_at(place: Path, number: int, act: Callable[[], object]) -> bool:
    """Run `act` in a process that kills itself at its n-th operation on files below `place`; say whether it did."""
    pid = os.fork()
    if pid == 0:
        counts = iter(range(number))

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            touches = event.startswith(("open", "os.", "shutil."))
            if touches and any(str(each).startswith(str(place)) for each in arguments) and next(counts, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
