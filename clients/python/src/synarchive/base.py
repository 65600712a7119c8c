"""What all classes of records share."""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from synarchive.abstract import AbstractRecords
from synarchive.archives import address_of, archive_at
from synarchive.database import Database
from synarchive.datetime_serialization import DateTimeSerializer, TimeDeltaSerializer
from synarchive.document import Document
from synarchive.errors import shown, validation_error
from synarchive.table import Table
from synergos_archive.record_types import RECORD_TYPES

__all__ = [
    "AbstractRecords",
    "AssociationRecords",
    "DateTimeSerializer",
    "Records",
    "TimeDeltaSerializer",
    "TopicalRecords",
]


class Records(AbstractRecords):
    """
    Records of any type, called subject, in the archive that `ARCHIVE_ADDRESS` or else `db_path` names. `key` is the part
    of a record by which it is found: its "key", or its "link".
    """

    def __init__(self, db_path: Optional[str] = None):
        self.db_path = db_path
        self._address = address_of(db_path)
        self._archive = archive_at(self._address)

    def __getstate__(self) -> Dict[str, Any]:
        # Connections are made anew where the object arrives, with the credentials that the environment has there.
        return {name: value for name, value in self.__dict__.items() if name != "_archive"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._archive = archive_at(self._address)

    def load_database(self) -> Database:
        """Returns the archive as a database of tables to read from."""
        return Database({name: self._table(name).bare for name in RECORD_TYPES})

    def create(self, subject: str, key: str, new_record: Any) -> Document:
        """Creates a record out of its key and details, or replaces the details of the one there is; returns it."""
        if key != "key":
            raise ValueError("A record is created by its 'key', not by its %r" % (key,))
        if not isinstance(new_record, Mapping) or "key" not in new_record:
            raise validation_error((), "A record must be a dict with its 'key', not %s" % shown(new_record))
        return self._table(subject).create(new_record["key"], new_record)

    def read_all(self, subject: str) -> List[Document]:
        """Returns all records, without their relations, in the order in which they were created."""
        return self._table(subject).bare()

    def read(self, subject: str, key: str, r_id: Any) -> Optional[Document]:
        """Returns a record without its relations; None where there is none."""
        return _without_relations(self._table(subject).read(self._key(subject, key, r_id)))

    def update(self, subject: str, key: str, r_id: Any, updates: Any) -> Optional[Document]:
        """Replaces those of the details that updates names; returns the record, None where there is none."""
        return self._table(subject).update(self._key(subject, key, r_id), updates)

    def delete(self, subject: str, key: str, r_id: Any) -> Optional[Document]:
        """
        Deletes a record; returns it, None where there is none. What is downstream goes too, for the archive keeps no
        record without those above.
        """
        return _without_relations(self._table(subject).delete(self._key(subject, key, r_id)))

    def _table(self, subject: str) -> Table:
        if subject not in RECORD_TYPES:
            raise ValueError("%r is not one of the archive's subjects: %s" % (subject, ", ".join(RECORD_TYPES)))
        return Table(self._archive, RECORD_TYPES[subject])

    def _key(self, subject: str, part: str, r_id: Any) -> Any:
        """The key of the record that has something as its key or its link."""
        if part == "key":
            return r_id
        if part != "link":
            raise ValueError("A record is found by its 'key' or its 'link', not by its %r" % (part,))
        return next((each["key"] for each in self._table(subject).bare() if each.get("link") == r_id), None)


class TopicalRecords(Records):
    """
    The records of one subject. `identifier` is the id of its own, `relations` are the subjects downstream of it; the
    archive knows both by itself.
    """

    subject: str

    def __init__(self, subject: str, identifier: str, db_path: Optional[str], *relations: str):
        self.subject = subject
        self.identifier = identifier
        self.relations = relations
        super().__init__(db_path=db_path)

    def create(self, new_record: Any) -> Document:
        """Creates a record out of its key and details, or replaces the details of the one there is; returns it."""
        return Records.create(self, self.subject, "key", new_record)

    def read_all(self, f_key: str = "key", filter: Mapping[str, Any] = {}) -> List[Document]:
        """
        Returns all records that match, with their relations, in the order in which they were created. A filter matches
        if all of it is in the record's key, in its link, in its part `f_key`, or in its own fields.
        """
        if isinstance(f_key, Mapping):  # A filter, given by position.
            f_key, filter = "key", f_key
        return self._table(self.subject).read_all(dict(filter or {}), f_key)

    def read(self, r_id: Any, f_key: str = "key") -> Optional[Document]:
        """Returns the record of a key with its relations, whichever part `f_key` names; None where there is none."""
        return self._table(self.subject).read(r_id)

    def update(self, r_id: Any, updates: Any) -> Optional[Document]:
        """
        Replaces those of the details that updates names; returns the record, None where there is none. What others update
        at the same time is kept.
        """
        return Records.update(self, self.subject, "key", r_id, updates)

    def delete(self, r_id: Any, key: str = "key") -> Optional[Document]:
        """Deletes the record of a key, or of a link, with all its relations; returns them; None where there is none."""
        return self._table(self.subject).delete(self._key(self.subject, key, r_id))


class AssociationRecords(TopicalRecords):
    """The records of a subject that have links. `associations` are the subjects above whose links are in theirs too."""

    def __init__(
        self, subject: str, identifier: str, db_path: Optional[str], relations: Any = [], *associations: str
    ):
        self.associations = associations
        super().__init__(subject, identifier, db_path, *relations)

    def create(self, new_record: Any) -> Document:
        """Creates a record out of its key and details, or replaces the details of the one there is; returns it."""
        return super().create(new_record)

    def read_all(self, filter: Mapping[str, Any] = {}) -> List[Document]:
        """
        Returns all records that match, with their relations, in the order in which they were created. A filter matches
        if all of it is in the record's key, in its link, or in its own fields.
        """
        return super().read_all("link", filter)

    def read(self, r_id: Any) -> Optional[Document]:
        """Returns the record of a key with its relations; None where there is none."""
        return super().read(r_id, "link")

    def update(self, r_id: Any, updates: Any) -> Optional[Document]:
        """Like that of all records, but the link cannot be changed."""
        return super().update(r_id, updates)

    def delete(self, r_id: Any) -> Optional[Document]:
        """Deletes the record of a key with all its relations; returns them; None where there is none."""
        return super().delete(r_id)


def _without_relations(document: Optional[Document]) -> Optional[Document]:
    if document is not None:
        document.pop("relations")
        for parent in ("collaboration", "project", "participant"):
            if isinstance(document.get(parent), Document):
                del document[parent]
    return document
