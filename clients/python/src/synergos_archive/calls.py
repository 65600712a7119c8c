"""
Calls, and when they are made again. What the clients do is written as generators that yield the calls and pauses that are
needed and are sent their outcomes; the sync and the asyncio client only drive them.
"""
from __future__ import annotations

import itertools
import random
import time
from typing import Any, Generator, NamedTuple, Optional, TypeVar, Union

from synergos_archive.errors import (
    ArchiveUnavailableError,
    ConflictError,
    EtagMismatchError,
    OutcomeUnknownError,
    OverloadedError,
    RecordNotFoundError,
    never_sent,
)

Result = TypeVar("Result")

#: How often a call is made at the most that ends with CONFLICT: the server has tried several times itself.
_MAX_CONFLICTS = 5

#: How long in seconds, at the least, a server is waited for that cannot be reached.
_LEAST_PATIENCE = 2

#: The first words of the methods that change nothing.
_READS = ("Get", "List", "Stream", "Count", "Describe", "WhoAmI", "Watch")


class Call(NamedTuple):
    """A call to make. Of a streaming one the outcome is the list of all records."""

    service: str
    method: str
    request: Any
    response: Any
    streaming: bool = False

    @property
    def path(self) -> str:
        return "/%s/%s" % (self.service, self.method)

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing, however often it is made."""
        return self.method.startswith(_READS) or bool(getattr(self.request, "validate_only", False))

    @property
    def is_pinned(self) -> bool:
        """Whether it changes only the very state of a record that its etag names, so at most once."""
        return bool(getattr(self.request, "etag", ""))


class Pause(NamedTuple):
    """A time to wait."""

    seconds: float


Flow = Generator[Union[Call, Pause], Any, Result]


def calling(call: Call, patience: float) -> Flow[Any]:
    """
    A call, made again where that does nothing twice: after conflicts, and where the server had too much to do, which left
    nothing behind; and as long as an absent
    server is waited for, if it is a read, if it was never sent, or if it is pinned by an etag. Of other writes whose
    answer got lost the outcome is unknown.
    """
    began = time.monotonic()
    lost: Optional[ArchiveUnavailableError] = None
    for attempt in itertools.count(1):
        try:
            return (yield call)
        except ConflictError:
            if attempt >= _MAX_CONFLICTS:
                raise
        except OverloadedError:
            if is_exhausted(patience, began):
                raise
            yield Pause(random.uniform(0.5, 1) * min(4, 0.5 * 2 ** min(attempt - 1, 10)))
            continue
        except ArchiveUnavailableError as error:
            is_over = is_exhausted(patience, began)
            if not (call.is_read or never_sent(error)):
                lost = error
            if lost and (is_over or not call.is_pinned):
                raise _outcome_unknown(call, lost) from error
            if is_over:
                raise
        except (EtagMismatchError, RecordNotFoundError) as error:
            if lost:  # By the first attempt, or by another: nobody can tell.
                raise _outcome_unknown(call, lost) from error
            raise
        yield backoff(attempt)


def is_exhausted(patience: float, began: float) -> bool:
    """Whether a server has been waited for long enough, since a time of the monotonic clock."""
    return time.monotonic() - began >= max(patience, _LEAST_PATIENCE)


def _outcome_unknown(call: Call, lost: ArchiveUnavailableError) -> OutcomeUnknownError:
    text = "The answer to %s got lost, so whether it was done is not known. Read before you send it again. (%s)"
    message = text % (call.method, lost.message)
    return OutcomeUnknownError(lost.code, message, lost.reason, lost.metadata, lost.violations, lost.request_id)


def backoff(attempt: int) -> Pause:
    """The pause after an attempt: longer each time, and never the same for two that collided."""
    return Pause(random.uniform(0.5, 1) * min(1, 0.02 * 2 ** min(attempt, 10)))
