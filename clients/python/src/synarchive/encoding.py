"""Payloads into the archive's typed messages."""
from __future__ import annotations

import datetime
import json
from typing import Any, Mapping, Tuple

from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from synarchive.errors import shown
from synarchive.scalars import Scope, encode_time, fail, scalar, text
from synarchive.schema import may_be, must_be_text, required
from synarchive.shapes import NOTES, SPREAD, TRANSPARENT, At, Payload, holds_dict
from synergos_archive import v1
from synergos_archive.messages import MAX_DEPTH, fill_value, is_map, is_repeated
from synergos_archive.record_types import RecordType


def encode(record_type: RecordType, key: Mapping[str, str], payload: Mapping[str, Any], is_new: bool) -> Any:
    """
    The details of a payload. ValidationError, naming the field, for what they cannot keep; and in a new payload, for what
    the predecessor's schemas did not allow. It never checked updates.
    """
    details = record_type.message("{}Details")()
    kind = details.DESCRIPTOR
    own = dict(payload)
    scope = Scope(0, is_new, is_open="attributes" in kind.fields_by_name)
    if is_new:
        _check_required(kind.name, own, ())
        for name in must_be_text(kind.name):
            if not isinstance(own.get(name, ""), str):
                fail((name,), "must be a string, not %s" % shown(own[name]))
    if record_type.name == "Participant":
        if "id" not in own:
            scope.note("absent", ("id",))
        elif own["id"] == key["participant_id"]:
            del own["id"]
    elif record_type.name == "MLFlow":
        for name in record_type.key:
            own.pop(name, None)
    _encode_message(details, own, (), scope)
    return details


def check_ids(record_type: RecordType, key: Mapping[str, str], payload: Mapping[str, Any]) -> None:
    """ValidationError if a payload says again what is in the key, and says it differently."""
    said = {"Participant": {"id": "participant_id"}, "MLFlow": {name: name for name in record_type.key}}
    for name, id_name in said.get(record_type.name, {}).items():
        if payload.get(name, key[id_name]) != key[id_name]:
            fail((name,), "must be that of the key, %r" % key[id_name])


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (list, tuple, dict)) and not value)


def _check_required(message: str, value: Mapping[Any, Any], at: At) -> None:
    for name in required(message):
        if name not in value:
            fail((*at, name), "is required")


def _named(value: Any, at: At) -> Payload:
    """A dict by names, which become text as they do in JSON."""
    if not isinstance(value, Mapping):
        fail(at, "must be a dict, not %s" % shown(value))
    return {_name(name, at): item for name, item in value.items()}


def _name(name: Any, at: At) -> str:
    if not isinstance(name, str):
        if not (name is None or isinstance(name, (bool, int, float))):
            fail((*at, name), "must be named by a string")
        name = json.dumps(name)
    return text(name, (*at, name))


def _encode_message(message: Any, value: Any, at: At, outer: Scope) -> None:
    """Sets a message of fields."""
    payload = _named(value, at)
    message.SetInParent()
    kind = message.DESCRIPTOR
    fields = dict(kind.fields_by_name)
    is_open = fields.pop("attributes", None) is not None
    spread, pattern = SPREAD.get(kind.full_name, (None, None))
    scope = Scope(len(at), outer.is_new) if is_open and at else outer
    if scope.is_new and at:
        _check_required(kind.name, payload, at)
    others: Payload = {}
    for name, item in payload.items():
        here = (*at, name)
        if pattern and pattern.fullmatch(name):
            if isinstance(item, Mapping) or not _is_empty(item):
                _encode_any(getattr(message, str(spread))[name], item, here, scope)
                continue
            if scope.is_new:
                fail(here, "must be a dict, not %s" % shown(item))
        elif name == spread:
            if not _is_empty(item):
                fail(here, "is the archive's own name for what lies beside it here")
        elif name in fields:
            if _encode_field(message, fields[name], item, here, scope):
                continue
            if scope.is_new and not (may_be(kind.name, name, item) or _is_own_empty(fields[name], item)):
                fail(here, "must not be %s" % shown(item))
        elif name == NOTES:
            fail(here, "is a name that this package keeps for itself")
        others[name] = item
    if not is_open:
        for name in others:
            known = name in fields or bool(pattern and pattern.fullmatch(name))
            fail((*at, name), "cannot be empty" if known else "is not a field of a " + kind.name)
    for name, item in others.items():
        _encode_value(message.attributes.fields[name], item, (*at, name), scope, 1)
    if scope.notes and is_open:
        fill_value(message.attributes.fields[NOTES], scope.notes, (NOTES,))


def _is_own_empty(field: Any, value: Any) -> bool:
    """Whether an empty value is of the type that the field has."""
    return is_repeated(field) and isinstance(value, Mapping if is_map(field) else (list, tuple))


def _encode_field(message: Any, field: Any, value: Any, at: At, scope: Scope) -> bool:
    """Sets a field; False if the value is empty in a way that the field cannot say."""
    if field.message_type and not is_repeated(field):
        if _is_empty(value) and not isinstance(value, _kinds(field.message_type)):
            return False
        _encode_any(getattr(message, field.name), value, at, scope)
        return True
    if _is_empty(value):
        return False
    if is_map(field):
        target = getattr(message, field.name)
        for name, item in _named(value, at).items():
            _encode_any(target[name], item, (*at, name), scope)
    elif is_repeated(field):
        if not isinstance(value, (list, tuple)):
            fail(at, "must be a list, not %s" % shown(value))
        target = getattr(message, field.name)
        for index, item in enumerate(value):
            if field.message_type:
                _encode_any(target.add(), item, (*at, index), scope)
            else:
                target.append(scalar(field, item, (*at, index), scope))
    else:
        setattr(message, field.name, scalar(field, value, at, scope))
    return True


def _kinds(descriptor: Any) -> Tuple[type, ...]:
    """The types of what stands for a message in a payload."""
    if descriptor.full_name == Timestamp.DESCRIPTOR.full_name:
        return (str, datetime.datetime)
    return (dict,) if holds_dict(descriptor) else (list, tuple)


def _encode_any(message: Any, value: Any, at: At, scope: Scope) -> None:
    """Sets a message of any kind to what stands for it in a payload."""
    kind = message.DESCRIPTOR
    if kind.full_name in TRANSPARENT:
        message.SetInParent()
        if not isinstance(value, _kinds(kind)):
            fail(at, "must be a %s, not %s" % (_kinds(kind)[0].__name__, shown(value)))
        _encode_field(message, kind.fields_by_name[TRANSPARENT[kind.full_name]], value, at, scope)
    elif kind.full_name == v1.Statistic.DESCRIPTOR.full_name:
        _encode_statistic(message, value, at, scope)
    elif kind.full_name == Timestamp.DESCRIPTOR.full_name:
        encode_time(message, value, at, scope)
    elif kind.full_name == Struct.DESCRIPTOR.full_name:
        _encode_struct(message, value, at, scope, 1)
    else:
        _encode_message(message, value, at, scope)


def _encode_statistic(message: Any, value: Any, at: At, scope: Scope) -> None:
    fields = message.DESCRIPTOR.fields_by_name
    if isinstance(value, (list, tuple)):
        counts = bool(value) and all(isinstance(item, int) and not isinstance(item, bool) for item in value)
        target = message.counts if counts else message.scalars
        target.SetInParent()
        _encode_field(target, target.DESCRIPTOR.fields_by_name["values"], value, at, scope)
    elif isinstance(value, int) and not isinstance(value, bool):
        message.count = scalar(fields["count"], value, at, scope)
    else:
        message.scalar = scalar(fields["scalar"], value, at, scope)


def _encode_struct(struct: Any, value: Any, at: At, scope: Scope, depth: int) -> None:
    """Sets a Struct, which is the depth-th of dicts and lists inside each other."""
    _check_depth(depth, at)
    struct.SetInParent()
    for name, item in _named(value, at).items():
        _encode_value(struct.fields[name], item, (*at, name), scope, depth)


def _encode_value(target: Any, value: Any, at: At, scope: Scope, depth: int) -> None:
    """Sets a Value of a Struct, which lies in `depth` dicts and lists."""
    if isinstance(value, Mapping):
        _encode_struct(target.struct_value, value, at, scope, depth + 1)
    elif isinstance(value, (list, tuple)):
        _check_depth(depth + 1, at)
        target.list_value.SetInParent()
        for index, item in enumerate(value):
            _encode_value(target.list_value.values.add(), item, (*at, index), scope, depth + 1)
    else:
        if isinstance(value, str):
            text(value, at)
        elif isinstance(value, float) and value.is_integer():
            scope.note("float", at)
        try:
            fill_value(target, value, ())
        except (TypeError, ValueError) as error:
            fail(at, str(error).lstrip(": "))


def _check_depth(depth: int, at: At) -> None:
    if depth > MAX_DEPTH:
        fail(at, "lies deeper than %d dicts and lists" % MAX_DEPTH)
