from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MlflowType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MLFLOW_TYPE_UNSPECIFIED: _ClassVar[MlflowType]
    MLFLOW_TYPE_EXPERIMENT: _ClassVar[MlflowType]
    MLFLOW_TYPE_RUN: _ClassVar[MlflowType]
MLFLOW_TYPE_UNSPECIFIED: MlflowType
MLFLOW_TYPE_EXPERIMENT: MlflowType
MLFLOW_TYPE_RUN: MlflowType

class MLFlowDetails(_message.Message):
    __slots__ = ("mlflow_type", "mlflow_id", "mlflow_uri")
    MLFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    MLFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    MLFLOW_URI_FIELD_NUMBER: _ClassVar[int]
    mlflow_type: MlflowType
    mlflow_id: str
    mlflow_uri: str
    def __init__(self, mlflow_type: _Optional[_Union[MlflowType, str]] = ..., mlflow_id: _Optional[str] = ..., mlflow_uri: _Optional[str] = ...) -> None: ...
