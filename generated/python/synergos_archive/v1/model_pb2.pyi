from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelDetails(_message.Message):
    __slots__ = ("locals",)
    class LocalsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ModelExport
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ModelExport, _Mapping]] = ...) -> None: ...
    GLOBAL_FIELD_NUMBER: _ClassVar[int]
    LOCALS_FIELD_NUMBER: _ClassVar[int]
    locals: _containers.MessageMap[str, ModelExport]
    def __init__(self, locals: _Optional[_Mapping[str, ModelExport]] = ..., **kwargs) -> None: ...

class ModelExport(_message.Message):
    __slots__ = ("origin", "path", "loss_history", "checkpoints", "attributes")
    class CheckpointsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: CheckpointRound
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[CheckpointRound, _Mapping]] = ...) -> None: ...
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    LOSS_HISTORY_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    origin: str
    path: str
    loss_history: str
    checkpoints: _containers.MessageMap[str, CheckpointRound]
    attributes: _struct_pb2.Struct
    def __init__(self, origin: _Optional[str] = ..., path: _Optional[str] = ..., loss_history: _Optional[str] = ..., checkpoints: _Optional[_Mapping[str, CheckpointRound]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CheckpointRound(_message.Message):
    __slots__ = ("epochs",)
    class EpochsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Checkpoint
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    epochs: _containers.MessageMap[str, Checkpoint]
    def __init__(self, epochs: _Optional[_Mapping[str, Checkpoint]] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("path", "loss_history", "attributes")
    PATH_FIELD_NUMBER: _ClassVar[int]
    LOSS_HISTORY_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    path: str
    loss_history: str
    attributes: _struct_pb2.Struct
    def __init__(self, path: _Optional[str] = ..., loss_history: _Optional[str] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
