"""Messages from plain values: what stands for a message may be given as a mapping of its fields."""
from __future__ import annotations

import contextlib
import datetime
from typing import Any, Iterable, Iterator, Mapping, Tuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import NullValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

Kind = TypeVar("Kind", bound=Message)

#: The greatest number up to which a double holds every integer.
MAX_EXACT_INTEGER = 2**53

#: How many dicts and lists a value in a Struct may lie in, the Struct included: more, no protobuf decoder takes.
MAX_DEPTH = 32


def is_repeated(field: Any) -> bool:
    """Whether a field is a list or a map."""
    known = getattr(field, "is_repeated", None)  # From protobuf 6 on, where label is on its way out.
    return bool(known) if known is not None else field.label == FieldDescriptor.LABEL_REPEATED


def is_map(field: Any) -> bool:
    """Whether a field is a map."""
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def listed(value: Any, at: Tuple[Any, ...]) -> Any:
    """What is given for a list. TypeError, naming the path, for text, whose letters nobody means, and for mappings."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError("%s must be a list, not %r" % (path(at), value))
    return value


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
        if not isinstance(value, Mapping):
            raise TypeError("%s must be a mapping, not %r" % (path(at), value))
        of_messages = field.message_type.fields_by_name["value"].message_type
        for key, item in value.items():
            with _named((*at, key)):
                entry = target[key] if of_messages else target.update({key: item})
            if of_messages:
                fill(entry, item, (*at, key))
    elif is_repeated(field):
        for index, item in enumerate(listed(value, at)):
            if field.message_type:
                fill(target.add(), item, (*at, index))
            else:
                with _named((*at, index)):
                    target.append(_scalar(field, item))
    elif field.message_type:
        fill(target, value, at)
    else:
        with _named(at):
            setattr(message, field.name, _scalar(field, value))


@contextlib.contextmanager
def _named(at: Tuple[Any, ...]) -> Iterator[None]:
    """Adds the path to what protobuf says about a value."""
    try:
        yield
    except (TypeError, ValueError) as error:
        # Errors of Unicode, which are ValueErrors, cannot be made of a text alone.
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind("%s: %s" % (path(at), error)) from error


def _scalar(field: Any, value: Any) -> Any:
    if not (field.enum_type and isinstance(value, str)):
        return value
    if value not in field.enum_type.values_by_name:
        raise ValueError("%r is not one of %s" % (value, ", ".join(field.enum_type.values_by_name)))
    return field.enum_type.values_by_name[value].number


def fill_struct(struct: Any, value: Mapping[str, Any], at: Tuple[Any, ...], depth: int = 1) -> None:
    """Adds a mapping to a Struct. ValueError or TypeError, naming the path, for what a Struct does not hold exactly."""
    _check_depth(depth, at)
    struct.SetInParent()
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError("%s: names must be strings" % path((*at, key)))
        with _named((*at, key)):
            target = struct.fields[key]
        fill_value(target, item, (*at, key), depth)


def fill_value(target: Any, value: Any, at: Tuple[Any, ...], depth: int = 1) -> None:
    """Sets a Value of a Struct, which lies in `depth` dicts and lists."""
    if value is None:
        target.null_value = NullValue.Value("NULL_VALUE")
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        with _named(at):
            target.string_value = value
    elif isinstance(value, (int, float)):
        # So NaN and the infinities are refused too.
        if not (abs(value) <= MAX_EXACT_INTEGER or (isinstance(value, float) and abs(value) < float("inf"))):
            raise ValueError("%s: %r cannot be kept exactly here" % (path(at), value))
        target.number_value = value
    elif isinstance(value, Mapping):
        fill_struct(target.struct_value, value, at, depth + 1)
    elif isinstance(value, (list, tuple)):
        _check_depth(depth + 1, at)
        target.list_value.SetInParent()
        for index, item in enumerate(value):
            fill_value(target.list_value.values.add(), item, (*at, index), depth + 1)
    else:
        raise TypeError("%s: %r is not a JSON value" % (path(at), value))


def _check_depth(depth: int, at: Tuple[Any, ...]) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("%s lies deeper than %d dicts and lists" % (path(at), MAX_DEPTH))


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
    """The plain dict of a Struct, by the order of names: a Struct has none, and protobuf's is another in each process."""
    return {key: from_value(struct.fields[key]) for key in sorted(struct.fields)}


def path(at: Tuple[Any, ...]) -> str:
    """A path as violations name it: "model[0].structure.bias"."""
    text = ""
    for step in at:
        text += "[%d]" % step if isinstance(step, int) else ".%s" % (step,) if text else str(step)
    return text
