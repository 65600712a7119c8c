from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InferenceResult(_message.Message):
    __slots__ = ("statistics", "res_path", "attributes")
    class StatisticsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Statistic
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Statistic, _Mapping]] = ...) -> None: ...
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    RES_PATH_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    statistics: _containers.MessageMap[str, Statistic]
    res_path: str
    attributes: _struct_pb2.Struct
    def __init__(self, statistics: _Optional[_Mapping[str, Statistic]] = ..., res_path: _Optional[str] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Statistic(_message.Message):
    __slots__ = ("scalar", "count", "scalars", "counts")
    SCALAR_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SCALARS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    scalar: float
    count: int
    scalars: Scalars
    counts: Counts
    def __init__(self, scalar: _Optional[float] = ..., count: _Optional[int] = ..., scalars: _Optional[_Union[Scalars, _Mapping]] = ..., counts: _Optional[_Union[Counts, _Mapping]] = ...) -> None: ...

class Scalars(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class Counts(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...
