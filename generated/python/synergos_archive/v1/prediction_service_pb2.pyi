from google.protobuf import field_mask_pb2 as _field_mask_pb2
from synergos_archive.v1 import options_pb2 as _options_pb2
from synergos_archive.v1 import prediction_pb2 as _prediction_pb2
from synergos_archive.v1 import record_type_pb2 as _record_type_pb2
from synergos_archive.v1 import records_pb2 as _records_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreatePredictionRequest(_message.Message):
    __slots__ = ("key", "details", "validate_only")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.PredictionKey
    details: _prediction_pb2.PredictionDetails
    validate_only: bool
    def __init__(self, key: _Optional[_Union[_records_pb2.PredictionKey, _Mapping]] = ..., details: _Optional[_Union[_prediction_pb2.PredictionDetails, _Mapping]] = ..., validate_only: bool = ...) -> None: ...

class CreatePredictionResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.Prediction
    def __init__(self, record: _Optional[_Union[_records_pb2.Prediction, _Mapping]] = ...) -> None: ...

class GetPredictionRequest(_message.Message):
    __slots__ = ("key", "view", "relation_types")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    RELATION_TYPES_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.PredictionKey
    view: _options_pb2.View
    relation_types: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    def __init__(self, key: _Optional[_Union[_records_pb2.PredictionKey, _Mapping]] = ..., view: _Optional[_Union[_options_pb2.View, str]] = ..., relation_types: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ...) -> None: ...

class GetPredictionResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.Prediction
    def __init__(self, record: _Optional[_Union[_records_pb2.Prediction, _Mapping]] = ...) -> None: ...

class PredictionFilter(_message.Message):
    __slots__ = ("collab_id", "project_id", "expt_id", "run_id", "participant_id", "id_prefix")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    expt_id: str
    run_id: str
    participant_id: str
    id_prefix: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., expt_id: _Optional[str] = ..., run_id: _Optional[str] = ..., participant_id: _Optional[str] = ..., id_prefix: _Optional[str] = ...) -> None: ...

class ListPredictionRequest(_message.Message):
    __slots__ = ("filter", "view", "relation_types", "page_size", "page_token", "with_total")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    RELATION_TYPES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    WITH_TOTAL_FIELD_NUMBER: _ClassVar[int]
    filter: PredictionFilter
    view: _options_pb2.View
    relation_types: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    page_size: int
    page_token: str
    with_total: bool
    def __init__(self, filter: _Optional[_Union[PredictionFilter, _Mapping]] = ..., view: _Optional[_Union[_options_pb2.View, str]] = ..., relation_types: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., with_total: bool = ...) -> None: ...

class ListPredictionResponse(_message.Message):
    __slots__ = ("records", "next_page_token", "total_size")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[_records_pb2.Prediction]
    next_page_token: str
    total_size: int
    def __init__(self, records: _Optional[_Iterable[_Union[_records_pb2.Prediction, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdatePredictionRequest(_message.Message):
    __slots__ = ("key", "details", "update_mask", "allow_missing", "etag")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.PredictionKey
    details: _prediction_pb2.PredictionDetails
    update_mask: _field_mask_pb2.FieldMask
    allow_missing: bool
    etag: str
    def __init__(self, key: _Optional[_Union[_records_pb2.PredictionKey, _Mapping]] = ..., details: _Optional[_Union[_prediction_pb2.PredictionDetails, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., allow_missing: bool = ..., etag: _Optional[str] = ...) -> None: ...

class UpdatePredictionResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.Prediction
    def __init__(self, record: _Optional[_Union[_records_pb2.Prediction, _Mapping]] = ...) -> None: ...

class DeletePredictionRequest(_message.Message):
    __slots__ = ("key", "etag", "allow_missing", "cascade", "validate_only", "view")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.PredictionKey
    etag: str
    allow_missing: bool
    cascade: _options_pb2.Cascade
    validate_only: bool
    view: _options_pb2.View
    def __init__(self, key: _Optional[_Union[_records_pb2.PredictionKey, _Mapping]] = ..., etag: _Optional[str] = ..., allow_missing: bool = ..., cascade: _Optional[_Union[_options_pb2.Cascade, str]] = ..., validate_only: bool = ..., view: _Optional[_Union[_options_pb2.View, str]] = ...) -> None: ...

class DeletePredictionResponse(_message.Message):
    __slots__ = ("record", "deleted")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.Prediction
    deleted: _containers.RepeatedCompositeFieldContainer[_record_type_pb2.RecordCount]
    def __init__(self, record: _Optional[_Union[_records_pb2.Prediction, _Mapping]] = ..., deleted: _Optional[_Iterable[_Union[_record_type_pb2.RecordCount, _Mapping]]] = ...) -> None: ...
