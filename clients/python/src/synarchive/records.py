"""What all classes of records share, which is everything but their names."""
from __future__ import annotations

import contextlib
import datetime
import itertools
import time
from inspect import Parameter, Signature
from typing import Any, ClassVar, Dict, Iterator, List, Mapping, Optional, Tuple

from synarchive.archives import archive_at
from synarchive.document import Document
from synarchive.errors import refused, validation_error
from synarchive.payloads import decode, encode
from synergos_archive import EtagMismatchError, InvalidArgumentError, RecordNotFoundError, ResponseTooLargeError, v1
from synergos_archive.flows import backoff
from synergos_archive.record_types import RECORD_TYPES, RecordType

#: What read and read_all add to a registration.
_PARENTS_SHOWN = {"Registration": ("collaboration", "project", "participant")}


class Records:
    """
    The records of one type, in the archive that `ARCHIVE_ADDRESS` or else `db_path` names. Ids are given by position, in
    the order of `ids`, or by keyword.

    ValidationError where the archive does not take the ids or details; ParentNotFoundError, naming it, where a record
    above is missing (a PermanentError: trying again will not help); a TransientError, such as ArchiveUnavailableError,
    where trying again may help.
    """

    #: The name of the records' type: "Run".
    subject: ClassVar[str]
    #: The names of the ids, in the order in which methods take them.
    ids: ClassVar[Tuple[str, ...]]

    _type: ClassVar[RecordType]
    _signatures: ClassVar[Dict[str, Signature]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._type = RECORD_TYPES[cls.subject]
        if not hasattr(cls, "ids"):
            cls.ids = cls._type.key
        cls._signatures = {extra: _signature(cls.ids, extra) for extra in ("details", "updates", "")}

    def __init__(self, db_path: Optional[str] = None):
        self.db_path = db_path
        self._records = getattr(archive_at(db_path), self._type.field)

    def create(self, *args: Any, **kwargs: Any) -> Document:
        """create(<ids>, details): creates a record, or replaces the details of the one there is; returns it."""
        key, details = self._bound("details", args, kwargs)
        with _refusals():
            record = self._records.upsert(key, encode(self._type, key, self._own(details or {})))
        return self._document(record)

    def read(self, *args: Any, **kwargs: Any) -> Optional[Document]:
        """read(<ids>): returns a record with its relations; None where there is none."""
        key, _ = self._bound("", args, kwargs)
        try:
            with _refusals():
                return self._whole(self._records.get(key, v1.VIEW_FULL), with_parents=True)
        except RecordNotFoundError:
            return None

    def read_all(self, filter: Optional[Mapping[str, Any]] = None) -> List[Document]:
        """
        Returns all records that match, with their relations. A filter of ids of the key is matched by the server. Any
        other matches a record if all of it is in the record's link, or all of it is in the record's own fields.
        """
        wanted = dict(filter or {})
        if all(name in self._type.key and isinstance(value, str) for name, value in wanted.items()):
            with _refusals():
                return [
                    self._whole(record, with_parents=True)
                    for record in self._records.list(filter=wanted, view=v1.VIEW_FULL)
                ]
        keys = [
            document["key"] for document in map(self._document, self._records.list()) if _matches(document, wanted)
        ]
        return [document for document in (self.read(**key) for key in keys) if document is not None]

    def update(self, *args: Any, **kwargs: Any) -> Optional[Document]:
        """
        update(<ids>, updates): replaces those of the details that updates names; returns the record, None where there is
        none. What others update at the same time is kept.
        """
        key, updates = self._bound("updates", args, kwargs)
        assert not (self._type.link and "link" in updates), "The link of a %s cannot be changed" % self.subject
        changes = self._own(updates or {})
        try:
            with _refusals():
                for attempt in itertools.count(1):
                    current = self._records.get(key, v1.VIEW_BASIC)
                    details = encode(self._type, key, {**decode(self._type, current), **changes})
                    try:
                        return self._document(self._records.update(key, details, etag=current.etag))
                    except EtagMismatchError:
                        time.sleep(backoff(attempt).seconds)
        except RecordNotFoundError:
            pass
        return None

    def delete(self, *args: Any, **kwargs: Any) -> Optional[Document]:
        """delete(<ids>): deletes a record and all its relations; returns them; None where there is none."""
        key, _ = self._bound("", args, kwargs)
        try:
            with _refusals():
                try:
                    return self._whole(self._records.delete(key, view=v1.VIEW_FULL).record)
                except ResponseTooLargeError:
                    return self._whole(self._delete_large(key))
        except RecordNotFoundError:
            return None

    def _delete_large(self, key: Dict[str, str]) -> Any:
        """Deletes what is too large to be returned: it is read by a stream, then deleted if it is still what was read."""
        for attempt in itertools.count(1):
            record = self._records.get(key, v1.VIEW_FULL)
            try:
                self._records.delete(key, etag=record.etag)
                return record
            except EtagMismatchError:
                time.sleep(backoff(attempt).seconds)

    def _bound(self, extra: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[Dict[str, str], Any]:
        """The key and the extra argument of a call."""
        arguments = self._signatures[extra].bind(*args, **kwargs).arguments
        for name in self.ids:
            if not isinstance(arguments[name], str):
                raise validation_error((name,), "must be a string, not %r" % (arguments[name],))
        return {name: arguments[name] for name in self._type.key}, arguments.get(extra)

    def _own(self, details: Mapping[str, Any]) -> Dict[str, Any]:
        """Details without what a record holds beside them, so that a record that was read can be given as details."""
        beside = {"key", "created_at", "relations", *_PARENTS_SHOWN.get(self.subject, ())}
        if self._type.link:
            beside.add("link")
        return {name: value for name, value in details.items() if name not in beside}

    def _whole(self, record: Any, with_parents: bool = False) -> Document:
        """A record with its relations."""
        document = self._document(record)
        document["relations"] = {
            relation.name: [_document(relation, each) for each in getattr(record.relations, relation.plural)]
            for relation in self._type.relations
        }
        for name in _PARENTS_SHOWN.get(self.subject, ()) if with_parents else ():
            parent = getattr(record.ancestors, name)
            document[name] = _document(RECORD_TYPES[parent.DESCRIPTOR.name], parent)
        return document

    def _document(self, record: Any) -> Document:
        return _document(self._type, record)


def _document(record_type: RecordType, record: Any) -> Document:
    """A record without relations."""
    created_at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=record.created_at.seconds)
    fields = {"created_at": created_at, "key": {name: getattr(record.key, name) for name in record_type.key}}
    if record_type.link:
        fields["link"] = {name: getattr(record.link, name) for name in record_type.link}
    return Document({**decode(record_type, record), **fields}, record.record_id)


def _matches(document: Document, wanted: Mapping[str, Any]) -> bool:
    return any(
        all(name in fields and fields[name] == value for name, value in wanted.items())
        for fields in (document["key"], document.get("link", {}), document)
    )


def _signature(ids: Tuple[str, ...], extra: str) -> Signature:
    names = (*ids, extra) if extra else ids
    return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What the server refuses as malformed is raised as the error that components expect."""
    try:
        yield
    except InvalidArgumentError as error:
        raise refused(error) from error
