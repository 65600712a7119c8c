from google.protobuf import struct_pb2 as _struct_pb2
from synergos_archive.v1 import inference_result_pb2 as _inference_result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ValidationDetails(_message.Message):
    __slots__ = ("results", "attributes")
    class ResultsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _inference_result_pb2.InferenceResult
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_inference_result_pb2.InferenceResult, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    results: _containers.MessageMap[str, _inference_result_pb2.InferenceResult]
    attributes: _struct_pb2.Struct
    def __init__(self, results: _Optional[_Mapping[str, _inference_result_pb2.InferenceResult]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
