"""Changes: what a watch tells, how it goes on by itself, and their lists. Without the calls, which both clients make."""
from __future__ import annotations

import random
import time
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional

import grpc

from synergos_archive import v1
from synergos_archive.calls import Call, Flow, backoff, calling, is_exhausted
from synergos_archive.connection import Connection
from synergos_archive.errors import (
    ArchiveError,
    ArchiveUnavailableError,
    ChangesGoneError,
    UnauthenticatedError,
    wrong_argument,
)
from synergos_archive.flows import archive_call, numbers, tagged, untagged
from synergos_archive.messages import message_from

#: What ends a watch, or keeps it from going on, for a while only.
_PASSING = ("OVERLOADED", "RATE_LIMITED", "TOO_MANY_WATCHES", "WATCH_TOO_SLOW")


class WatchEvent(NamedTuple):
    """
    What a watch tells. By its type:

    existing: a record that was there already.
    existing_complete: all of those have been told; a bookmark follows.
    change: what was done to a record, with the record as it is in view BASIC, None where it is gone.
    bookmark: nothing before is missing, up to a revision; another watch may go on from here by the resume_token.
    restarted: what was told before does not count any more, for the reason of the error: forget it. All records that
        there are follow, as existing ones.
    """

    type: str
    record: Any = None
    change: Optional[v1.Change] = None
    resume_token: str = ""
    revision: int = 0
    error: Optional[ArchiveError] = None


class Watch:
    """A watch over all its attempts: it knows from where to go on, and whether to."""

    def __init__(
        self,
        connection: Connection,
        key: Any,
        record_types: Iterable[Any],
        resume_token: Optional[str],
        after_revision: Optional[int],
        include_existing: bool,
    ):
        if after_revision is not None and (resume_token is not None or include_existing):
            raise wrong_argument("after_revision", "must not be given along with resume_token or include_existing")
        self._connection = connection
        self._request = v1.WatchRequest(record_types=numbers(record_types, "record_types"))
        if key is not None:
            self._request.key.CopyFrom(tagged(v1.ArchiveKey, key))
        if resume_token is not None:
            self._request.resume_token = resume_token
        elif after_revision is not None:
            self._request.after_revision = after_revision
        elif include_existing:
            self._request.include_existing = True
        self._began = time.monotonic()
        self._attempt = 0
        self._is_begun = False
        self._is_answered = False
        #: Of existing records there is no part to go on from: what was told before an interruption is told again.
        self._is_within_existing = False
        self._is_complete = True

    def next_call(self) -> Call:
        """The call of the next attempt."""
        self._attempt += 1
        self._is_answered = False
        self._is_within_existing = False
        self._is_complete = self._request.WhichOneof("start") != "include_existing"
        request = v1.WatchRequest()
        request.CopyFrom(self._request)
        return archive_call("Watch", request)

    def events(self, response: v1.WatchResponse) -> Iterator[WatchEvent]:
        """What a message tells."""
        self._is_begun = self._is_answered = True
        is_now_complete = response.existing_complete and not self._is_complete
        self._is_complete = self._is_complete or is_now_complete
        self._is_within_existing = not self._is_complete and (self._is_within_existing or bool(response.existing))
        if response.resume_token:
            self._request.resume_token = response.resume_token
        for holder in response.existing:
            yield WatchEvent("existing", untagged(holder))
        if is_now_complete:
            yield WatchEvent("existing_complete")
        for change in response.changes:
            yield WatchEvent("change", untagged(change.record) if change.HasField("record") else None, change)
        if response.resume_token:
            yield WatchEvent("bookmark", resume_token=response.resume_token, revision=response.revision)

    def interrupted(self, error: ArchiveError) -> List[WatchEvent]:
        """What to tell of an attempt's end before the next one. The error, where there is to be none."""
        if self._is_answered:
            self._attempt = 1
        if isinstance(error, ChangesGoneError):
            self._request.include_existing = True
            return [WatchEvent("restarted", error=error)]
        if not self._may_go_on(error):
            raise error
        return [WatchEvent("restarted", error=error)] if self._is_within_existing else []

    def _may_go_on(self, error: ArchiveError) -> bool:
        if isinstance(error, UnauthenticatedError):
            # The token has expired, and there is a way to another one.
            return self._is_answered and self._connection.brings_tokens
        # That the archive was not closed here, the clients have seen to: a proxy or a server cancelled the stream.
        is_cancelled = error.code is grpc.StatusCode.CANCELLED and not error.reason
        if not (isinstance(error, ArchiveUnavailableError) or error.reason in _PASSING or is_cancelled):
            return False
        return self._is_begun or not is_exhausted(self._connection.patience, self._began)

    def pause(self, error: ArchiveError) -> float:
        """How many seconds to wait before the next attempt."""
        if error.reason in _PASSING:
            return random.uniform(0.5, 1) * min(4, 0.5 * 2 ** min(self._attempt - 1, 10))
        return backoff(self._attempt).seconds


def ended_error() -> ArchiveError:
    """The error of a watch that its server ended without one, as at its stop."""
    return ArchiveUnavailableError(grpc.StatusCode.UNAVAILABLE, "The archive ended the watch.")


class ChangeListing:
    """All changes that a request asks for, page after page."""

    def __init__(self, connection: Connection, key: Any, record_types: Iterable[Any], **fields: Any):
        self.ended = False
        self._patience = connection.patience
        self._request = message_from(v1.ListChangesRequest, fields)
        self._request.record_types.extend(numbers(record_types, "record_types"))
        if key is not None:
            self._request.key.CopyFrom(tagged(v1.ArchiveKey, key))

    def next(self) -> Flow[List[v1.Change]]:
        """The next changes, maybe none; sets `ended` after the last."""
        page = yield from calling(archive_call("ListChanges", self._request), self._patience)
        self._request.page_token = page.next_page_token
        self.ended = not page.next_page_token
        return list(page.changes)
