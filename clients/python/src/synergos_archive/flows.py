"""What can be done with the records of one type, without the doing: written once for the sync and the asyncio client."""
from __future__ import annotations

from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from synergos_archive import v1
from synergos_archive.calls import Call, Flow, calling
from synergos_archive.connection import ARCHIVE_SERVICE
from synergos_archive.errors import ResponseTooLargeError
from synergos_archive.messages import listed, message_from
from synergos_archive.record_types import RECORD_TYPES, RecordType


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


def archive_call(method: str, request: Any) -> Call:
    """A call of ArchiveService."""
    return Call(ARCHIVE_SERVICE, method, request, getattr(v1, method + "Response"), method.startswith(("Stream", "Watch")))


def stream_call(key: Any, relation_types: Iterable[Any], include_root: bool) -> Call:
    """The call that streams all records under a key."""
    request = v1.StreamDescendantsRequest(relation_types=numbers(relation_types), include_root=include_root)
    if key is not None:
        request.key.CopyFrom(tagged(v1.ArchiveKey, key))
    return archive_call("StreamDescendants", request)


def counting(key: Any, patience: float) -> Flow[Dict[str, int]]:
    """Counts the records of a key and under it, by the names of their types."""
    request = v1.CountDescendantsRequest(key=None if key is None else tagged(v1.ArchiveKey, key))
    return counts_by_name((yield from calling(archive_call("CountDescendants", request), patience)).counts)


def counts_by_name(counts: Iterable[Any]) -> Dict[str, int]:
    """How many records there are, by the name of their type."""
    names = {record_type.number: name for name, record_type in RECORD_TYPES.items()}
    return {names[each.record_type]: each.count for each in counts}


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


def numbers(record_types: Iterable[Any], argument: str = "relation_types") -> List[Any]:
    """Record types as their numbers; each may be a number, or a name such as "Run"."""
    return [
        RECORD_TYPES[each].number if isinstance(each, str) else each
        for each in listed(record_types, (argument,))
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
        record = response.record if response.HasField("record") else None
        return Deleted(record, counts_by_name(response.deleted))

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
