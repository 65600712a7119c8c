from google.protobuf import timestamp_pb2 as _timestamp_pb2
from synergos_archive.v1 import record_type_pb2 as _record_type_pb2
from synergos_archive.v1 import records_pb2 as _records_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_KIND_UNSPECIFIED: _ClassVar[ChangeKind]
    CHANGE_KIND_CREATED: _ClassVar[ChangeKind]
    CHANGE_KIND_UPDATED: _ClassVar[ChangeKind]
    CHANGE_KIND_DELETED: _ClassVar[ChangeKind]

class ChangeOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_ORDER_UNSPECIFIED: _ClassVar[ChangeOrder]
    CHANGE_ORDER_NEWEST_FIRST: _ClassVar[ChangeOrder]
    CHANGE_ORDER_OLDEST_FIRST: _ClassVar[ChangeOrder]
CHANGE_KIND_UNSPECIFIED: ChangeKind
CHANGE_KIND_CREATED: ChangeKind
CHANGE_KIND_UPDATED: ChangeKind
CHANGE_KIND_DELETED: ChangeKind
CHANGE_ORDER_UNSPECIFIED: ChangeOrder
CHANGE_ORDER_NEWEST_FIRST: ChangeOrder
CHANGE_ORDER_OLDEST_FIRST: ChangeOrder

class Change(_message.Message):
    __slots__ = ("revision", "kind", "key", "previous_etag", "etag", "deleted", "time", "principal", "request_id", "record")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_ETAG_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    revision: int
    kind: ChangeKind
    key: _records_pb2.ArchiveKey
    previous_etag: str
    etag: str
    deleted: _containers.RepeatedCompositeFieldContainer[_record_type_pb2.RecordCount]
    time: _timestamp_pb2.Timestamp
    principal: str
    request_id: str
    record: _records_pb2.ArchiveRecord
    def __init__(self, revision: _Optional[int] = ..., kind: _Optional[_Union[ChangeKind, str]] = ..., key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ..., previous_etag: _Optional[str] = ..., etag: _Optional[str] = ..., deleted: _Optional[_Iterable[_Union[_record_type_pb2.RecordCount, _Mapping]]] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ..., request_id: _Optional[str] = ..., record: _Optional[_Union[_records_pb2.ArchiveRecord, _Mapping]] = ...) -> None: ...

class ListChangesRequest(_message.Message):
    __slots__ = ("key", "record_types", "kinds", "principal", "start_time", "end_time", "order", "page_size", "page_token")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RECORD_TYPES_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.ArchiveKey
    record_types: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    kinds: _containers.RepeatedScalarFieldContainer[ChangeKind]
    principal: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    order: ChangeOrder
    page_size: int
    page_token: str
    def __init__(self, key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ..., record_types: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., kinds: _Optional[_Iterable[_Union[ChangeKind, str]]] = ..., principal: _Optional[str] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., order: _Optional[_Union[ChangeOrder, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("key", "record_types", "resume_token", "after_revision", "include_existing")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RECORD_TYPES_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_REVISION_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_EXISTING_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.ArchiveKey
    record_types: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    resume_token: str
    after_revision: int
    include_existing: bool
    def __init__(self, key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ..., record_types: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., resume_token: _Optional[str] = ..., after_revision: _Optional[int] = ..., include_existing: bool = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("existing", "changes", "resume_token", "revision", "existing_complete")
    EXISTING_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    EXISTING_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    existing: _containers.RepeatedCompositeFieldContainer[_records_pb2.ArchiveRecord]
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    resume_token: str
    revision: int
    existing_complete: bool
    def __init__(self, existing: _Optional[_Iterable[_Union[_records_pb2.ArchiveRecord, _Mapping]]] = ..., changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ..., resume_token: _Optional[str] = ..., revision: _Optional[int] = ..., existing_complete: bool = ...) -> None: ...
