from google.protobuf import struct_pb2 as _struct_pb2
from synergos_archive.v1 import sensitivity_pb2 as _sensitivity_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CollaborationDetails(_message.Message):
    __slots__ = ("catalogue", "logs", "meter", "mlops", "mq", "attributes")
    CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    MLOPS_FIELD_NUMBER: _ClassVar[int]
    MQ_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    catalogue: Component
    logs: Component
    meter: Component
    mlops: Component
    mq: Component
    attributes: _struct_pb2.Struct
    def __init__(self, catalogue: _Optional[_Union[Component, _Mapping]] = ..., logs: _Optional[_Union[Component, _Mapping]] = ..., meter: _Optional[_Union[Component, _Mapping]] = ..., mlops: _Optional[_Union[Component, _Mapping]] = ..., mq: _Optional[_Union[Component, _Mapping]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Component(_message.Message):
    __slots__ = ("host", "ports", "secure", "attributes")
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORTS_FIELD_NUMBER: _ClassVar[int]
    SECURE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    host: str
    ports: ComponentPorts
    secure: bool
    attributes: _struct_pb2.Struct
    def __init__(self, host: _Optional[str] = ..., ports: _Optional[_Union[ComponentPorts, _Mapping]] = ..., secure: bool = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ComponentPorts(_message.Message):
    __slots__ = ("main", "ui", "sysmetrics", "director", "ttp", "worker", "attributes")
    MAIN_FIELD_NUMBER: _ClassVar[int]
    UI_FIELD_NUMBER: _ClassVar[int]
    SYSMETRICS_FIELD_NUMBER: _ClassVar[int]
    DIRECTOR_FIELD_NUMBER: _ClassVar[int]
    TTP_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    main: int
    ui: int
    sysmetrics: int
    director: int
    ttp: int
    worker: int
    attributes: _struct_pb2.Struct
    def __init__(self, main: _Optional[int] = ..., ui: _Optional[int] = ..., sysmetrics: _Optional[int] = ..., director: _Optional[int] = ..., ttp: _Optional[int] = ..., worker: _Optional[int] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
