"""Written by stubs.py. Do not edit."""
from typing import Any, Dict, Mapping, Optional, Tuple

from synarchive.base import AssociationRecords as AssociationRecords
from synarchive.document import Document

schemas: Dict[str, Any]

class AlignmentRecords(AssociationRecords):
    subject: str
    ids: Tuple[str, ...]
    def __init__(self, db_path: Optional[str] = ...) -> None: ...
    def create(  # type: ignore[override]
        self, collab_id: str, project_id: str, participant_id: str, details: Mapping[str, Any]
    ) -> Document: ...
    def read(  # type: ignore[override]
        self, collab_id: str, project_id: str, participant_id: str
    ) -> Optional[Document]: ...
    def update(  # type: ignore[override]
        self, collab_id: str, project_id: str, participant_id: str, updates: Mapping[str, Any]
    ) -> Optional[Document]: ...
    def delete(  # type: ignore[override]
        self, collab_id: str, project_id: str, participant_id: str
    ) -> Optional[Document]: ...

class ModelRecords(AssociationRecords):
    subject: str
    ids: Tuple[str, ...]
    def __init__(self, db_path: Optional[str] = ...) -> None: ...
    def create(  # type: ignore[override]
        self, collab_id: str, project_id: str, expt_id: str, run_id: str, details: Mapping[str, Any]
    ) -> Document: ...
    def read(  # type: ignore[override]
        self, collab_id: str, project_id: str, expt_id: str, run_id: str
    ) -> Optional[Document]: ...
    def update(  # type: ignore[override]
        self, collab_id: str, project_id: str, expt_id: str, run_id: str, updates: Mapping[str, Any]
    ) -> Optional[Document]: ...
    def delete(  # type: ignore[override]
        self, collab_id: str, project_id: str, expt_id: str, run_id: str
    ) -> Optional[Document]: ...
