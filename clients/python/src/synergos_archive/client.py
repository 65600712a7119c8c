"""The client."""
from __future__ import annotations

import itertools
import threading
import time
from typing import Any, Callable, Dict, Generic, Iterable, Iterator, List, Optional, TypeVar, Union

import grpc

from synergos_archive import v1
from synergos_archive.calls import Call, Flow, Pause, backoff, calling, is_exhausted
from synergos_archive.changes import ChangeListing, Watch, WatchEvent, ended_error
from synergos_archive.connection import Connection, checked_timeout, reset_after_fork
from synergos_archive.errors import ArchiveError, ArchiveUnavailableError, DeadlineExceededError, archive_error, closed_error
from synergos_archive.flows import Deleted, Page, RecordFlows, archive_call, counting, stream_call, untagged
from synergos_archive.listing import Listing
from synergos_archive.operations import Details, Fields, Key, Operations
from synergos_archive.record_types import RECORD_TYPES

Record = TypeVar("Record")

#: A timeout that is not given: the client's own.
DEFAULT: Any = object()

#: Inherited from a parent process, and never touched again: closing one would wait for threads that did not fork along.
_abandoned: List[Any] = []


class Records(Generic[Key, Details, Record]):
    """
    The records of one type. Keys, details and filters are messages, or mappings of their fields; in seconds, `timeout`
    is how long all of a call may take, None for ever. Errors are ArchiveErrors.
    """

    def __init__(self, archive: "Archive", flows: RecordFlows):
        self._archive = archive
        self._flows = flows
        #: Makes operations for `Archive.batch_write`.
        self.operation: Operations[Key, Details] = Operations(flows)

    def create(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        validate_only: bool = False,
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Creates a record. RecordExistsError where the key is taken, ParentNotFoundError where a parent is missing."""
        return self._archive._run(self._flows.create(key, details, validate_only), timeout)

    def get(
        self,
        key: Union[Key, Fields],
        view: int = v1.VIEW_FULL,
        relation_types: Iterable[Union[int, str]] = (),
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """
        Returns a record, in view FULL with its relations and ancestors. RecordNotFoundError where there is none. What is
        too large for one message is streamed and assembled.
        """
        return self._archive._run(self._flows.get(key, view, relation_types), timeout)

    def list(
        self,
        filter: Any = None,
        view: int = v1.VIEW_BASIC,
        relation_types: Iterable[Union[int, str]] = (),
        page_size: int = 0,
        timeout: Optional[float] = DEFAULT,
    ) -> Iterator[Record]:
        """Iterates over all records that match, in the order of keys. The timeout is that of each page."""
        listing = Listing(
            self._flows, self._flows.list_request(filter, view, relation_types, page_size, "", with_total=False)
        )
        while not listing.ended:
            yield from self._archive._run(listing.next(), timeout)

    def list_page(
        self,
        filter: Any = None,
        view: int = v1.VIEW_BASIC,
        relation_types: Iterable[Union[int, str]] = (),
        page_size: int = 0,
        page_token: str = "",
        with_total: bool = False,
        timeout: Optional[float] = DEFAULT,
    ) -> Page:
        """Returns one page of records."""
        request = self._flows.list_request(filter, view, relation_types, page_size, page_token, with_total)
        return self._archive._run(self._flows.page(request), timeout)

    def update(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        update_mask: Optional[Iterable[str]] = None,
        allow_missing: bool = False,
        etag: str = "",
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Replaces a record's details, or changes those that the mask names. EtagMismatchError where the etag is not its."""
        return self._archive._run(self._flows.update(key, details, update_mask, allow_missing, etag), timeout)

    def upsert(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Creates a record, or replaces its details."""
        return self.update(key, details, allow_missing=True, timeout=timeout)

    def delete(
        self,
        key: Union[Key, Fields],
        etag: str = "",
        allow_missing: bool = False,
        cascade: int = 0,
        validate_only: bool = False,
        view: int = v1.VIEW_BASIC,
        timeout: Optional[float] = DEFAULT,
    ) -> Deleted:
        """Deletes a record and everything downstream of it; returns it as it was, and how many were deleted."""
        flow = self._flows.delete(key, etag, allow_missing, cascade, validate_only, view)
        return self._archive._run(flow, timeout)


class Archive:
    """
    An archive. It connects at the first call, and again in every process that forks; it may be used from many threads.
    One has records of each type, and what crosses types.
    """

    collaboration: Records[v1.CollaborationKey, v1.CollaborationDetails, v1.Collaboration]
    project: Records[v1.ProjectKey, v1.ProjectDetails, v1.Project]
    experiment: Records[v1.ExperimentKey, v1.ExperimentDetails, v1.Experiment]
    run: Records[v1.RunKey, v1.RunDetails, v1.Run]
    participant: Records[v1.ParticipantKey, v1.ParticipantDetails, v1.Participant]
    registration: Records[v1.RegistrationKey, v1.RegistrationDetails, v1.Registration]
    tag: Records[v1.TagKey, v1.TagDetails, v1.Tag]
    alignment: Records[v1.AlignmentKey, v1.AlignmentDetails, v1.Alignment]
    model: Records[v1.ModelKey, v1.ModelDetails, v1.Model]
    validation: Records[v1.ValidationKey, v1.ValidationDetails, v1.Validation]
    prediction: Records[v1.PredictionKey, v1.PredictionDetails, v1.Prediction]
    mlflow: Records[v1.MLFlowKey, v1.MLFlowDetails, v1.MLFlow]

    _channel: Optional[grpc.Channel] = None
    _methods: Dict[str, Callable[..., Any]]

    def __init__(self, connection: Connection):
        self._connection = connection
        self.reset()
        reset_after_fork(self)
        for record_type in RECORD_TYPES.values():
            setattr(self, record_type.field, Records(self, RecordFlows(record_type, connection.patience)))

    def batch_write(
        self, operations: Iterable[v1.WriteOperation], timeout: Optional[float] = DEFAULT
    ) -> List[v1.WriteResult]:
        """
        Does operations of any types as one transaction: all or none. Each type makes its own:
        `archive.run.operation.create(key, details)`. An error names the one that failed, as metadata["operation"].
        """
        call = archive_call("BatchWrite", v1.BatchWriteRequest(operations=list(operations)))
        return list(self._run(calling(call, self._connection.patience), timeout).results)

    def stream_descendants(
        self,
        key: Any = None,
        relation_types: Iterable[Union[int, str]] = (),
        include_root: bool = False,
        timeout: Optional[float] = None,
    ) -> Iterator[Any]:
        """
        Iterates over all records under a key, such as v1.ProjectKey(…), or of the whole archive: parents before
        children, from one snapshot, however many they are.
        """
        return self._opened(stream_call(key, relation_types, include_root), checked_timeout(timeout))

    def count_descendants(self, key: Any = None, timeout: Optional[float] = DEFAULT) -> Dict[str, int]:
        """
        Returns how many records there are under a key, such as v1.ProjectKey(…), that of the key included, or in the
        whole archive: by the names of their types, parents before children, from one snapshot.
        """
        return self._run(counting(key, self._connection.patience), timeout)

    def watch(
        self,
        key: Any = None,
        record_types: Iterable[Union[int, str]] = (),
        resume_token: Optional[str] = None,
        after_revision: Optional[int] = None,
        include_existing: bool = False,
        timeout: Optional[float] = None,
    ) -> Iterator[WatchEvent]:
        """
        Iterates over changes as they are committed, in their order, none left out: from now on, after the bookmark that
        had a resume_token, after a revision, or, if include_existing is set and there is no token, after all records that
        there are. It goes on by itself after interruptions, for as long as they take, and lasts until it is left, the
        archive is closed or the timeout is over. The key is that of any record, such as v1.ProjectKey(…), which is
        watched with all records under it.
        """
        watch = Watch(self._connection, key, record_types, resume_token, after_revision, include_existing)
        return self._watched(watch, checked_timeout(timeout))

    def list_changes(
        self,
        key: Any = None,
        record_types: Iterable[Union[int, str]] = (),
        kinds: Iterable[Union[int, str]] = (),
        principal: Optional[str] = None,
        start_time: Any = None,
        end_time: Any = None,
        order: Union[int, str] = 0,
        page_size: int = 0,
        timeout: Optional[float] = DEFAULT,
    ) -> Iterator[v1.Change]:
        """
        Iterates over who changed what and when: the record of a key and all records under it, or the whole archive; the
        last change first, unless the order says otherwise. The timeout is that of each page.
        """
        listing = ChangeListing(
            self._connection,
            key,
            record_types,
            kinds=kinds,
            principal=principal,
            start_time=start_time,
            end_time=end_time,
            order=order,
            page_size=page_size,
        )
        while not listing.ended:
            yield from self._run(listing.next(), timeout)

    def describe_hierarchy(self, timeout: Optional[float] = DEFAULT) -> List[v1.RecordTypeDescription]:
        """Returns the hierarchy as data."""
        call = archive_call("DescribeHierarchy", v1.DescribeHierarchyRequest())
        return list(self._run(calling(call, self._connection.patience), timeout).record_types)

    def who_am_i(self, timeout: Optional[float] = DEFAULT) -> v1.WhoAmIResponse:
        """Returns who asks, as the archive sees it, and what is granted; no name while everybody may do everything."""
        return self._run(calling(archive_call("WhoAmI", v1.WhoAmIRequest()), self._connection.patience), timeout)

    def close(self) -> None:
        """Ends the calls that run and closes the connection; the next call opens another."""
        with self._lock:
            channel, self._channel = self._channel, None
            self._methods = {}
        if channel:
            channel.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def reset(self) -> None:
        """Forgets the connection without closing it, in a process that inherited it."""
        if self._channel:
            _abandoned.append((self._channel, self._methods))
        self._lock = threading.Lock()
        self._channel = None
        self._methods = {}

    def _run(self, flow: Flow[Any], timeout: Optional[float]) -> Any:
        seconds = self._connection.timeout if timeout is DEFAULT else checked_timeout(timeout)
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            step = next(flow)
            while True:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if isinstance(step, Pause):
                    time.sleep(step.seconds if left is None else min(step.seconds, left))
                    step = flow.send(None)
                    continue
                if left == 0:
                    raise DeadlineExceededError(grpc.StatusCode.DEADLINE_EXCEEDED, "The call took too long.")
                try:
                    outcome = list(self._stream(step, left)) if step.streaming else self._unary(step, left)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return stop.value

    def _unary(self, call: Call, timeout: Optional[float]) -> Any:
        try:
            return self._begin(call, timeout)
        except grpc.RpcError as error:
            raise archive_error(error, call.request) from error

    def _opened(self, call: Call, timeout: Optional[float]) -> Iterator[Any]:
        """A stream, begun again as long as nothing has come of it and the server is waited for."""
        began = time.monotonic()
        for attempt in itertools.count(1):
            left = None if timeout is None else max(1e-9, timeout - (time.monotonic() - began))
            has_begun = False
            try:
                for record in self._stream(call, left):
                    has_begun = True
                    yield record
                return
            except ArchiveUnavailableError:
                if has_begun or is_exhausted(self._connection.patience, began):
                    raise
            time.sleep(backoff(attempt).seconds)

    def _watched(self, watch: Watch, timeout: Optional[float]) -> Iterator[WatchEvent]:
        deadline = None if timeout is None else time.monotonic() + timeout
        channel: Optional[grpc.Channel] = None
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise DeadlineExceededError(grpc.StatusCode.DEADLINE_EXCEEDED, "The watch reached its timeout.")
            call = watch.next_call()
            self._method(call)
            channel = channel or self._channel
            try:
                for response in self._responses(call, left):
                    yield from watch.events(response)
                error = ended_error()
            except ArchiveError as caught:
                error = caught
            if channel is not self._channel:
                raise closed_error() from error
            yield from watch.interrupted(error)
            pause = watch.pause(error)
            time.sleep(pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic())))
            if channel is not self._channel:
                raise closed_error() from error

    def _stream(self, call: Call, timeout: Optional[float]) -> Iterator[Any]:
        for response in self._responses(call, timeout):
            yield from map(untagged, response.records)

    def _responses(self, call: Call, timeout: Optional[float]) -> Iterator[Any]:
        stream = self._begin(call, timeout)
        try:
            yield from stream
        except grpc.RpcError as error:
            raise archive_error(error, call.request) from error
        finally:
            stream.cancel()

    def _begin(self, call: Call, timeout: Optional[float]) -> Any:
        method, metadata = self._method(call), self._connection.metadata()
        try:
            return method(call.request, timeout=timeout, metadata=metadata)
        except ValueError as error:
            if "closed" not in str(error):
                raise
            raise closed_error() from error

    def _method(self, call: Call) -> Callable[..., Any]:
        with self._lock:
            if call.path not in self._methods:
                if self._channel is None:
                    connection = self._connection
                    credentials = connection.credentials()
                    self._channel = (
                        grpc.secure_channel(connection.target, credentials, connection.options())
                        if credentials
                        else grpc.insecure_channel(connection.target, connection.options())
                    )
                kind = self._channel.unary_stream if call.streaming else self._channel.unary_unary
                self._methods[call.path] = kind(
                    call.path,
                    request_serializer=type(call.request).SerializeToString,
                    response_deserializer=call.response.FromString,
                )
            return self._methods[call.path]
