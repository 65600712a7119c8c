from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TagDetails(_message.Message):
    __slots__ = ("train", "evaluate", "predict", "model", "hyperparameters", "attributes")
    TRAIN_FIELD_NUMBER: _ClassVar[int]
    EVALUATE_FIELD_NUMBER: _ClassVar[int]
    PREDICT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    HYPERPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    train: TagList
    evaluate: TagList
    predict: TagList
    model: TagPath
    hyperparameters: TagPath
    attributes: _struct_pb2.Struct
    def __init__(self, train: _Optional[_Union[TagList, _Mapping]] = ..., evaluate: _Optional[_Union[TagList, _Mapping]] = ..., predict: _Optional[_Union[TagList, _Mapping]] = ..., model: _Optional[_Union[TagPath, _Mapping]] = ..., hyperparameters: _Optional[_Union[TagPath, _Mapping]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class TagList(_message.Message):
    __slots__ = ("tags",)
    TAGS_FIELD_NUMBER: _ClassVar[int]
    tags: _containers.RepeatedCompositeFieldContainer[TagPath]
    def __init__(self, tags: _Optional[_Iterable[_Union[TagPath, _Mapping]]] = ...) -> None: ...

class TagPath(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tokens: _Optional[_Iterable[str]] = ...) -> None: ...
