"""The leaves of payloads as the fields of messages hold them."""
from __future__ import annotations

import datetime
from typing import Any, Dict, List, NoReturn

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from synarchive.errors import shown, validation_error
from synarchive.shapes import At, enum_names
from synergos_archive.messages import MAX_EXACT_INTEGER


def fail(at: At, problem: str) -> NoReturn:
    """Raises the error of a value at a path."""
    raise validation_error(at, problem)


class Scope:
    """
    One open message with all that lies in it. What is noted of that goes by paths from there; closed messages take no
    notes. `is_new` is whether the schemas hold.
    """

    def __init__(self, depth: int, is_new: bool, is_open: bool = True):
        self.is_new = is_new
        self.notes: Dict[str, List[List[Any]]] = {}
        self._depth = depth
        self._is_open = is_open

    def note(self, kind: str, at: At) -> None:
        if not self._is_open:
            fail(at, "cannot be kept as %s here" % kind)
        self.notes.setdefault(kind, []).append(list(at[self._depth :]))


def text(value: str, at: At) -> str:
    """Text that protobuf takes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        fail(at, "must be valid Unicode")
    return value


def scalar(field: Any, value: Any, at: At, scope: Scope) -> Any:
    """What a field that is no message is set to."""
    if field.enum_type:
        names = enum_names(field.enum_type)
        if not isinstance(value, str) or value not in names:
            fail(at, "must be one of %s, not %s" % (", ".join(names), shown(value)))
        return names[value]
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        if not isinstance(value, str):
            fail(at, "must be a string, not %s" % shown(value))
        return text(value, at)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            fail(at, "must be True or False, not %s" % shown(value))
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        fail(at, "must be a number, not %s" % shown(value))
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _double(value, at, scope)
    return _integer(field, value, at, scope)


def _double(value: Any, at: At, scope: Scope) -> float:
    if isinstance(value, int):
        if abs(value) > MAX_EXACT_INTEGER:
            fail(at, "%r cannot be kept exactly here" % value)
        scope.note("int", at)
    return float(value)


def _integer(field: Any, value: Any, at: At, scope: Scope) -> int:
    if isinstance(value, float):
        if not value.is_integer():
            fail(at, "must be a whole number, not %r" % value)
        scope.note("float", at)
    bits = 31 if field.cpp_type == FieldDescriptor.CPPTYPE_INT32 else 63
    if not -(2**bits) <= value < 2**bits:
        fail(at, "must be a number of %d bits, not %s" % (bits + 1, shown(value)))
    return int(value)


def encode_time(message: Timestamp, value: Any, at: At, scope: Scope) -> None:
    """Sets a Timestamp to a datetime, or to text as str(datetime) writes it."""
    time = value
    if isinstance(value, datetime.datetime):
        scope.note("datetime" if value.tzinfo is None else "datetime_utc", at)
    else:
        try:
            time = datetime.datetime.fromisoformat(value)
        except (TypeError, ValueError):
            time = None
        # Only text that comes back the same.
        if time is None or time.tzinfo or time.isoformat(sep=" ") != value:
            fail(at, "must be a datetime, or text such as '2021-04-10 22:33:40', not %s" % shown(value))
    try:
        if time.tzinfo is not None:
            time = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        message.FromDatetime(time)
    except (OverflowError, ValueError):
        fail(at, "is too early or too late: %s" % shown(value))
