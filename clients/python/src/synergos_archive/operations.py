"""Operations of BatchWrite."""
from __future__ import annotations

from typing import Any, Generic, Iterable, Mapping, Optional, TypeVar, Union

from synergos_archive import v1
from synergos_archive.flows import RecordFlows, mask_of

Key = TypeVar("Key")
Details = TypeVar("Details")
Fields = Mapping[str, Any]


class Operations(Generic[Key, Details]):
    """What BatchWrite can do with records of one type."""

    def __init__(self, flows: RecordFlows):
        self._flows = flows

    def create(self, key: Union[Key, Fields], details: Union[Details, Fields, None] = None) -> v1.WriteOperation:
        """Creates a record."""
        return v1.WriteOperation(create=v1.CreateOperation(record=self._flows.record(key, details)))

    def update(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        update_mask: Optional[Iterable[str]] = None,
        allow_missing: bool = False,
        etag: str = "",
    ) -> v1.WriteOperation:
        """Changes a record."""
        return v1.WriteOperation(
            update=v1.UpdateOperation(
                record=self._flows.record(key, details),
                update_mask=mask_of(update_mask),
                allow_missing=allow_missing,
                etag=etag,
            )
        )

    def upsert(self, key: Union[Key, Fields], details: Union[Details, Fields, None] = None) -> v1.WriteOperation:
        """Creates a record, or replaces its details."""
        return self.update(key, details, allow_missing=True)

    def delete(
        self, key: Union[Key, Fields], etag: str = "", allow_missing: bool = False, cascade: int = 0
    ) -> v1.WriteOperation:
        """Deletes a record."""
        operation = v1.WriteOperation(
            delete=v1.DeleteOperation(etag=etag, allow_missing=allow_missing, cascade=cascade)  # type: ignore[arg-type]
        )
        getattr(operation.delete.key, self._flows.type.field).CopyFrom(self._flows.key(key))
        return operation
