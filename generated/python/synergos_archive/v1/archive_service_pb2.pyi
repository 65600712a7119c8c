from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from synergos_archive.v1 import change_pb2 as _change_pb2
from synergos_archive.v1 import options_pb2 as _options_pb2
from synergos_archive.v1 import record_type_pb2 as _record_type_pb2
from synergos_archive.v1 import records_pb2 as _records_pb2
from synergos_archive.v1 import sensitivity_pb2 as _sensitivity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OnConflict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_CONFLICT_UNSPECIFIED: _ClassVar[OnConflict]
    ON_CONFLICT_FAIL: _ClassVar[OnConflict]
    ON_CONFLICT_SKIP: _ClassVar[OnConflict]
    ON_CONFLICT_REPLACE: _ClassVar[OnConflict]
ON_CONFLICT_UNSPECIFIED: OnConflict
ON_CONFLICT_FAIL: OnConflict
ON_CONFLICT_SKIP: OnConflict
ON_CONFLICT_REPLACE: OnConflict

class StreamDescendantsRequest(_message.Message):
    __slots__ = ("key", "relation_types", "include_root")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RELATION_TYPES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ROOT_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.ArchiveKey
    relation_types: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    include_root: bool
    def __init__(self, key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ..., relation_types: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., include_root: bool = ...) -> None: ...

class StreamDescendantsResponse(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[_records_pb2.ArchiveRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[_records_pb2.ArchiveRecord, _Mapping]]] = ...) -> None: ...

class CountDescendantsRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.ArchiveKey
    def __init__(self, key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ...) -> None: ...

class CountDescendantsResponse(_message.Message):
    __slots__ = ("counts",)
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[_record_type_pb2.RecordCount]
    def __init__(self, counts: _Optional[_Iterable[_Union[_record_type_pb2.RecordCount, _Mapping]]] = ...) -> None: ...

class BatchWriteRequest(_message.Message):
    __slots__ = ("operations",)
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[WriteOperation]
    def __init__(self, operations: _Optional[_Iterable[_Union[WriteOperation, _Mapping]]] = ...) -> None: ...

class WriteOperation(_message.Message):
    __slots__ = ("create", "update", "delete")
    CREATE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    create: CreateOperation
    update: UpdateOperation
    delete: DeleteOperation
    def __init__(self, create: _Optional[_Union[CreateOperation, _Mapping]] = ..., update: _Optional[_Union[UpdateOperation, _Mapping]] = ..., delete: _Optional[_Union[DeleteOperation, _Mapping]] = ...) -> None: ...

class CreateOperation(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.ArchiveRecord
    def __init__(self, record: _Optional[_Union[_records_pb2.ArchiveRecord, _Mapping]] = ...) -> None: ...

class UpdateOperation(_message.Message):
    __slots__ = ("record", "update_mask", "allow_missing", "etag")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.ArchiveRecord
    update_mask: _field_mask_pb2.FieldMask
    allow_missing: bool
    etag: str
    def __init__(self, record: _Optional[_Union[_records_pb2.ArchiveRecord, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., allow_missing: bool = ..., etag: _Optional[str] = ...) -> None: ...

class DeleteOperation(_message.Message):
    __slots__ = ("key", "etag", "allow_missing", "cascade")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    key: _records_pb2.ArchiveKey
    etag: str
    allow_missing: bool
    cascade: _options_pb2.Cascade
    def __init__(self, key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ..., etag: _Optional[str] = ..., allow_missing: bool = ..., cascade: _Optional[_Union[_options_pb2.Cascade, str]] = ...) -> None: ...

class BatchWriteResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[WriteResult]
    def __init__(self, results: _Optional[_Iterable[_Union[WriteResult, _Mapping]]] = ...) -> None: ...

class WriteResult(_message.Message):
    __slots__ = ("record", "deleted")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    record: _records_pb2.ArchiveRecord
    deleted: _containers.RepeatedCompositeFieldContainer[_record_type_pb2.RecordCount]
    def __init__(self, record: _Optional[_Union[_records_pb2.ArchiveRecord, _Mapping]] = ..., deleted: _Optional[_Iterable[_Union[_record_type_pb2.RecordCount, _Mapping]]] = ...) -> None: ...

class ImportOptions(_message.Message):
    __slots__ = ("on_conflict", "validate_only")
    ON_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    on_conflict: OnConflict
    validate_only: bool
    def __init__(self, on_conflict: _Optional[_Union[OnConflict, str]] = ..., validate_only: bool = ...) -> None: ...

class ImportRequest(_message.Message):
    __slots__ = ("options", "records")
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    options: ImportOptions
    records: _containers.RepeatedCompositeFieldContainer[_records_pb2.ArchiveRecord]
    def __init__(self, options: _Optional[_Union[ImportOptions, _Mapping]] = ..., records: _Optional[_Iterable[_Union[_records_pb2.ArchiveRecord, _Mapping]]] = ...) -> None: ...

class ImportResponse(_message.Message):
    __slots__ = ("counts", "refusals", "unlisted_refusals")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    UNLISTED_REFUSALS_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[ImportCount]
    refusals: _containers.RepeatedCompositeFieldContainer[ImportRefusal]
    unlisted_refusals: int
    def __init__(self, counts: _Optional[_Iterable[_Union[ImportCount, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[ImportRefusal, _Mapping]]] = ..., unlisted_refusals: _Optional[int] = ...) -> None: ...

class ImportCount(_message.Message):
    __slots__ = ("record_type", "created", "replaced", "unchanged", "skipped", "refused")
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    record_type: _record_type_pb2.RecordType
    created: int
    replaced: int
    unchanged: int
    skipped: int
    refused: int
    def __init__(self, record_type: _Optional[_Union[_record_type_pb2.RecordType, str]] = ..., created: _Optional[int] = ..., replaced: _Optional[int] = ..., unchanged: _Optional[int] = ..., skipped: _Optional[int] = ..., refused: _Optional[int] = ...) -> None: ...

class ImportRefusal(_message.Message):
    __slots__ = ("index", "key", "reason", "message", "violations", "missing")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    index: int
    key: _records_pb2.ArchiveKey
    reason: str
    message: str
    violations: _containers.RepeatedCompositeFieldContainer[ImportViolation]
    missing: _containers.RepeatedCompositeFieldContainer[_records_pb2.ArchiveKey]
    def __init__(self, index: _Optional[int] = ..., key: _Optional[_Union[_records_pb2.ArchiveKey, _Mapping]] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., violations: _Optional[_Iterable[_Union[ImportViolation, _Mapping]]] = ..., missing: _Optional[_Iterable[_Union[_records_pb2.ArchiveKey, _Mapping]]] = ...) -> None: ...

class ImportViolation(_message.Message):
    __slots__ = ("field", "description")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    field: str
    description: str
    def __init__(self, field: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class DescribeHierarchyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeHierarchyResponse(_message.Message):
    __slots__ = ("record_types",)
    RECORD_TYPES_FIELD_NUMBER: _ClassVar[int]
    record_types: _containers.RepeatedCompositeFieldContainer[RecordTypeDescription]
    def __init__(self, record_types: _Optional[_Iterable[_Union[RecordTypeDescription, _Mapping]]] = ...) -> None: ...

class RecordTypeDescription(_message.Message):
    __slots__ = ("record_type", "name", "key_fields", "parents", "ancestors", "relations", "link_fields", "service")
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELDS_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELDS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    record_type: _record_type_pb2.RecordType
    name: str
    key_fields: _containers.RepeatedScalarFieldContainer[str]
    parents: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    ancestors: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    relations: _containers.RepeatedScalarFieldContainer[_record_type_pb2.RecordType]
    link_fields: _containers.RepeatedScalarFieldContainer[str]
    service: str
    def __init__(self, record_type: _Optional[_Union[_record_type_pb2.RecordType, str]] = ..., name: _Optional[str] = ..., key_fields: _Optional[_Iterable[str]] = ..., parents: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., ancestors: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., relations: _Optional[_Iterable[_Union[_record_type_pb2.RecordType, str]]] = ..., link_fields: _Optional[_Iterable[str]] = ..., service: _Optional[str] = ...) -> None: ...

class WhoAmIRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WhoAmIResponse(_message.Message):
    __slots__ = ("principal", "grants", "expires_at")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    principal: str
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, principal: _Optional[str] = ..., grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("role", "scope", "participant_id", "sees")
    class ScopeEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    SEES_FIELD_NUMBER: _ClassVar[int]
    role: str
    scope: _containers.ScalarMap[str, str]
    participant_id: str
    sees: _containers.RepeatedScalarFieldContainer[_sensitivity_pb2.Sensitivity]
    def __init__(self, role: _Optional[str] = ..., scope: _Optional[_Mapping[str, str]] = ..., participant_id: _Optional[str] = ..., sees: _Optional[_Iterable[_Union[_sensitivity_pb2.Sensitivity, str]]] = ...) -> None: ...
