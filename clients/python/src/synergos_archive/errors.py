"""What calls raise. Every error says whether trying again can help, by its class."""
from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_STATUS_KEY = "grpc-status-details-bin"

#: What some versions of gRPC say, with these codes, when a connection breaks during a call.
_LOST = ("Stream removed", "Received RST_STREAM")
_LOST_CODES = (grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)

#: What gRPC says where there was no connection to send anything on, or where a server that ends refused what was sent. Of
#: what such a server took and did not answer it says "Socket closed".
_NOT_SENT = (
    "failed to connect to all addresses", "DNS resolution failed", "Name resolution failure", "empty address list",
    "GOAWAY received", "Stream removed (GOAWAY received",
)

#: What gRPC says, of either side, about a message above a limit: who refused it, and its size.
_TOO_LARGE = re.compile(r"(Sent|Received) message larger than max \((\d+)")


class Violation(NamedTuple):
    """One thing that is wrong."""

    #: The field, or in a failed precondition the record, such as "Project/c/p".
    subject: str
    description: str


class ArchiveError(Exception):
    """An error of a call."""

    #: Whether the same call may succeed later.
    retryable = False

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        reason: str = "",
        metadata: Optional[Dict[str, str]] = None,
        violations: Tuple[Violation, ...] = (),
        request_id: str = "",
    ):
        super().__init__(code, message, reason, metadata, violations, request_id)
        #: The canonical code.
        self.code = code
        #: For a person.
        self.message = message
        #: For a program: "PARENT_NOT_FOUND", "RECORD_EXISTS", …; empty if the error is not the archive's own.
        self.reason = reason
        #: What belongs to the reason.
        self.metadata = metadata or {}
        #: Everything that is wrong, at once.
        self.violations = violations
        #: Under which the server logged the call.
        self.request_id = request_id

    def __str__(self) -> str:
        return "%s: %s" % (self.reason or self.code.name, self.message)


class TransientError(ArchiveError):
    """Trying again may help."""

    retryable = True


class PermanentError(ArchiveError):
    """Trying again will not help."""


class ArchiveUnavailableError(TransientError, ConnectionError):
    """The server, or its database, cannot be reached now."""


class OutcomeUnknownError(ArchiveUnavailableError):
    """
    The connection was lost before the answer to a write came, so whether it was done is not known. It was not sent
    again, for that could take away or overwrite what others wrote meanwhile: read first.
    """

    retryable = False


class DeadlineExceededError(TransientError, TimeoutError):
    """The call took longer than it may. Whether a write was done is not known."""


class ConflictError(TransientError):
    """Others changed the same records at the same time; nothing was done."""


class OverloadedError(TransientError):
    """The server had too much to do, or one principal asked for too much; nothing was done. The client waits and tries again by itself, for as long as for an absent one."""


class InvalidArgumentError(PermanentError, ValueError):
    """The request is malformed; the violations name every field."""


class RecordNotFoundError(PermanentError, LookupError):
    """There is no such record."""


class ParentNotFoundError(PermanentError, LookupError):
    """A record above it is missing; the violations name each, nearest the root first. Create those first."""


class RecordExistsError(PermanentError):
    """The key is taken."""


class EtagMismatchError(PermanentError):
    """The record was changed since it was read: read it again."""


class HasRelationsError(PermanentError):
    """There are records downstream, and the delete was not to take them along."""


class UnauthenticatedError(PermanentError):
    """No token or certificate was shown, or one that the archive does not know or that has expired; the reason says which."""


class AccessDeniedError(PermanentError, PermissionError):
    """What was asked is not granted, whether there is such a record or not."""


class ChangesGoneError(PermanentError):
    """The changes to go on with are not kept any more, or the database has another history: begin anew, with all records."""


class RequestTooLargeError(PermanentError):
    """The request outgrows the message limit: write less at a time."""


class ResponseTooLargeError(PermanentError):
    """The answer outgrows the message limit: narrow relation_types or page_size, or stream."""


_BY_REASON: Dict[str, Type[ArchiveError]] = {
    "CONFLICT": ConflictError,
    "ETAG_MISMATCH": EtagMismatchError,
    "HAS_RELATIONS": HasRelationsError,
    "HISTORY_CHANGED": ChangesGoneError,
    "OVERLOADED": OverloadedError,
    "PARENT_NOT_FOUND": ParentNotFoundError,
    "RATE_LIMITED": OverloadedError,
    "RECORD_EXISTS": RecordExistsError,
    "RECORD_NOT_FOUND": RecordNotFoundError,
    "REQUEST_TOO_LARGE": RequestTooLargeError,
    "REVISION_COMPACTED": ChangesGoneError,
    "RESPONSE_TOO_LARGE": ResponseTooLargeError,
}

_BY_CODE: Dict[grpc.StatusCode, Type[ArchiveError]] = {
    grpc.StatusCode.UNAVAILABLE: ArchiveUnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceededError,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.UNAUTHENTICATED: UnauthenticatedError,
    grpc.StatusCode.PERMISSION_DENIED: AccessDeniedError,
}


def archive_error(error: Any, request: Any) -> ArchiveError:
    """The error that a status of gRPC stands for, as the answer to a request."""
    code: grpc.StatusCode = error.code()
    message: str = error.details() or ""
    trailers = {key: value for key, value in error.trailing_metadata() or ()}
    # Among the headers, or where there was nothing but the error, among the trailers.
    request_id = dict([*(error.initial_metadata() or ()), *trailers.items()]).get("x-request-id", "")
    reason, metadata, violations = _details(trailers.get(_STATUS_KEY, b""))
    if not reason and code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        # By a limit of gRPC's own, on this side or the other, which only its text tells.
        found = _TOO_LARGE.search(message)
        if found:
            is_request = found.group(1) == "Sent" or int(found.group(2)) == request.ByteSize()
            reason = "REQUEST_TOO_LARGE" if is_request else "RESPONSE_TOO_LARGE"
    if not reason and code in _LOST_CODES and message.startswith(_LOST):
        code = grpc.StatusCode.UNAVAILABLE
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, PermanentError)
    return kind(code, message, reason, metadata, tuple(violations), request_id)


def _details(trailer: Any) -> Tuple[str, Dict[str, str], List[Violation]]:
    """Reason, metadata and violations of a status. What cannot be read is left out: the error itself matters more."""
    reason = ""
    metadata: Dict[str, str] = {}
    violations: List[Violation] = []
    try:
        for detail in status_pb2.Status.FromString(trailer).details:
            info = error_details_pb2.ErrorInfo()
            bad_request = error_details_pb2.BadRequest()
            precondition = error_details_pb2.PreconditionFailure()
            if detail.Unpack(info):
                reason = info.reason
                metadata.update(info.metadata)
            elif detail.Unpack(bad_request):
                violations += [Violation(each.field, each.description) for each in bad_request.field_violations]
            elif detail.Unpack(precondition):
                violations += [Violation(each.subject, each.description) for each in precondition.violations]
    except (DecodeError, TypeError, ValueError):
        pass
    return reason, metadata, violations


def never_sent(error: ArchiveUnavailableError) -> bool:
    """Whether a call failed because there was no connection to send it on, or because no server took it from there."""
    return not error.reason and error.message.startswith(_NOT_SENT)


def closed_error() -> ArchiveError:
    """The error of a call that runs while its archive is closed."""
    return PermanentError(grpc.StatusCode.CANCELLED, "The archive was closed while the call ran.")


def wrong_argument(name: str, problem: str) -> InvalidArgumentError:
    """The error of an argument that is never sent."""
    message = "%s %s" % (name, problem)
    return InvalidArgumentError(
        grpc.StatusCode.INVALID_ARGUMENT, message, "INVALID_FIELD", violations=(Violation(name, problem),)
    )
