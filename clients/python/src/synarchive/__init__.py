"""
A drop-in for the package in which the grid's components kept their records in a file. The same classes and methods
keep them in a Synergos Archive: set ARCHIVE_ADDRESS to its host:port, and programs run unchanged.
"""
from synarchive.document import Document
from synarchive.errors import (
    ArchiveError,
    ArchiveUnavailableError,
    OutcomeUnknownError,
    ParentNotFoundError,
    PermanentError,
    TransientError,
    ValidationError,
)

__all__ = [
    "ArchiveError",
    "ArchiveUnavailableError",
    "Document",
    "OutcomeUnknownError",
    "ParentNotFoundError",
    "PermanentError",
    "TransientError",
    "ValidationError",
]
