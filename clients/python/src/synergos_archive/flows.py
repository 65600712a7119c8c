"""
What the clients do, without the doing: generators that yield the calls and pauses that are needed and are sent their
outcomes. So everything is written once, and the sync and the asyncio client only drive it.
"""
from __future__ import annotations

import itertools
import random
import time
from typing import Any, Dict, Generator, Iterable, List, NamedTuple, Optional, Tuple, TypeVar, Union

from synergos_archive import v1
from synergos_archive.connection import ARCHIVE_SERVICE
from synergos_archive.errors import (
    ArchiveUnavailableError,
    ConflictError,
    EtagMismatchError,
    OutcomeUnknownError,
    RecordNotFoundError,
    ResponseTooLargeError,
    never_sent,
)
from synergos_archive.messages import listed, message_from
from synergos_archive.record_types import RECORD_TYPES, RecordType

Result = TypeVar("Result")

#: How often a call is made at the most that ends with CONFLICT: the server has tried several times itself.
_MAX_CONFLICTS = 5

#: How long in seconds, at the least, a server is waited for that cannot be reached.
_LEAST_PATIENCE = 2

#: The first words of the methods that change nothing.
_READS = ("Get", "List", "Stream", "Describe")


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


class Page(NamedTuple):
    """A page of a list."""

    records: List[Any]
    #: What asks for the next page; empty on the last.
    next_page_token: str
    #: The number of all records that match, if asked for.
    total_size: Optional[int]


class Deleted(NamedTuple):
    """What a delete took."""

    #: The record as it was; None where there was none.
    record: Any
    #: How many records were deleted, by the name of their type, the record itself included.
    counts: Dict[str, int]


def calling(call: Call, patience: float) -> Flow[Any]:
    """
    A call, made again where that does nothing twice: after conflicts, which left nothing behind; and as long as an absent
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


def archive_call(method: str, request: Any) -> Call:
    """A call of ArchiveService."""
    return Call(ARCHIVE_SERVICE, method, request, getattr(v1, method + "Response"), method.startswith("Stream"))


def stream_call(key: Any, relation_types: Iterable[Any], include_root: bool) -> Call:
    """The call that streams all records under a key."""
    request = v1.StreamDescendantsRequest(relation_types=numbers(relation_types), include_root=include_root)
    if key is not None:
        request.key.CopyFrom(tagged(v1.ArchiveKey, key))
    return archive_call("StreamDescendants", request)


def tagged(holder: Any, value: Any) -> Any:
    """A key or record in the message that holds one of any type."""
    for field in holder.DESCRIPTOR.fields:
        if field.message_type.full_name == value.DESCRIPTOR.full_name:
            message = holder()
            getattr(message, field.name).CopyFrom(value)
            return message
    raise TypeError("%r is not one of %s" % (value, holder.DESCRIPTOR.full_name))


def untagged(holder: Any) -> Any:
    """The record in a message that holds one of any type."""
    return getattr(holder, holder.WhichOneof("record"))


def numbers(relation_types: Iterable[Any]) -> List[Any]:
    """Record types as their numbers; each may be a number, or a name such as "Run"."""
    return [
        RECORD_TYPES[each].number if isinstance(each, str) else each
        for each in listed(relation_types, ("relation_types",))
    ]


def mask_of(paths: Optional[Iterable[str]]) -> Optional[Dict[str, List[str]]]:
    """The fields of the message that names what an update changes."""
    return None if paths is None else {"paths": list(listed(paths, ("update_mask",)))}


class RecordFlows:
    """What can be done with the records of one type."""

    def __init__(self, record_type: RecordType, patience: float):
        self.type = record_type
        self._patience = patience

    def _call(self, verb: str, **fields: Any) -> Flow[Any]:
        request = self.type.message(verb + "{}Request")(**fields)
        response = self.type.message(verb + "{}Response")
        return calling(Call(self.type.service, verb + self.type.name, request, response), self._patience)

    def key(self, key: Any) -> Any:
        return message_from(self.type.message("{}Key"), key)

    def details(self, details: Any) -> Any:
        return message_from(self.type.message("{}Details"), {} if details is None else details)

    def record(self, key: Any, details: Any) -> Any:
        return tagged(v1.ArchiveRecord, self.type.message("{}")(key=self.key(key), details=self.details(details)))

    def create(self, key: Any, details: Any, validate_only: bool) -> Flow[Any]:
        response = yield from self._call(
            "Create", key=self.key(key), details=self.details(details), validate_only=validate_only
        )
        return response.record

    def update(self, key: Any, details: Any, mask: Optional[Iterable[str]], allow_missing: bool, etag: str) -> Flow[Any]:
        response = yield from self._call(
            "Update",
            key=self.key(key),
            details=self.details(details),
            update_mask=mask_of(mask),
            allow_missing=allow_missing,
            etag=etag,
        )
        return response.record

    def delete(
        self, key: Any, etag: str, allow_missing: bool, cascade: int, validate_only: bool, view: int
    ) -> Flow[Deleted]:
        response = yield from self._call(
            "Delete",
            key=self.key(key),
            etag=etag,
            allow_missing=allow_missing,
            cascade=cascade,
            validate_only=validate_only,
            view=view,
        )
        names = {record_type.number: name for name, record_type in RECORD_TYPES.items()}
        counts = {names[each.record_type]: each.count for each in response.deleted}
        return Deleted(response.record if response.HasField("record") else None, counts)

    def get(self, key: Any, view: int, relation_types: Iterable[Any]) -> Flow[Any]:
        key = self.key(key)
        relation_types = numbers(relation_types)
        try:
            response = yield from self._call("Get", key=key, view=view, relation_types=relation_types)
            return response.record
        except ResponseTooLargeError:
            if view == v1.VIEW_BASIC:
                raise
        return (yield from self._assembled(key, relation_types))

    def _assembled(self, key: Any, relation_types: List[int]) -> Flow[Any]:
        """A record in view FULL that is too large for one message: its parents one by one, all below it by a stream."""
        records = yield from calling(stream_call(key, relation_types, include_root=True), self._patience)
        root = records[0]
        root.relations.SetInParent()
        root.ancestors.SetInParent()
        for record in records[1:]:
            getattr(root.relations, RECORD_TYPES[record.DESCRIPTOR.name].plural).append(record)
        for ancestor in self.type.ancestors:
            ids = {name: getattr(key, name) for name in ancestor.key}
            parent = yield from RecordFlows(ancestor, self._patience).get(ids, v1.VIEW_BASIC, ())
            getattr(root.ancestors, ancestor.field).CopyFrom(parent)
        return root

    def list_request(
        self, filter: Any, view: int, relation_types: Iterable[Any], page_size: int, page_token: str, with_total: bool
    ) -> Any:
        return self.type.message("List{}Request")(
            filter=message_from(self.type.message("{}Filter"), filter or {}),
            view=view,
            relation_types=numbers(relation_types),
            page_size=page_size,
            page_token=page_token,
            with_total=with_total,
        )

    def page(self, request: Any) -> Flow[Page]:
        call = Call(self.type.service, "List" + self.type.name, request, self.type.message("List{}Response"))
        response = yield from calling(call, self._patience)
        total = response.total_size if response.HasField("total_size") else None
        return Page(list(response.records), response.next_page_token, total)


class Listing:
    """All records that a list request asks for, some at a time. Where a page is too large, smaller ones are asked for."""

    def __init__(self, flows: RecordFlows, request: Any):
        self.ended = False
        self._flows = flows
        self._request = request
        self._last: Tuple[bytes, ...] = ()
        #: Where even a single record is too large with its relations: the keys, listed without, and those to come.
        self._keys: Optional[Listing] = None
        self._pending: List[Any] = []

    def next(self) -> Flow[List[Any]]:
        """The next records, maybe none; sets `ended` after the last."""
        if self._keys is None:
            try:
                return (yield from self._next_page())
            except ResponseTooLargeError:
                if self._request.view != v1.VIEW_FULL:
                    raise
                request = type(self._request)(filter=self._request.filter, view=v1.VIEW_BASIC)
                self._keys = Listing(self._flows, request)
        while not self._pending and not self._keys.ended:
            records = yield from self._keys.next()
            self._pending = [record.key for record in records if self._place(record.key) > self._last]
        self.ended = self._keys.ended and len(self._pending) <= 1
        if not self._pending:
            return []
        try:
            return [(yield from self._flows.get(self._pending.pop(0), v1.VIEW_FULL, self._request.relation_types))]
        except RecordNotFoundError:
            return []  # Deleted meanwhile.

    def _next_page(self) -> Flow[List[Any]]:
        while True:
            try:
                page = yield from self._flows.page(self._request)
                break
            except ResponseTooLargeError:
                if self._request.page_size == 1:
                    raise
                self._request.page_size = max(1, (self._request.page_size or 100) // 4)
        self._request.page_token = page.next_page_token
        self.ended = not page.next_page_token
        if page.records:
            self._last = self._place(page.records[-1].key)
        return page.records

    def _place(self, key: Any) -> Tuple[bytes, ...]:
        """The place of a key in the order of keys, which the server sorts by bytes."""
        return tuple(getattr(key, name).encode() for name in self._flows.type.key)
