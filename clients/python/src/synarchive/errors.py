"""What the records' methods raise."""
from __future__ import annotations

import reprlib
from collections import deque
from typing import Any, Optional, Sequence

from synergos_archive import (
    ArchiveError,
    ArchiveUnavailableError,
    ConflictError,
    DeadlineExceededError,
    OutcomeUnknownError,
    ParentNotFoundError,
    PermanentError,
    TransientError,
)
from synergos_archive.messages import path as path_text

try:
    from jsonschema.exceptions import ValidationError
except ImportError:

    class ValidationError(Exception):  # type: ignore[no-redef]
        """Details that the archive does not take. Compatible with jsonschema's, which is used where it is installed."""

        def __init__(
            self,
            message: str,
            validator: Optional[str] = None,
            path: Sequence[Any] = (),
            cause: Optional[Exception] = None,
        ):
            super().__init__(message, validator, path, cause)
            self.message = message
            self.validator = validator
            self.path = self.relative_path = self.absolute_path = deque(path)
            self.cause = cause

        def __str__(self) -> str:
            return self.message


__all__ = [
    "ArchiveError",
    "ArchiveUnavailableError",
    "ConflictError",
    "DeadlineExceededError",
    "OutcomeUnknownError",
    "ParentNotFoundError",
    "PermanentError",
    "TransientError",
    "ValidationError",
    "shown",
    "validation_error",
]

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80


def shown(value: Any) -> str:
    """A value as messages show it: of what is large or deep, a part."""
    return _repr.repr(value)


def validation_error(at: Sequence[Any], problem: str) -> ValidationError:
    """The error of a value at a path in a payload."""
    return ValidationError("%s: %s" % (path_text(tuple(at)), problem), path=at)


def refused(error: ArchiveError) -> ValidationError:
    """What the server refused, as the error that components expect; the first of all violations is its path."""
    first = error.violations[0].subject if error.violations else ""
    path = [step for step in first.split(".") if step != "details"]
    return ValidationError(error.message, path=path, cause=error)
