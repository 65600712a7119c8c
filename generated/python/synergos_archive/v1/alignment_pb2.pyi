from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AlignmentDetails(_message.Message):
    __slots__ = ("train", "evaluate", "predict", "attributes")
    TRAIN_FIELD_NUMBER: _ClassVar[int]
    EVALUATE_FIELD_NUMBER: _ClassVar[int]
    PREDICT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    train: SpacerIndexes
    evaluate: SpacerIndexes
    predict: SpacerIndexes
    attributes: _struct_pb2.Struct
    def __init__(self, train: _Optional[_Union[SpacerIndexes, _Mapping]] = ..., evaluate: _Optional[_Union[SpacerIndexes, _Mapping]] = ..., predict: _Optional[_Union[SpacerIndexes, _Mapping]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class SpacerIndexes(_message.Message):
    __slots__ = ("X", "y", "attributes")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    X: _containers.RepeatedScalarFieldContainer[int]
    y: _containers.RepeatedScalarFieldContainer[int]
    attributes: _struct_pb2.Struct
    def __init__(self, X: _Optional[_Iterable[int]] = ..., y: _Optional[_Iterable[int]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
