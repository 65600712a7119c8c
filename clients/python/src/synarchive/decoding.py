"""Payloads out of the archive's typed messages. Whatever another client wrote, a read of it does not fail."""
from __future__ import annotations

import datetime
from typing import Any, Callable, Dict, List, Mapping, Tuple

from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from synarchive.shapes import NOTES, SPREAD, TRANSPARENT, Payload, enum_names, holds_dict, in_order
from synergos_archive import v1
from synergos_archive.messages import from_struct, is_map, is_repeated
from synergos_archive.record_types import RecordType


def decode(record_type: RecordType, record: Any) -> Payload:
    """The payload of a record's details."""
    payload, notes = _decode_message(record.details)
    if record_type.name == "Participant" and ["id"] not in _noted(notes, "absent"):
        payload.setdefault("id", record.key.participant_id)
    elif record_type.name == "MLFlow":
        payload = {**{name: getattr(record.key, name) for name in record_type.key}, **payload}
    return payload


def arranged(value: Any, given: Any) -> Any:
    """A payload in the order in which another gives the same names; names that are only here come last."""
    if isinstance(value, dict) and isinstance(given, Mapping):
        names = [*(name for name in given if name in value), *(name for name in value if name not in given)]
        return {name: arranged(value[name], given.get(name)) for name in names}
    if isinstance(value, list) and isinstance(given, (list, tuple)):
        return [arranged(item, each) for item, each in zip(value, given)]
    return value


def _decode_message(message: Any) -> Tuple[Payload, Mapping[str, Any]]:
    """The payload of a message of fields, and the notes on it."""
    payload: Payload = {}
    spread = SPREAD.get(message.DESCRIPTOR.full_name, ("", None))[0]
    notes: Mapping[str, Any] = {}
    for field, value in message.ListFields():
        if field.name == spread:
            payload.update((name, _decode_any(value[name])) for name in in_order(value))
        elif field.name == "attributes":
            payload.update(from_struct(value))
            noted = payload.pop(NOTES, None)
            notes = noted if isinstance(noted, dict) else {}
        elif is_map(field):
            payload[field.name] = {name: _decode_any(value[name]) for name in in_order(value)}
        elif is_repeated(field):
            payload[field.name] = [_decode_any(item) for item in value] if field.message_type else list(value)
        elif field.message_type:
            payload[field.name] = _decode_any(value)
        elif field.enum_type:
            names = {number: name for name, number in enum_names(field.enum_type).items()}
            payload[field.name] = names.get(value, value)  # One that is newer than this package stays a number.
        else:
            payload[field.name] = value
    for kind, convert in _RESTORE.items():
        for at in _noted(notes, kind):
            _restore(payload, at, convert)
    return payload, notes


def _noted(notes: Mapping[str, Any], kind: str) -> List[List[Any]]:
    """The paths of a note. An attribute of that name may be another client's, and hold anything."""
    paths = notes.get(kind)
    return [at for at in paths if at and isinstance(at, list)] if isinstance(paths, list) else []


def _decode_any(message: Any) -> Any:
    """What stands for a message in a payload."""
    name = message.DESCRIPTOR.full_name
    if name in TRANSPARENT:
        value = getattr(message, TRANSPARENT[name])
        if holds_dict(message.DESCRIPTOR):
            return {key: _decode_any(value[key]) for key in in_order(value)}
        return [item if isinstance(item, str) else _decode_any(item) for item in value]
    if name == v1.Statistic.DESCRIPTOR.full_name:
        chosen = message.WhichOneof("value")
        value = getattr(message, chosen) if chosen else None
        if value is None:
            return None
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
