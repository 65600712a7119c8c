from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecordType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECORD_TYPE_UNSPECIFIED: _ClassVar[RecordType]
    RECORD_TYPE_COLLABORATION: _ClassVar[RecordType]
    RECORD_TYPE_PROJECT: _ClassVar[RecordType]
    RECORD_TYPE_EXPERIMENT: _ClassVar[RecordType]
    RECORD_TYPE_RUN: _ClassVar[RecordType]
    RECORD_TYPE_MODEL: _ClassVar[RecordType]
    RECORD_TYPE_VALIDATION: _ClassVar[RecordType]
    RECORD_TYPE_PREDICTION: _ClassVar[RecordType]
    RECORD_TYPE_PARTICIPANT: _ClassVar[RecordType]
    RECORD_TYPE_REGISTRATION: _ClassVar[RecordType]
    RECORD_TYPE_TAG: _ClassVar[RecordType]
    RECORD_TYPE_ALIGNMENT: _ClassVar[RecordType]
    RECORD_TYPE_MLFLOW: _ClassVar[RecordType]
RECORD_TYPE_UNSPECIFIED: RecordType
RECORD_TYPE_COLLABORATION: RecordType
RECORD_TYPE_PROJECT: RecordType
RECORD_TYPE_EXPERIMENT: RecordType
RECORD_TYPE_RUN: RecordType
RECORD_TYPE_MODEL: RecordType
RECORD_TYPE_VALIDATION: RecordType
RECORD_TYPE_PREDICTION: RecordType
RECORD_TYPE_PARTICIPANT: RecordType
RECORD_TYPE_REGISTRATION: RecordType
RECORD_TYPE_TAG: RecordType
RECORD_TYPE_ALIGNMENT: RecordType
RECORD_TYPE_MLFLOW: RecordType

class RecordCount(_message.Message):
    __slots__ = ("record_type", "count")
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    record_type: RecordType
    count: int
    def __init__(self, record_type: _Optional[_Union[RecordType, str]] = ..., count: _Optional[int] = ...) -> None: ...
