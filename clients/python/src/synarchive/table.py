"""The records of one type in an archive, as components know them."""
from __future__ import annotations

import datetime
import itertools
import time
from typing import Any, Dict, List, Mapping, Optional

from google.protobuf.timestamp_pb2 import Timestamp

from synarchive.decoding import arranged, decode
from synarchive.document import Document
from synarchive.encoding import check_ids, encode
from synarchive.errors import ValidationError, shown, validation_error
from synarchive.refusals import ImpossibleError, absences, check_unicode, refusals
from synergos_archive import (
    Archive,
    EtagMismatchError,
    OutcomeUnknownError,
    RecordExistsError,
    RecordNotFoundError,
    ResponseTooLargeError,
    v1,
)
from synergos_archive.calls import backoff
from synergos_archive.record_types import RECORD_TYPES, RecordType

#: What read and read_all add to a registration.
_PARENTS_SHOWN = {"Registration": ("collaboration", "project", "participant")}

#: How often what became of a create is looked up, where one answer after the other gets lost.
_MAX_LOST = 10


class Table:
    """
    The records of one type. ValidationError where the archive does not take ids or details; ParentNotFoundError, naming
    it, where a record above is missing; TransientError where trying again may help.
    """

    def __init__(self, archive: Archive, record_type: RecordType):
        self._type = record_type
        self._records: Any = getattr(archive, record_type.field)
        self._beside = {"key", "created_at", "relations", *_PARENTS_SHOWN.get(record_type.name, ())}
        if record_type.link:
            self._beside.add("link")

    def create(self, key: Any, details: Any) -> Document:
        """Creates a record, or replaces the details of the one there is; returns it."""
        own = self._own("details", details)
        self._check_key(key)
        check_ids(self._type, key, own)
        message = encode(self._type, key, own, is_new=True)
        with refusals():
            try:
                record = self._records.upsert(key, message)
            except OutcomeUnknownError as error:
                record = self._settled(key, message, error)
        return _document(self._type, record, own)

    def read(self, key: Any) -> Optional[Document]:
        """Returns a record with its relations; None where there is none."""
        with absences():
            return self._whole(self._records.get(self._possible(key), v1.VIEW_FULL), with_parents=True)
        return None

    def read_all(self, filter: Mapping[str, Any], part: str = "key") -> List[Document]:
        """
        Returns all records that match, with their relations, in the order in which they were created. A filter of ids of
        the key is matched by the server. Any other matches a record if all of it is in that part of the record, in its
        key, in its link, or in its own fields.
        """
        if all(name in self._type.key and isinstance(value, str) for name, value in filter.items()):
            found = []
            with absences():
                check_unicode(filter)
                found = [
                    self._whole(record, with_parents=True)
                    for record in self._records.list(filter=filter, view=v1.VIEW_FULL)
                ]
            return _by_creation(found)
        keys = [each["key"] for each in self.bare() if _matches(each, filter, part)]
        return [document for document in map(self.read, keys) if document is not None]

    def bare(self) -> List[Document]:
        """Returns all records without their relations, in the order in which they were created."""
        return _by_creation([self._document(record) for record in self._records.list()])

    def update(self, key: Any, updates: Any) -> Optional[Document]:
        """
        Replaces those of the details that updates names; returns the record, None where there is none. What others update
        at the same time is kept.
        """
        changes = self._own("updates", updates)
        assert not (self._type.link and "link" in updates), "The link of a %s cannot be changed" % self._type.name
        with absences():
            ids = self._possible(key)
            check_ids(self._type, ids, changes)
            for attempt in itertools.count(1):
                current = self._records.get(ids, v1.VIEW_BASIC)
                details = encode(self._type, ids, {**decode(self._type, current), **changes}, is_new=False)
                _keep_times(current.details, details, changes)
                try:
                    return self._document(self._records.update(ids, details, etag=current.etag))
                except EtagMismatchError:
                    time.sleep(backoff(attempt).seconds)
                except OutcomeUnknownError as error:
                    record = self._records.get(ids, v1.VIEW_BASIC)
                    if not _are_same(record.details, details):
                        raise error
                    return self._document(record)
        return None

    def delete(self, key: Any) -> Optional[Document]:
        """Deletes a record and all its relations; returns them; None where there is none."""
        with absences():
            ids = self._possible(key)
            try:
                return self._whole(self._records.delete(ids, view=v1.VIEW_FULL).record)
            except ResponseTooLargeError:
                return self._whole(self._delete_large(ids))
        return None

    def _delete_large(self, key: Mapping[str, Any]) -> Any:
        """Deletes what is too large to be returned: it is read by a stream, then deleted if it is still what was read."""
        for attempt in itertools.count(1):
            record = self._records.get(key, v1.VIEW_FULL)
            try:
                self._records.delete(key, etag=record.etag)
                return record
            except EtagMismatchError:
                time.sleep(backoff(attempt).seconds)

    def _settled(self, key: Mapping[str, Any], details: Any, error: OutcomeUnknownError) -> Any:
        """
        The record that a create whose answer got lost should have left. It is created if it is not there, but never
        replaced: what stands there then may be another's, newer than what was sent.
        """
        for _ in range(_MAX_LOST):
            try:
                record = self._records.get(key, v1.VIEW_BASIC)
                if _are_same(record.details, details):
                    return record
                break
            except RecordNotFoundError:
                pass
            try:
                return self._records.create(key, details)
            except (OutcomeUnknownError, RecordExistsError):
                pass
        raise error

    def _check_key(self, key: Any) -> None:
        """ValidationError for what is no key of this type; what the ids may be, the server knows."""
        if not isinstance(key, Mapping):
            raise validation_error(("key",), "must be a dict, not %s" % shown(key))
        for name in {*self._type.key, *key}:
            if name not in self._type.key:
                raise validation_error((name,), "is not an id of a %s" % self._type.name)
            if not isinstance(key.get(name), str):
                raise validation_error((name,), "must be a string, not %s" % shown(key.get(name)))
        try:
            check_unicode(key)
        except ImpossibleError:
            raise validation_error(self._type.key, "must be valid Unicode") from None

    def _possible(self, key: Any) -> Any:
        """A key that some record may have."""
        try:
            self._check_key(key)
        except ValidationError as error:
            raise ImpossibleError() from error
        return key

    def _own(self, name: str, details: Any) -> Dict[Any, Any]:
        """Details without what a record holds beside them, so that a record that was read can be given as details."""
        if not isinstance(details, Mapping):
            raise validation_error((name,), "must be a dict, not %s" % shown(details))
        return {name: value for name, value in details.items() if name not in self._beside}

    def _whole(self, record: Any, with_parents: bool = False) -> Document:
        """A record with its relations."""
        document = self._document(record)
        document["relations"] = {
            relation.name: _by_creation(
                [_document(relation, each) for each in getattr(record.relations, relation.plural)]
            )
            for relation in self._type.relations
        }
        for name in _PARENTS_SHOWN.get(self._type.name, ()) if with_parents else ():
            parent = getattr(record.ancestors, name)
            document[name] = _document(RECORD_TYPES[parent.DESCRIPTOR.name], parent)
        return document

    def _document(self, record: Any) -> Document:
        return _document(self._type, record)


def _document(record_type: RecordType, record: Any, given: Any = None) -> Document:
    """
    A record without relations; its details in the order in which they were given, where that is known. The archive does
    not keep it: what it holds comes in the order of the fields of its messages, and by name where there are none.
    """
    key = {name: getattr(record.key, name) for name in record_type.key}
    fields = {"key": key, **arranged(decode(record_type, record), given)}
    fields["key"] = key  # Whatever attributes another client wrote.
    if record_type.link:
        fields["link"] = {name: getattr(record.link, name) for name in record_type.link}
    fields["created_at"] = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=record.created_at.seconds)
    return Document(fields, record.record_id)


def _by_creation(documents: List[Document]) -> List[Document]:
    """The server lists by keys; programs know the order of creation: the first registration is the first worker."""
    return sorted(documents, key=lambda document: document.doc_id)


def _matches(document: Document, wanted: Mapping[str, Any], part: str) -> bool:
    return any(
        all(name in fields and fields[name] == value for name, value in wanted.items())
        for fields in (document["key"], document.get("link", {}), document[part], document)
    )


def _keep_times(before: Any, after: Any, changes: Mapping[str, Any]) -> None:
    """Keeps times that are not changed to the nanosecond, which Python's do not hold."""
    for field, value in before.ListFields():
        if isinstance(value, Timestamp) and field.name not in changes:
            getattr(after, field.name).CopyFrom(value)


def _are_same(one: Any, other: Any) -> bool:
    """Whether messages are equal; NaN is NaN."""
    return one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)
