"""The errors a user can cause, each saying what is wrong, where it came from and what to do.

Everything here descends from `CptError`; anything else that escapes is a fault of ours.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable

GOES_ON = (
    "The same command goes on where this one stopped; with --only-missing-outputs it passes over the stages that ended."
)
"""The last words of what was stopped."""


class CptError(Exception):
    """A fault the user can repair. `exit_code` is what a command ends with."""

    exit_code = 2


class ParameterError(CptError):
    """One or more parameters are wrong or unknown; the message lists all of them."""


class SourceError(CptError):
    """A source of text is missing, unreadable, empty, or carries no licence."""


class NothingLeftError(CptError):
    """A stage would publish no text at all."""


class ArtifactError(CptError):
    """A directory is not a finished artifact, or its bytes differ from its manifest."""


class ModelNotFoundError(CptError):
    """The base model is at neither the folder nor the hub name that conf gives."""


class UnfitModelError(CptError):
    """A model's files lack weights, hold others than its configuration describes, or ask for code from elsewhere."""


class DiskSpaceError(CptError):
    """The disk has less room than the next write needs."""

    exit_code = 75


class FileAccessError(CptError):
    """A file or folder may not be read or written: a read-only disk, or the permissions of another user."""


class StoppedBySignalError(CptError):
    """A signal asked for an end while a child ran; the same command goes on where this one stopped."""

    exit_code = 75


class TasksFailedError(CptError):
    """Tasks of a data stage did not finish; those that did are kept, and the same command goes on with the rest."""

    exit_code = 75


class EndpointError(CptError):
    """An LLM endpoint is not there, refuses the key, or does not know the model; answers that came are kept."""


class OtherCodeError(CptError):
    """Unfinished work was made by other code than is here now."""


class WorkspaceBusyError(CptError):
    """Another process is writing in the same workspace."""


class NotPermittedError(CptError):
    """The plan exceeds the budget, so the stage may not start."""

    exit_code = 3


class TrainingFailedError(CptError):
    """The training worker ended without a model; carries its last lines."""

    exit_code = 4


class TrainingInterruptedError(CptError):
    """The training worker stopped at a signal or a limit and can go on from its checkpoint."""

    exit_code = 75


def raise_all(error: type[CptError], heading: str, problems: Iterable[str]) -> None:
    """Raise one `error` that lists every problem, or return when there is none."""
    listed = list(problems)
    if listed:
        raise error("\n".join([heading, *(f"  - {problem}" for problem in listed)]))


_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_FULL_WORDS = re.compile(r"No space left on device|os error 28\b|\d+ requested and \d+ written|disk is full")
"""How safetensors, numpy and SQLite tell a full disk without its number."""
_FORBIDDEN = frozenset((errno.EROFS, errno.EACCES, errno.EPERM))


def find_fault(error: BaseException | None) -> CptError | None:
    """Return the fault that a user can repair in a chain of causes, or None when there is only one of ours.

    A full disk and a path without permission are such faults, whichever library met them first.
    """
    while error is not None:
        if isinstance(error, CptError):
            return error
        if (fault := _fault_of_the_disk(error)) is not None:
            return fault
        error = error.__cause__ or error.__context__
    return None


def _fault_of_the_disk(error: BaseException) -> CptError | None:
    number = getattr(error, "errno", None) if isinstance(error, OSError) else None
    place = str(getattr(error, "filename", None) or "a file")
    if number in _FULL or _FULL_WORDS.search(str(error)):
        return DiskSpaceError(
            f"The disk is full or a quota is reached: {place} could not be written ({error}). "
            "Free some space and run the same command again; finished work is kept."
        )
    if number in _FORBIDDEN and isinstance(error, OSError) and error.filename is not None:
        return FileAccessError(
            f"{place}: {error.strerror}. Change its owner or permissions; a data root that can be written is given "
            "with --data-root, or as data_root in conf/<environment>/globals.yml."
        )
    return None
