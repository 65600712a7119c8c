"""What all classes of records have."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class AbstractRecords(ABC):
    """What can be done with records. Which arguments say which record, each class says itself."""

    @abstractmethod
    def create(self, *args: Any, **kwargs: Any) -> Any:
        """Creates a record, or replaces the details of the one there is."""

    @abstractmethod
    def read_all(self, *args: Any, **kwargs: Any) -> Any:
        """Returns all records that match."""

    @abstractmethod
    def read(self, *args: Any, **kwargs: Any) -> Any:
        """Returns a record, None where there is none."""

    @abstractmethod
    def update(self, *args: Any, **kwargs: Any) -> Any:
        """Changes some of a record's details."""

    @abstractmethod
    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Deletes a record and returns it, None where there was none."""
