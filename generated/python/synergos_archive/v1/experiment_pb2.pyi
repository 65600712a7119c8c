from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExperimentDetails(_message.Message):
    __slots__ = ("model", "attributes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    model: _containers.RepeatedCompositeFieldContainer[Layer]
    attributes: _struct_pb2.Struct
    def __init__(self, model: _Optional[_Iterable[_Union[Layer, _Mapping]]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Layer(_message.Message):
    __slots__ = ("is_input", "l_type", "structure", "activation", "attributes")
    IS_INPUT_FIELD_NUMBER: _ClassVar[int]
    L_TYPE_FIELD_NUMBER: _ClassVar[int]
    STRUCTURE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATION_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    is_input: bool
    l_type: str
    structure: _struct_pb2.Struct
    activation: str
    attributes: _struct_pb2.Struct
    def __init__(self, is_input: bool = ..., l_type: _Optional[str] = ..., structure: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., activation: _Optional[str] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
