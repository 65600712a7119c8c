from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_REGRESS: _ClassVar[Action]
    ACTION_CLASSIFY: _ClassVar[Action]
ACTION_UNSPECIFIED: Action
ACTION_REGRESS: Action
ACTION_CLASSIFY: Action

class ProjectDetails(_message.Message):
    __slots__ = ("action", "universe_alignment", "incentives", "start_at", "attributes")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    UNIVERSE_ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    INCENTIVES_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    action: Action
    universe_alignment: _containers.RepeatedScalarFieldContainer[str]
    incentives: _struct_pb2.Struct
    start_at: _timestamp_pb2.Timestamp
    attributes: _struct_pb2.Struct
    def __init__(self, action: _Optional[_Union[Action, str]] = ..., universe_alignment: _Optional[_Iterable[str]] = ..., incentives: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., start_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
