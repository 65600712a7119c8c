"""Messages from plain values: what stands for a message may be given as a mapping of its fields."""
from __future__ import annotations

import datetime
from typing import Any, Mapping, Tuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import NullValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

Kind = TypeVar("Kind", bound=Message)

#: The greatest number up to which a double holds every integer.
MAX_EXACT_INTEGER = 2**53


def is_repeated(field: Any) -> bool:
    """Whether a field is a list or a map."""
    known = getattr(field, "is_repeated", None)  # From protobuf 6 on, where label is on its way out.
    return bool(known) if known is not None else field.label == FieldDescriptor.LABEL_REPEATED


def is_map(field: Any) -> bool:
    """Whether a field is a map."""
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def message_from(kind: Any, value: Any) -> Any:
    """The message that a value stands for: itself, or a mapping of its fields."""
    if isinstance(value, kind):
        return value
    message = kind()
    fill(message, value, ())
    return message


def fill(message: Any, value: Any, at: Tuple[Any, ...]) -> None:
    """Sets a message to a value. Fields that are None stay unset; enums are numbers or names; Structs are mappings."""
    kind = message.DESCRIPTOR.full_name
    if isinstance(value, type(message)):
        message.CopyFrom(value)
    elif kind == Timestamp.DESCRIPTOR.full_name and isinstance(value, datetime.datetime):
        message.FromDatetime(value)
    elif not isinstance(value, Mapping):
        raise TypeError("%s must be a mapping or a %s, not %r" % (path(at) or "it", kind, value))
    elif kind == Struct.DESCRIPTOR.full_name:
        fill_struct(message, value, at)
    else:
        message.SetInParent()
        fields = message.DESCRIPTOR.fields_by_name
        for name, item in value.items():
            if name not in fields:
                raise ValueError("%s is not a field of %s" % (path((*at, name)), kind))
            if item is not None:
                _fill_field(message, fields[name], item, (*at, name))


def _fill_field(message: Any, field: Any, value: Any, at: Tuple[Any, ...]) -> None:
    target = getattr(message, field.name)
    if is_map(field):
        if field.message_type.fields_by_name["value"].message_type:
            for key, item in value.items():
                fill(target[key], item, (*at, key))
        else:
            target.update(value)
    elif is_repeated(field):
        if field.message_type:
            for index, item in enumerate(value):
                fill(target.add(), item, (*at, index))
        else:
            target.extend(_scalar(field, item, at) for item in value)
    elif field.message_type:
        fill(target, value, at)
    else:
        try:
            setattr(message, field.name, _scalar(field, value, at))
        except (TypeError, ValueError) as error:
            raise type(error)("%s: %s" % (path(at), error)) from error


def _scalar(field: Any, value: Any, at: Tuple[Any, ...]) -> Any:
    if not (field.enum_type and isinstance(value, str)):
        return value
    if value not in field.enum_type.values_by_name:
        raise ValueError("%s is not one of %s" % (path(at), ", ".join(field.enum_type.values_by_name)))
    return field.enum_type.values_by_name[value].number


def fill_struct(struct: Any, value: Mapping[str, Any], at: Tuple[Any, ...]) -> None:
    """Adds a mapping to a Struct. ValueError or TypeError, naming the path, for what a Struct does not hold exactly."""
    struct.SetInParent()
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError("%s: names must be strings" % path((*at, key)))
        fill_value(struct.fields[key], item, (*at, key))


def fill_value(target: Any, value: Any, at: Tuple[Any, ...]) -> None:
    """Sets a Value of a Struct."""
    if value is None:
        target.null_value = NullValue.Value("NULL_VALUE")
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, (int, float)):
        # So NaN and the infinities are refused too.
        if not (abs(value) <= MAX_EXACT_INTEGER or (isinstance(value, float) and abs(value) < float("inf"))):
            raise ValueError("%s: %r cannot be kept exactly here" % (path(at), value))
        target.number_value = value
    elif isinstance(value, Mapping):
        fill_struct(target.struct_value, value, at)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for index, item in enumerate(value):
            fill_value(target.list_value.values.add(), item, (*at, index))
    else:
        raise TypeError("%s: %r is not a JSON value" % (path(at), value))


def from_value(value: Value) -> Any:
    """The plain value of a Value; whole numbers, which a Struct keeps as doubles, are int."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        whole = number.is_integer() and abs(number) <= MAX_EXACT_INTEGER and str(number) != "-0.0"
        return int(number) if whole else number
    return None if kind in (None, "null_value") else getattr(value, kind)


def from_struct(struct: Struct) -> dict:
    """The plain dict of a Struct."""
    return {key: from_value(item) for key, item in struct.fields.items()}


def path(at: Tuple[Any, ...]) -> str:
    """A path as violations name it: "model[0].structure.bias"."""
    text = ""
    for step in at:
        text += "[%d]" % step if isinstance(step, int) else ".%s" % step if text else str(step)
    return text
