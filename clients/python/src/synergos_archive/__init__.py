"""
A typed client of the Synergos Archive.

    from synergos_archive import connect

    with connect("localhost:50051") as archive:
        archive.collaboration.create(key={"collab_id": "c"})
        for project in archive.project.list(filter={"collab_id": "c"}):
            print(project.key.project_id)

`connect_async` gives the same for asyncio. All messages and enums are in `synergos_archive.v1`.
"""
from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

from synergos_archive import aio, v1
from synergos_archive.changes import WatchEvent
from synergos_archive.client import Archive
from synergos_archive.connection import Connection, Pem, Token
from synergos_archive.errors import (
    AccessDeniedError,
    ArchiveError,
    ArchiveUnavailableError,
    ChangesGoneError,
    ConflictError,
    DeadlineExceededError,
    EtagMismatchError,
    HasRelationsError,
    InvalidArgumentError,
    OutcomeUnknownError,
    OverloadedError,
    ParentNotFoundError,
    PermanentError,
    RecordExistsError,
    RecordNotFoundError,
    RequestTooLargeError,
    ResponseTooLargeError,
    TransientError,
    UnauthenticatedError,
    Violation,
)
from synergos_archive.flows import Deleted, Page

__all__ = [
    "AccessDeniedError",
    "Archive",
    "ArchiveError",
    "ArchiveUnavailableError",
    "ChangesGoneError",
    "ConflictError",
    "Connection",
    "DeadlineExceededError",
    "Deleted",
    "EtagMismatchError",
    "HasRelationsError",
    "InvalidArgumentError",
    "OutcomeUnknownError",
    "OverloadedError",
    "Page",
    "ParentNotFoundError",
    "PermanentError",
    "RecordExistsError",
    "RecordNotFoundError",
    "RequestTooLargeError",
    "ResponseTooLargeError",
    "TransientError",
    "UnauthenticatedError",
    "Violation",
    "WatchEvent",
    "aio",
    "connect",
    "connect_async",
    "v1",
]


def connect(
    address: str,
    *,
    tls: bool = False,
    root_certificates: Optional[Pem] = None,
    certificate_chain: Optional[Pem] = None,
    private_key: Optional[Pem] = None,
    token: Optional[Token] = None,
    timeout: Optional[float] = 60,
    patience: float = 0,
    options: Sequence[Tuple[str, Any]] = ()
) -> Archive:
    """
    Returns the archive at an address: host:port, grpc://host:port, or grpcs://host:port for TLS.

    tls: connect by TLS, as the following imply.
    root_certificates: the authorities to trust, instead of the system's; PEM as bytes, or the name of a file.
    certificate_chain, private_key: the client's own, for mutual TLS; likewise.
    token: sent as bearer token with each call; a string, or a function that returns one.
    timeout: the seconds that a call may take, retries included, unless it is given its own; None for ever.
    patience: the seconds that an unavailable server is waited for, beyond the first few attempts. Reads are repeated, and
        writes that were never sent or are pinned by an etag. Of other writes whose answer got lost the outcome is
        unknown: an OutcomeUnknownError, for only the caller can find out.
    options: further channel options of gRPC.
    """
    return Archive(
        Connection(
            address, tls, root_certificates, certificate_chain, private_key, token, timeout, patience, options
        )
    )


def connect_async(
    address: str,
    *,
    tls: bool = False,
    root_certificates: Optional[Pem] = None,
    certificate_chain: Optional[Pem] = None,
    private_key: Optional[Pem] = None,
    token: Optional[Token] = None,
    timeout: Optional[float] = 60,
    patience: float = 0,
    options: Sequence[Tuple[str, Any]] = ()
) -> aio.Archive:
    """Returns the archive at an address, for asyncio. The options are those of `connect`."""
    return aio.Archive(
        Connection(
            address, tls, root_certificates, certificate_chain, private_key, token, timeout, patience, options
        )
    )
