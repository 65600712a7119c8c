"""
Payloads, the details of records as components hold them, to and from the archive's typed messages.

What a payload names lands in the typed field of that name; everything else, and what is given but empty (None, [], {})
where the typed field cannot say so, lands in the `attributes` of the same message. What even that does not keep is
noted in one attribute, NOTES, so that every leaf comes back with the type that it was given with:

    "int": numbers given as int for a field that is a double
    "float": whole numbers given as float for a field that is an integer, or in a Struct, whose numbers have one type
    "datetime", "datetime_utc": times given as datetime, naive or aware, instead of as text
    "absent": the id of a participant, which is in the key and usually in the payload too, where it is not

Each is a list of paths. A note that does not fit its value any more, because another client changed that, is ignored.
"""
from __future__ import annotations

import datetime
import re
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Pattern, Tuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from synarchive.errors import ValidationError, validation_error
from synergos_archive import v1
from synergos_archive.messages import fill_value, from_struct, is_map, is_repeated, path
from synergos_archive.record_types import RecordType

Payload = Dict[str, Any]
At = Tuple[Any, ...]

#: The attribute that holds the notes.
NOTES = "synarchive.types"

#: Maps whose entries a payload holds beside the other fields, and what their keys look like.
_SPREAD: Dict[Any, Tuple[str, Pattern[str]]] = {
    v1.RegistrationDetails: ("nodes", re.compile(r"node_(0|[1-9][0-9]*)")),
    v1.ModelDetails: ("locals", re.compile(r"local_(0|[1-9][0-9]*)")),
    v1.ValidationDetails: ("results", re.compile(r"train|evaluate|predict")),
    v1.PredictionDetails: ("results", re.compile(r"train|evaluate|predict")),
}

#: Messages that a payload does not see: it holds their one field in their place.
_TRANSPARENT: Dict[Any, str] = {v1.TagList: "tags", v1.TagPath: "tokens", v1.CheckpointRound: "epochs"}

_SPREAD_BY_NAME = {kind.DESCRIPTOR.full_name: spread for kind, spread in _SPREAD.items()}
_TRANSPARENT_BY_NAME = {kind.DESCRIPTOR.full_name: name for kind, name in _TRANSPARENT.items()}


def encode(record_type: RecordType, key: Mapping[str, str], payload: Mapping[str, Any]) -> Any:
    """The details of a payload. ValidationError, naming the field, for what they cannot keep."""
    details = record_type.message("{}Details")()
    own = dict(payload)
    notes = _Notes(0, is_open="attributes" in details.DESCRIPTOR.fields_by_name)
    if record_type.name == "Participant":
        if "id" not in own:
            notes.add("absent", ("id",))
        elif own["id"] == key["participant_id"]:
            del own["id"]
    elif record_type.name == "MLFlow":
        for name in record_type.key:
            if own.pop(name, key[name]) != key[name]:
                _fail((name,), "must be that of the key, %r" % key[name])
    _encode_message(details, own, (), notes)
    return details


def decode(record_type: RecordType, record: Any) -> Payload:
    """The payload of a record's details."""
    payload, notes = _decode_message(record.details)
    if record_type.name == "Participant" and ["id"] not in notes.get("absent", ()):
        payload.setdefault("id", record.key.participant_id)
    elif record_type.name == "MLFlow":
        payload.update((name, getattr(record.key, name)) for name in record_type.key)
    return payload


class _Notes:
    """What is noted in one open message of all that lies in it, by paths from there. Other messages take no notes."""

    def __init__(self, depth: int, is_open: bool = True):
        self._depth = depth
        self._is_open = is_open
        self.lists: Dict[str, List[List[Any]]] = {}

    def add(self, kind: str, at: At) -> None:
        if not self._is_open:
            _fail(at, "cannot be kept as %s here" % kind)
        self.lists.setdefault(kind, []).append(list(at[self._depth :]))


def _fail(at: At, problem: str) -> NoReturn:
    raise validation_error(at, problem)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (list, tuple, dict)) and not value)


def _encode_message(message: Any, value: Any, at: At, outer: _Notes) -> None:
    """Sets a message of fields."""
    if not isinstance(value, Mapping):
        _fail(at, "must be a dict, not %r" % (value,))
    message.SetInParent()
    fields = dict(message.DESCRIPTOR.fields_by_name)
    is_open = fields.pop("attributes", None) is not None
    spread, pattern = _SPREAD_BY_NAME.get(message.DESCRIPTOR.full_name, ("", None))
    notes = _Notes(len(at)) if is_open and at else outer
    others: Payload = {}
    for name, item in value.items():
        here = (*at, name)
        if not isinstance(name, str):
            _fail(here, "must be named by a string")
        if pattern and pattern.fullmatch(name):
            if item is None or not _entry(getattr(message, spread), fields[spread], name, item, here, notes, is_open):
                others[name] = item
        elif name in fields:
            if name == spread and not _is_empty(item):
                _fail(here, "is the archive's own name for what lies beside it here")
            if name == spread or not _encode_field(message, fields[name], item, here, notes):
                others[name] = item
        elif name == NOTES:
            _fail(here, "is a name that this package keeps for itself")
        else:
            others[name] = item
    if not is_open:
        for name in others:
            known = name in fields or bool(pattern and pattern.fullmatch(name))
            _fail((*at, name), "cannot be empty" if known else "is not a field of a " + message.DESCRIPTOR.name)
    for name, item in others.items():
        _encode_value(message.attributes.fields[name], item, (*at, name), notes)
    if notes.lists and is_open:
        fill_value(message.attributes.fields[NOTES], notes.lists, (NOTES,))


def _entry(target: Any, field: Any, name: str, item: Any, at: At, notes: _Notes, is_open: bool) -> bool:
    """Sets an entry of a map of messages; False if it is empty in a way that only attributes can keep."""
    if is_open and _is_empty(item) and not isinstance(item, dict):
        return False
    _text(name, at)
    _encode_any(target[name], item, at, notes)
    return True


def _encode_field(message: Any, field: Any, value: Any, at: At, notes: _Notes) -> bool:
    """Sets a field; False if the value is empty in a way that the field cannot say."""
    if value is None:
        return False
    if is_map(field):
        if _is_empty(value):
            return False
        if not isinstance(value, Mapping):
            _fail(at, "must be a dict, not %r" % (value,))
        for name, item in value.items():
            if not isinstance(name, str):
                _fail((*at, name), "must be named by a string")
            _entry(getattr(message, field.name), field, name, item, (*at, name), notes, is_open=False)
    elif is_repeated(field):
        if _is_empty(value):
            return False
        target = getattr(message, field.name)
        for index, item in enumerate(_list(value, at)):
            if field.message_type:
                _encode_any(target.add(), item, (*at, index), notes)
            else:
                target.append(_scalar(field, item, (*at, index), notes))
    elif field.message_type:
        if _is_empty(value) and not isinstance(value, _kinds(field.message_type)):
            return False
        _encode_any(getattr(message, field.name), value, at, notes)
    elif _is_empty(value):
        return False
    else:
        setattr(message, field.name, _scalar(field, value, at, notes))
    return True


def _kinds(descriptor: Any) -> Tuple[type, ...]:
    """The types of what stands for a message in a payload."""
    if descriptor.full_name == Timestamp.DESCRIPTOR.full_name:
        return (str, datetime.datetime)
    field = _TRANSPARENT_BY_NAME.get(descriptor.full_name)
    return (dict,) if field is None or is_map(descriptor.fields_by_name[field]) else (list, tuple)


def _encode_any(message: Any, value: Any, at: At, notes: _Notes) -> None:
    """Sets a message of any kind to what stands for it in a payload."""
    name = message.DESCRIPTOR.full_name
    if name in _TRANSPARENT_BY_NAME:
        message.SetInParent()
        field = message.DESCRIPTOR.fields_by_name[_TRANSPARENT_BY_NAME[name]]
        kinds = _kinds(message.DESCRIPTOR)
        if not isinstance(value, kinds):
            _fail(at, "must be a %s, not %r" % (kinds[0].__name__, value))
        _encode_field(message, field, value, at, notes)
    elif name == v1.Statistic.DESCRIPTOR.full_name:
        _encode_statistic(message, value, at, notes)
    elif name == Timestamp.DESCRIPTOR.full_name:
        _encode_time(message, value, at, notes)
    elif name == Struct.DESCRIPTOR.full_name:
        if not isinstance(value, Mapping):
            _fail(at, "must be a dict, not %r" % (value,))
        message.SetInParent()
        for key, item in value.items():
            if not isinstance(key, str):
                _fail((*at, key), "must be named by a string")
            _encode_value(message.fields[_text(key, (*at, key))], item, (*at, key), notes)
    else:
        _encode_message(message, value, at, notes)


def _encode_statistic(message: Any, value: Any, at: At, notes: _Notes) -> None:
    fields = message.DESCRIPTOR.fields_by_name
    if isinstance(value, (list, tuple)):
        counts = bool(value) and all(isinstance(item, int) and not isinstance(item, bool) for item in value)
        target = message.counts if counts else message.scalars
        target.SetInParent()
        _encode_field(target, target.DESCRIPTOR.fields_by_name["values"], value, at, notes)
    elif isinstance(value, int) and not isinstance(value, bool):
        message.count = _scalar(fields["count"], value, at, notes)
    else:
        message.scalar = _scalar(fields["scalar"], value, at, notes)


def _encode_time(message: Timestamp, value: Any, at: At, notes: _Notes) -> None:
    time = value
    if isinstance(value, datetime.datetime):
        notes.add("datetime" if value.tzinfo is None else "datetime_utc", at)
    else:
        try:
            time = datetime.datetime.fromisoformat(value)
        except (TypeError, ValueError):
            time = None
        # Only text that comes back the same.
        if time is None or time.tzinfo or time.isoformat(sep=" ") != value:
            _fail(at, "must be a datetime, or text such as '2021-04-10 22:33:40', not %r" % (value,))
    message.FromDatetime(time if time.tzinfo is None else time.astimezone(datetime.timezone.utc).replace(tzinfo=None))


def _encode_value(target: Any, value: Any, at: At, notes: _Notes) -> None:
    """Sets a Value of a Struct."""
    if isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            if not isinstance(key, str):
                _fail((*at, key), "must be named by a string")
            _encode_value(target.struct_value.fields[_text(key, (*at, key))], item, (*at, key), notes)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for index, item in enumerate(value):
            _encode_value(target.list_value.values.add(), item, (*at, index), notes)
    else:
        if isinstance(value, str):
            _text(value, at)
        elif isinstance(value, float) and value.is_integer():
            notes.add("float", at)
        try:
            fill_value(target, value, ())
        except (TypeError, ValueError) as error:
            _fail(at, str(error).lstrip(": "))


def _list(value: Any, at: At) -> Any:
    if not isinstance(value, (list, tuple)):
        _fail(at, "must be a list, not %r" % (value,))
    return value


def _text(value: str, at: At) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        _fail(at, "must be valid Unicode")
    return value


def _scalar(field: Any, value: Any, at: At, notes: _Notes) -> Any:
    """What a field that is no message is set to."""
    if field.enum_type:
        names = _enum_names(field.enum_type)
        if value not in names:
            _fail(at, "must be one of %s, not %r" % (", ".join(names), value))
        return names[value]
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        if not isinstance(value, str):
            _fail(at, "must be a string, not %r" % (value,))
        return _text(value, at)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            _fail(at, "must be True or False, not %r" % (value,))
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _fail(at, "must be a number, not %r" % (value,))
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        if isinstance(value, int):
            if abs(value) > 2**53:
                _fail(at, "%r cannot be kept exactly here" % value)
            notes.add("int", at)
        return float(value)
    if isinstance(value, float):
        if not value.is_integer():
            _fail(at, "must be a whole number, not %r" % value)
        notes.add("float", at)
    bits = 31 if field.cpp_type == FieldDescriptor.CPPTYPE_INT32 else 63
    if not -(2**bits) <= value < 2**bits:
        _fail(at, "must be a number of %d bits, not %r" % (bits + 1, value))
    return int(value)


def _enum_names(descriptor: Any) -> Dict[Any, int]:
    """The values of an enum by their names in payloads: "regress" for ACTION_REGRESS."""
    prefix = descriptor.values[0].name[: -len("UNSPECIFIED")]
    return {value.name[len(prefix) :].lower(): value.number for value in list(descriptor.values)[1:]}


def _decode_message(message: Any) -> Tuple[Payload, Mapping[str, Any]]:
    """The payload of a message of fields, and the notes on it."""
    payload: Payload = {}
    spread = _SPREAD_BY_NAME.get(message.DESCRIPTOR.full_name, ("", None))[0]
    notes: Mapping[str, Any] = {}
    for field, value in message.ListFields():
        if field.name == spread:
            payload.update((name, _decode_any(item)) for name, item in value.items())
        elif field.name == "attributes":
            payload.update(from_struct(value))
            noted = payload.pop(NOTES, None)
            notes = noted if isinstance(noted, dict) else {}
        elif is_map(field):
            payload[field.name] = {name: _decode_any(item) for name, item in value.items()}
        elif is_repeated(field):
            payload[field.name] = [_decode_any(item) for item in value] if field.message_type else list(value)
        elif field.message_type:
            payload[field.name] = _decode_any(value)
        elif field.enum_type:
            payload[field.name] = next(name for name, number in _enum_names(field.enum_type).items() if number == value)
        else:
            payload[field.name] = value
    for kind, convert in _RESTORE.items():
        for at in notes.get(kind, ()):
            _restore(payload, at, convert)
    return payload, notes


def _decode_any(message: Any) -> Any:
    """What stands for a message in a payload."""
    name = message.DESCRIPTOR.full_name
    if name in _TRANSPARENT_BY_NAME:
        value = getattr(message, _TRANSPARENT_BY_NAME[name])
        if _kinds(message.DESCRIPTOR) == (dict,):
            return {key: _decode_any(item) for key, item in value.items()}
        return [item if isinstance(item, str) else _decode_any(item) for item in value]
    if name == v1.Statistic.DESCRIPTOR.full_name:
        value = getattr(message, message.WhichOneof("value"))
        return value if isinstance(value, (int, float)) else list(value.values)
    if name == Timestamp.DESCRIPTOR.full_name:
        return message.ToDatetime().isoformat(sep=" ")
    return from_struct(message) if name == Struct.DESCRIPTOR.full_name else _decode_message(message)[0]


def _to_int(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _to_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


_RESTORE: Dict[str, Callable[[Any], Any]] = {
    "int": _to_int,
    "float": _to_float,
    "datetime": datetime.datetime.fromisoformat,
    "datetime_utc": lambda value: datetime.datetime.fromisoformat(value).replace(tzinfo=datetime.timezone.utc),
}


def _restore(payload: Payload, at: List[Any], convert: Callable[[Any], Any]) -> None:
    """Gives the value at a path the type that a note says, if it is still there."""
    holder: Any = payload
    try:
        for step in at[:-1]:
            holder = holder[step]
        holder[at[-1]] = convert(holder[at[-1]])
    except (LookupError, TypeError, ValueError):
        pass
