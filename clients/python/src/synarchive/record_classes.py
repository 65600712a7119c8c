"""The classes of records of each type, but for their names."""
from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any, Callable, Dict, Optional, Tuple, Type, TypeVar

from synarchive.base import AssociationRecords, TopicalRecords
from synarchive.table import Table
from synergos_archive.record_types import RECORD_TYPES

Class = TypeVar("Class", bound=Type[TopicalRecords])

#: What the methods that name a record do, and what they take beside its ids.
_METHODS: Tuple[Tuple[str, Optional[str], str], ...] = (
    ("create", "details", "Creates a record, or replaces the details of the one there is; returns it."),
    ("read", None, "Returns a record with its relations; None where there is none."),
    (
        "update",
        "updates",
        "Replaces those of the details that updates names; returns the record, None where there is none. What others "
        "update at the same time is kept.",
    ),
    ("delete", None, "Deletes a record and all its relations; returns them; None where there is none."),
)


def records_of(subject: str, ids: Optional[Tuple[str, ...]] = None) -> Callable[[Class], Class]:
    """
    Makes a class that of the records of a type: its methods take the ids of a record in the order of `ids`, that of its
    key unless given, by position or by keyword.
    """
    record_type = RECORD_TYPES[subject]
    names = ids or record_type.key
    relations = tuple(relation.name for relation in record_type.relations)
    # The types above whose own links are in that of these records.
    associations = tuple(
        other.name for other in RECORD_TYPES.values() if other.link and other.link[-1] in record_type.link[:-1]
    )

    def decorate(cls: Class) -> Class:
        def __init__(self: Any, db_path: Optional[str] = None) -> None:
            identifier = (record_type.link or record_type.key)[-1]
            if issubclass(cls, AssociationRecords):
                AssociationRecords.__init__(self, subject, identifier, db_path, relations, *associations)
            else:
                TopicalRecords.__init__(self, subject, identifier, db_path, *relations)

        members: Dict[str, Any] = {"subject": subject, "ids": names, "__init__": __init__}
        for name, extra, text in _METHODS:
            members[name] = _method(name, names, extra, text)
        for name, member in members.items():
            if callable(member):
                member.__qualname__ = "%s.%s" % (cls.__qualname__, name)
                member.__module__ = cls.__module__
            setattr(cls, name, member)
        return cls

    return decorate


def _method(name: str, ids: Tuple[str, ...], extra: Optional[str], text: str) -> Callable[..., Any]:
    """A method that does to a table what its name says, with real parameters for its ids."""
    names = ("self", *ids, extra) if extra else ("self", *ids)
    signature = Signature([Parameter(each, Parameter.POSITIONAL_OR_KEYWORD) for each in names])
    act = getattr(Table, name)

    def method(*args: Any, **kwargs: Any) -> Any:
        arguments = signature.bind(*args, **kwargs).arguments
        records = arguments["self"]
        key = {each: arguments[each] for each in ids}
        table = records._table(records.subject)
        return act(table, key, arguments[extra]) if extra else act(table, key)

    method.__name__ = name
    method.__doc__ = text
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method
