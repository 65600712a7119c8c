"""Written by stubs.py. Do not edit."""
from typing import Any, Dict, Mapping, Optional, Tuple

from synarchive.base import AssociationRecords as AssociationRecords
from synarchive.base import TopicalRecords as TopicalRecords
from synarchive.document import Document

schemas: Dict[str, Any]

class MLFRecords(TopicalRecords):
    subject: str
    ids: Tuple[str, ...]
    def __init__(self, db_path: Optional[str] = ...) -> None: ...
    def create(  # type: ignore[override]
        self, collaboration: str, project: str, record: str, name: str, details: Mapping[str, Any]
    ) -> Document: ...
    def read(  # type: ignore[override]
        self, collaboration: str, project: str, record: str, name: str
    ) -> Optional[Document]: ...
    def update(  # type: ignore[override]
        self, collaboration: str, project: str, record: str, name: str, updates: Mapping[str, Any]
    ) -> Optional[Document]: ...
    def delete(  # type: ignore[override]
        self, collaboration: str, project: str, record: str, name: str
    ) -> Optional[Document]: ...

class ValidationRecords(AssociationRecords):
    subject: str
    ids: Tuple[str, ...]
    def __init__(self, db_path: Optional[str] = ...) -> None: ...
    def create(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str, details: Mapping[str, Any]
    ) -> Document: ...
    def read(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str
    ) -> Optional[Document]: ...
    def update(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str, updates: Mapping[str, Any]
    ) -> Optional[Document]: ...
    def delete(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str
    ) -> Optional[Document]: ...

class PredictionRecords(AssociationRecords):
    subject: str
    ids: Tuple[str, ...]
    def __init__(self, db_path: Optional[str] = ...) -> None: ...
    def create(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str, details: Mapping[str, Any]
    ) -> Document: ...
    def read(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str
    ) -> Optional[Document]: ...
    def update(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str, updates: Mapping[str, Any]
    ) -> Optional[Document]: ...
    def delete(  # type: ignore[override]
        self, participant_id: str, collab_id: str, project_id: str, expt_id: str, run_id: str
    ) -> Optional[Document]: ...
