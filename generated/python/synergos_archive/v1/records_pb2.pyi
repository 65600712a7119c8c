from google.protobuf import timestamp_pb2 as _timestamp_pb2
from synergos_archive.v1 import alignment_pb2 as _alignment_pb2
from synergos_archive.v1 import collaboration_pb2 as _collaboration_pb2
from synergos_archive.v1 import experiment_pb2 as _experiment_pb2
from synergos_archive.v1 import mlflow_pb2 as _mlflow_pb2
from synergos_archive.v1 import model_pb2 as _model_pb2
from synergos_archive.v1 import participant_pb2 as _participant_pb2
from synergos_archive.v1 import prediction_pb2 as _prediction_pb2
from synergos_archive.v1 import project_pb2 as _project_pb2
from synergos_archive.v1 import registration_pb2 as _registration_pb2
from synergos_archive.v1 import run_pb2 as _run_pb2
from synergos_archive.v1 import tag_pb2 as _tag_pb2
from synergos_archive.v1 import validation_pb2 as _validation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CollaborationKey(_message.Message):
    __slots__ = ("collab_id",)
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    def __init__(self, collab_id: _Optional[str] = ...) -> None: ...

class Collaboration(_message.Message):
    __slots__ = ("key", "details", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: CollaborationKey
    details: _collaboration_pb2.CollaborationDetails
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[CollaborationKey, _Mapping]] = ..., details: _Optional[_Union[_collaboration_pb2.CollaborationDetails, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class ProjectKey(_message.Message):
    __slots__ = ("collab_id", "project_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ...) -> None: ...

class Project(_message.Message):
    __slots__ = ("key", "details", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: ProjectKey
    details: _project_pb2.ProjectDetails
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[ProjectKey, _Mapping]] = ..., details: _Optional[_Union[_project_pb2.ProjectDetails, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class ExperimentKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "expt_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    expt_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., expt_id: _Optional[str] = ...) -> None: ...

class Experiment(_message.Message):
    __slots__ = ("key", "details", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: ExperimentKey
    details: _experiment_pb2.ExperimentDetails
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[ExperimentKey, _Mapping]] = ..., details: _Optional[_Union[_experiment_pb2.ExperimentDetails, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class RunKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "expt_id", "run_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    expt_id: str
    run_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., expt_id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class Run(_message.Message):
    __slots__ = ("key", "details", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: RunKey
    details: _run_pb2.RunDetails
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[RunKey, _Mapping]] = ..., details: _Optional[_Union[_run_pb2.RunDetails, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class ParticipantKey(_message.Message):
    __slots__ = ("participant_id",)
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    participant_id: str
    def __init__(self, participant_id: _Optional[str] = ...) -> None: ...

class Participant(_message.Message):
    __slots__ = ("key", "details", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: ParticipantKey
    details: _participant_pb2.ParticipantDetails
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[ParticipantKey, _Mapping]] = ..., details: _Optional[_Union[_participant_pb2.ParticipantDetails, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class RegistrationKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "participant_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    participant_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., participant_id: _Optional[str] = ...) -> None: ...

class RegistrationLink(_message.Message):
    __slots__ = ("registration_id",)
    REGISTRATION_ID_FIELD_NUMBER: _ClassVar[int]
    registration_id: str
    def __init__(self, registration_id: _Optional[str] = ...) -> None: ...

class Registration(_message.Message):
    __slots__ = ("key", "details", "link", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: RegistrationKey
    details: _registration_pb2.RegistrationDetails
    link: RegistrationLink
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[RegistrationKey, _Mapping]] = ..., details: _Optional[_Union[_registration_pb2.RegistrationDetails, _Mapping]] = ..., link: _Optional[_Union[RegistrationLink, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class TagKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "participant_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    participant_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., participant_id: _Optional[str] = ...) -> None: ...

class TagLink(_message.Message):
    __slots__ = ("registration_id", "tag_id")
    REGISTRATION_ID_FIELD_NUMBER: _ClassVar[int]
    TAG_ID_FIELD_NUMBER: _ClassVar[int]
    registration_id: str
    tag_id: str
    def __init__(self, registration_id: _Optional[str] = ..., tag_id: _Optional[str] = ...) -> None: ...

class Tag(_message.Message):
    __slots__ = ("key", "details", "link", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: TagKey
    details: _tag_pb2.TagDetails
    link: TagLink
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[TagKey, _Mapping]] = ..., details: _Optional[_Union[_tag_pb2.TagDetails, _Mapping]] = ..., link: _Optional[_Union[TagLink, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class AlignmentKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "participant_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    participant_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., participant_id: _Optional[str] = ...) -> None: ...

class AlignmentLink(_message.Message):
    __slots__ = ("registration_id", "tag_id", "alignment_id")
    REGISTRATION_ID_FIELD_NUMBER: _ClassVar[int]
    TAG_ID_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    registration_id: str
    tag_id: str
    alignment_id: str
    def __init__(self, registration_id: _Optional[str] = ..., tag_id: _Optional[str] = ..., alignment_id: _Optional[str] = ...) -> None: ...

class Alignment(_message.Message):
    __slots__ = ("key", "details", "link", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: AlignmentKey
    details: _alignment_pb2.AlignmentDetails
    link: AlignmentLink
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[AlignmentKey, _Mapping]] = ..., details: _Optional[_Union[_alignment_pb2.AlignmentDetails, _Mapping]] = ..., link: _Optional[_Union[AlignmentLink, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class ModelKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "expt_id", "run_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    expt_id: str
    run_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., expt_id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class ModelLink(_message.Message):
    __slots__ = ("model_id",)
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    def __init__(self, model_id: _Optional[str] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("key", "details", "link", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: ModelKey
    details: _model_pb2.ModelDetails
    link: ModelLink
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[ModelKey, _Mapping]] = ..., details: _Optional[_Union[_model_pb2.ModelDetails, _Mapping]] = ..., link: _Optional[_Union[ModelLink, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class ValidationKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "expt_id", "run_id", "participant_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    expt_id: str
    run_id: str
    participant_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., expt_id: _Optional[str] = ..., run_id: _Optional[str] = ..., participant_id: _Optional[str] = ...) -> None: ...

class ValidationLink(_message.Message):
    __slots__ = ("val_id",)
    VAL_ID_FIELD_NUMBER: _ClassVar[int]
    val_id: str
    def __init__(self, val_id: _Optional[str] = ...) -> None: ...

class Validation(_message.Message):
    __slots__ = ("key", "details", "link", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: ValidationKey
    details: _validation_pb2.ValidationDetails
    link: ValidationLink
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[ValidationKey, _Mapping]] = ..., details: _Optional[_Union[_validation_pb2.ValidationDetails, _Mapping]] = ..., link: _Optional[_Union[ValidationLink, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class PredictionKey(_message.Message):
    __slots__ = ("collab_id", "project_id", "expt_id", "run_id", "participant_id")
    COLLAB_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    collab_id: str
    project_id: str
    expt_id: str
    run_id: str
    participant_id: str
    def __init__(self, collab_id: _Optional[str] = ..., project_id: _Optional[str] = ..., expt_id: _Optional[str] = ..., run_id: _Optional[str] = ..., participant_id: _Optional[str] = ...) -> None: ...

class PredictionLink(_message.Message):
    __slots__ = ("pred_id",)
    PRED_ID_FIELD_NUMBER: _ClassVar[int]
    pred_id: str
    def __init__(self, pred_id: _Optional[str] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("key", "details", "link", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: PredictionKey
    details: _prediction_pb2.PredictionDetails
    link: PredictionLink
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[PredictionKey, _Mapping]] = ..., details: _Optional[_Union[_prediction_pb2.PredictionDetails, _Mapping]] = ..., link: _Optional[_Union[PredictionLink, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class MLFlowKey(_message.Message):
    __slots__ = ("collaboration", "project", "record", "name")
    COLLABORATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    collaboration: str
    project: str
    record: str
    name: str
    def __init__(self, collaboration: _Optional[str] = ..., project: _Optional[str] = ..., record: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class MLFlow(_message.Message):
    __slots__ = ("key", "details", "record_id", "created_at", "updated_at", "etag", "relations", "ancestors", "created_by", "updated_by", "masked")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    ANCESTORS_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    key: MLFlowKey
    details: _mlflow_pb2.MLFlowDetails
    record_id: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    relations: Relations
    ancestors: Ancestors
    created_by: str
    updated_by: str
    masked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[_Union[MLFlowKey, _Mapping]] = ..., details: _Optional[_Union[_mlflow_pb2.MLFlowDetails, _Mapping]] = ..., record_id: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., relations: _Optional[_Union[Relations, _Mapping]] = ..., ancestors: _Optional[_Union[Ancestors, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., masked: _Optional[_Iterable[str]] = ...) -> None: ...

class Relations(_message.Message):
    __slots__ = ("projects", "experiments", "runs", "models", "validations", "predictions", "registrations", "tags", "alignments")
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENTS_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    VALIDATIONS_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    REGISTRATIONS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    projects: _containers.RepeatedCompositeFieldContainer[Project]
    experiments: _containers.RepeatedCompositeFieldContainer[Experiment]
    runs: _containers.RepeatedCompositeFieldContainer[Run]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    validations: _containers.RepeatedCompositeFieldContainer[Validation]
    predictions: _containers.RepeatedCompositeFieldContainer[Prediction]
    registrations: _containers.RepeatedCompositeFieldContainer[Registration]
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    alignments: _containers.RepeatedCompositeFieldContainer[Alignment]
    def __init__(self, projects: _Optional[_Iterable[_Union[Project, _Mapping]]] = ..., experiments: _Optional[_Iterable[_Union[Experiment, _Mapping]]] = ..., runs: _Optional[_Iterable[_Union[Run, _Mapping]]] = ..., models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., validations: _Optional[_Iterable[_Union[Validation, _Mapping]]] = ..., predictions: _Optional[_Iterable[_Union[Prediction, _Mapping]]] = ..., registrations: _Optional[_Iterable[_Union[Registration, _Mapping]]] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ..., alignments: _Optional[_Iterable[_Union[Alignment, _Mapping]]] = ...) -> None: ...

class Ancestors(_message.Message):
    __slots__ = ("collaboration", "project", "experiment", "run", "participant", "registration", "tag")
    COLLABORATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    collaboration: Collaboration
    project: Project
    experiment: Experiment
    run: Run
    participant: Participant
    registration: Registration
    tag: Tag
    def __init__(self, collaboration: _Optional[_Union[Collaboration, _Mapping]] = ..., project: _Optional[_Union[Project, _Mapping]] = ..., experiment: _Optional[_Union[Experiment, _Mapping]] = ..., run: _Optional[_Union[Run, _Mapping]] = ..., participant: _Optional[_Union[Participant, _Mapping]] = ..., registration: _Optional[_Union[Registration, _Mapping]] = ..., tag: _Optional[_Union[Tag, _Mapping]] = ...) -> None: ...

class ArchiveRecord(_message.Message):
    __slots__ = ("collaboration", "project", "experiment", "run", "model", "validation", "prediction", "participant", "registration", "tag", "alignment", "mlflow")
    COLLABORATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    MLFLOW_FIELD_NUMBER: _ClassVar[int]
    collaboration: Collaboration
    project: Project
    experiment: Experiment
    run: Run
    model: Model
    validation: Validation
    prediction: Prediction
    participant: Participant
    registration: Registration
    tag: Tag
    alignment: Alignment
    mlflow: MLFlow
    def __init__(self, collaboration: _Optional[_Union[Collaboration, _Mapping]] = ..., project: _Optional[_Union[Project, _Mapping]] = ..., experiment: _Optional[_Union[Experiment, _Mapping]] = ..., run: _Optional[_Union[Run, _Mapping]] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., validation: _Optional[_Union[Validation, _Mapping]] = ..., prediction: _Optional[_Union[Prediction, _Mapping]] = ..., participant: _Optional[_Union[Participant, _Mapping]] = ..., registration: _Optional[_Union[Registration, _Mapping]] = ..., tag: _Optional[_Union[Tag, _Mapping]] = ..., alignment: _Optional[_Union[Alignment, _Mapping]] = ..., mlflow: _Optional[_Union[MLFlow, _Mapping]] = ...) -> None: ...

class ArchiveKey(_message.Message):
    __slots__ = ("collaboration", "project", "experiment", "run", "model", "validation", "prediction", "participant", "registration", "tag", "alignment", "mlflow")
    COLLABORATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    MLFLOW_FIELD_NUMBER: _ClassVar[int]
    collaboration: CollaborationKey
    project: ProjectKey
    experiment: ExperimentKey
    run: RunKey
    model: ModelKey
    validation: ValidationKey
    prediction: PredictionKey
    participant: ParticipantKey
    registration: RegistrationKey
    tag: TagKey
    alignment: AlignmentKey
    mlflow: MLFlowKey
    def __init__(self, collaboration: _Optional[_Union[CollaborationKey, _Mapping]] = ..., project: _Optional[_Union[ProjectKey, _Mapping]] = ..., experiment: _Optional[_Union[ExperimentKey, _Mapping]] = ..., run: _Optional[_Union[RunKey, _Mapping]] = ..., model: _Optional[_Union[ModelKey, _Mapping]] = ..., validation: _Optional[_Union[ValidationKey, _Mapping]] = ..., prediction: _Optional[_Union[PredictionKey, _Mapping]] = ..., participant: _Optional[_Union[ParticipantKey, _Mapping]] = ..., registration: _Optional[_Union[RegistrationKey, _Mapping]] = ..., tag: _Optional[_Union[TagKey, _Mapping]] = ..., alignment: _Optional[_Union[AlignmentKey, _Mapping]] = ..., mlflow: _Optional[_Union[MLFlowKey, _Mapping]] = ...) -> None: ...
