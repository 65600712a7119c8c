from google.protobuf import struct_pb2 as _struct_pb2
from synergos_archive.v1 import sensitivity_pb2 as _sensitivity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_HOST: _ClassVar[Role]
    ROLE_GUEST: _ClassVar[Role]
    ROLE_ARBITER: _ClassVar[Role]
ROLE_UNSPECIFIED: Role
ROLE_HOST: Role
ROLE_GUEST: Role
ROLE_ARBITER: Role

class RegistrationDetails(_message.Message):
    __slots__ = ("role", "n_count", "nodes")
    class NodesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Node
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Node, _Mapping]] = ...) -> None: ...
    ROLE_FIELD_NUMBER: _ClassVar[int]
    N_COUNT_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    role: Role
    n_count: int
    nodes: _containers.MessageMap[str, Node]
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., n_count: _Optional[int] = ..., nodes: _Optional[_Mapping[str, Node]] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("host", "port", "f_port", "log_msgs", "verbose", "attributes")
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    F_PORT_FIELD_NUMBER: _ClassVar[int]
    LOG_MSGS_FIELD_NUMBER: _ClassVar[int]
    VERBOSE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    host: str
    port: int
    f_port: int
    log_msgs: bool
    verbose: bool
    attributes: _struct_pb2.Struct
    def __init__(self, host: _Optional[str] = ..., port: _Optional[int] = ..., f_port: _Optional[int] = ..., log_msgs: bool = ..., verbose: bool = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
