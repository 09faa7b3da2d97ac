"""What a worker leaves when it ends by a fault of the user: kind, message and exit code, for its parent to raise.

A launcher (torchrun, deepspeed) replaces the worker's exit code by its own and buries its message in its own output.
The file is written by the parent at full size and overwritten in place, so a worker that met a full disk can say so.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from cpt_pipeline.core import errors
from cpt_pipeline.core.errors import CptError
from cpt_pipeline.core.redaction import redact_text

logger = logging.getLogger(__name__)

_RESERVED_BYTES = 8192
_LONGEST_MESSAGE = 1500
"""Characters; in UTF-8 and escaped they fit into what is reserved."""


def await_last_words(path: Path) -> None:
    """Reserve the file before the worker starts; what another worker left is gone."""
    path.write_bytes(b" " * _RESERVED_BYTES)


def leave_last_words(path: Path, error: CptError) -> int:
    """Write what ended this process to `path` and to the log; return its exit code."""
    message = redact_text(str(error))
    logger.error("%s", message)
    words = {"kind": type(error).__name__, "message": message[:_LONGEST_MESSAGE], "code": error.exit_code}
    _overwrite(path, words)
    return error.exit_code


def leave_code(path: Path, code: int) -> None:
    """Write the exit code of a worker that ended as it should, or was stopped; keep the words of another rank."""
    if not _read(path):
        _overwrite(path, {"code": code})


def read_code(path: Path) -> int | None:
    """Return the exit code that a worker left, or None."""
    code: int | None = _read(path).get("code")
    return code


def read_last_words(path: Path) -> CptError | None:
    """Return the error that a worker left, as one of `core.errors` with its exit code; None when it left none."""
    words = _read(path)
    if not {"kind", "message"} <= set(words):
        return None
    error: CptError = getattr(errors, words["kind"], CptError)(words["message"])
    error.exit_code = words["code"]
    return error


def _overwrite(path: Path, words: dict[str, Any]) -> None:
    """Write at once and in place: ranks that end together do not mix their words."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, json.dumps(words, ensure_ascii=False).encode().ljust(_RESERVED_BYTES), 0)
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, Any]:
    """Return the words; of a worker that was cut short in them there are none, and its exit code speaks."""
    text = path.read_bytes().strip() if path.is_file() else b""
    try:
        words = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        logger.warning("%s is damaged, so what ended the worker is not known from it", path)
        return {}
    return words if isinstance(words, dict) and isinstance(words.get("code"), int) else {}
