from google.protobuf import struct_pb2 as _struct_pb2
from synergos_archive.v1 import sensitivity_pb2 as _sensitivity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParticipantDetails(_message.Message):
    __slots__ = ("category", "summary", "phone", "email", "socials", "attributes")
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    SOCIALS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    category: _containers.RepeatedScalarFieldContainer[str]
    summary: str
    phone: str
    email: str
    socials: _struct_pb2.Struct
    attributes: _struct_pb2.Struct
    def __init__(self, category: _Optional[_Iterable[str]] = ..., summary: _Optional[str] = ..., phone: _Optional[str] = ..., email: _Optional[str] = ..., socials: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
