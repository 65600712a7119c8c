"""The client for asyncio. It has the same shape as that of `synergos_archive.client`."""
from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any, AsyncGenerator, AsyncIterator, Dict, Generic, Iterable, List, Optional, Union

import grpc
from grpc import aio

from synergos_archive import v1
from synergos_archive.aio_channel import AioChannel, closing
from synergos_archive.calls import Call, Flow, Pause, backoff, calling, is_exhausted
from synergos_archive.changes import ChangeListing, Watch, WatchEvent, ended_error
from synergos_archive.client import DEFAULT, Record, _abandoned
from synergos_archive.connection import Connection, checked_timeout, reset_after_fork
from synergos_archive.errors import ArchiveError, ArchiveUnavailableError, DeadlineExceededError, archive_error, closed_error
from synergos_archive.flows import Deleted, Page, RecordFlows, archive_call, counting, stream_call, untagged
from synergos_archive.listing import Listing
from synergos_archive.operations import Details, Fields, Key, Operations
from synergos_archive.record_types import RECORD_TYPES


class Records(Generic[Key, Details, Record]):
    """The records of one type, as in `synergos_archive.client.Records`."""

    def __init__(self, archive: "Archive", flows: RecordFlows):
        self._archive = archive
        self._flows = flows
        #: Makes operations for `Archive.batch_write`.
        self.operation: Operations[Key, Details] = Operations(flows)

    async def create(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        validate_only: bool = False,
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Creates a record."""
        return await self._archive._run(self._flows.create(key, details, validate_only), timeout)

    async def get(
        self,
        key: Union[Key, Fields],
        view: int = v1.VIEW_FULL,
        relation_types: Iterable[Union[int, str]] = (),
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Returns a record, in view FULL with its relations and ancestors."""
        return await self._archive._run(self._flows.get(key, view, relation_types), timeout)

    async def list(
        self,
        filter: Any = None,
        view: int = v1.VIEW_BASIC,
        relation_types: Iterable[Union[int, str]] = (),
        page_size: int = 0,
        timeout: Optional[float] = DEFAULT,
    ) -> AsyncIterator[Record]:
        """Iterates over all records that match, in the order of keys. The timeout is that of each page."""
        listing = Listing(
            self._flows, self._flows.list_request(filter, view, relation_types, page_size, "", with_total=False)
        )
        while not listing.ended:
            for record in await self._archive._run(listing.next(), timeout):
                yield record

    async def list_page(
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
        return await self._archive._run(self._flows.page(request), timeout)

    async def update(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        update_mask: Optional[Iterable[str]] = None,
        allow_missing: bool = False,
        etag: str = "",
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Replaces a record's details, or changes those that the mask names."""
        return await self._archive._run(self._flows.update(key, details, update_mask, allow_missing, etag), timeout)

    async def upsert(
        self,
        key: Union[Key, Fields],
        details: Union[Details, Fields, None] = None,
        timeout: Optional[float] = DEFAULT,
    ) -> Record:
        """Creates a record, or replaces its details."""
        return await self.update(key, details, allow_missing=True, timeout=timeout)

    async def delete(
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
        return await self._archive._run(flow, timeout)


class Archive:
    """An archive. It connects at the first call, and again in every event loop."""

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

    #: By event loop. That of a loop that has ended goes when another loop comes.
    _channels: Dict[asyncio.AbstractEventLoop, AioChannel] = {}

    def __init__(self, connection: Connection):
        self._connection = connection
        self.reset()
        reset_after_fork(self)
        for record_type in RECORD_TYPES.values():
            setattr(self, record_type.field, Records(self, RecordFlows(record_type, connection.patience)))

    async def batch_write(
        self, operations: Iterable[v1.WriteOperation], timeout: Optional[float] = DEFAULT
    ) -> List[v1.WriteResult]:
        """Does operations of any types as one transaction: all or none."""
        call = archive_call("BatchWrite", v1.BatchWriteRequest(operations=list(operations)))
        return list((await self._run(calling(call, self._connection.patience), timeout)).results)

    def stream_descendants(
        self,
        key: Any = None,
        relation_types: Iterable[Union[int, str]] = (),
        include_root: bool = False,
        timeout: Optional[float] = None,
    ) -> AsyncIterator[Any]:
        """Iterates over all records under a key, or of the whole archive: parents before children, from one snapshot."""
        return self._opened(stream_call(key, relation_types, include_root), checked_timeout(timeout))

    async def count_descendants(self, key: Any = None, timeout: Optional[float] = DEFAULT) -> Dict[str, int]:
        """Returns how many records there are under a key, that of the key included, or in the whole archive."""
        return await self._run(counting(key, self._connection.patience), timeout)

    def watch(
        self,
        key: Any = None,
        record_types: Iterable[Union[int, str]] = (),
        resume_token: Optional[str] = None,
        after_revision: Optional[int] = None,
        include_existing: bool = False,
        timeout: Optional[float] = None,
    ) -> AsyncIterator[WatchEvent]:
        """Iterates over changes as they are committed, as in `synergos_archive.client.Archive`."""
        watch = Watch(self._connection, key, record_types, resume_token, after_revision, include_existing)
        return self._watched(watch, checked_timeout(timeout))

    async def list_changes(
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
    ) -> AsyncIterator[v1.Change]:
        """Iterates over who changed what and when, the last change first. The timeout is that of each page."""
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
            for change in await self._run(listing.next(), timeout):
                yield change

    async def describe_hierarchy(self, timeout: Optional[float] = DEFAULT) -> List[v1.RecordTypeDescription]:
        """Returns the hierarchy as data."""
        call = archive_call("DescribeHierarchy", v1.DescribeHierarchyRequest())
        return list((await self._run(calling(call, self._connection.patience), timeout)).record_types)

    async def who_am_i(self, timeout: Optional[float] = DEFAULT) -> v1.WhoAmIResponse:
        """Returns who asks, as the archive sees it, and what is granted; no name while everybody may do everything."""
        return await self._run(calling(archive_call("WhoAmI", v1.WhoAmIRequest()), self._connection.patience), timeout)

    async def close(self) -> None:
        """Ends the calls that run in this event loop and closes its connection; the next call opens another."""
        channel = self._channels.pop(asyncio.get_event_loop(), None)
        if channel:
            await channel.close()

    async def __aenter__(self) -> "Archive":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def reset(self) -> None:
        """Forgets the connections without closing them, in a process that inherited them."""
        _abandoned.extend(self._channels.values())
        self._channels = {}

    async def _run(self, flow: Flow[Any], timeout: Optional[float]) -> Any:
        seconds = self._connection.timeout if timeout is DEFAULT else checked_timeout(timeout)
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            step = next(flow)
            while True:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds if left is None else min(step.seconds, left))
                    step = flow.send(None)
                    continue
                if left == 0:
                    raise DeadlineExceededError(grpc.StatusCode.DEADLINE_EXCEEDED, "The call took too long.")
                try:
                    if step.streaming:
                        outcome: Any = [record async for record in self._stream(step, left)]
                    else:
                        outcome = await self._unary(step, left)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return stop.value

    async def _unary(self, call: Call, timeout: Optional[float]) -> Any:
        channel = self._channel()
        try:
            with closing(channel):
                return await channel.method(call)(
                    call.request, timeout=timeout, metadata=self._connection.metadata()
                )
        except grpc.RpcError as error:
            raise archive_error(error, call.request) from error

    async def _opened(self, call: Call, timeout: Optional[float]) -> AsyncIterator[Any]:
        """A stream, begun again as long as nothing has come of it and the server is waited for."""
        began = time.monotonic()
        for attempt in itertools.count(1):
            left = None if timeout is None else max(1e-9, timeout - (time.monotonic() - began))
            has_begun = False
            try:
                async for record in self._stream(call, left):
                    has_begun = True
                    yield record
                return
            except ArchiveUnavailableError:
                if has_begun or is_exhausted(self._connection.patience, began):
                    raise
            await asyncio.sleep(backoff(attempt).seconds)

    async def _watched(self, watch: Watch, timeout: Optional[float]) -> AsyncIterator[WatchEvent]:
        deadline = None if timeout is None else time.monotonic() + timeout
        channel = self._channel()
        while not channel.is_closed:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise DeadlineExceededError(grpc.StatusCode.DEADLINE_EXCEEDED, "The watch reached its timeout.")
            try:
                responses = self._responses(watch.next_call(), left)
                try:
                    async for response in responses:
                        for event in watch.events(response):
                            yield event
                finally:
                    await responses.aclose()
                error = ended_error()
            except ArchiveError as caught:
                error = caught
            if channel.is_closed:
                raise closed_error() from error
            for event in watch.interrupted(error):
                yield event
            pause = watch.pause(error)
            await asyncio.sleep(pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic())))
        raise closed_error()

    async def _stream(self, call: Call, timeout: Optional[float]) -> AsyncIterator[Any]:
        async for response in self._responses(call, timeout):
            for record in map(untagged, response.records):
                yield record

    async def _responses(self, call: Call, timeout: Optional[float]) -> AsyncGenerator[Any, None]:
        channel = self._channel()
        stream = channel.method(call)(call.request, timeout=timeout, metadata=self._connection.metadata())
        channel.streams.add(stream)
        try:
            with closing(channel):
                async for response in stream:
                    yield response
        except grpc.RpcError as error:
            raise archive_error(error, call.request) from error
        except TypeError as error:
            # grpcio 1.32 stumbles over a stream that is answered by nothing but an error, but knows the error.
            if not stream.done():
                raise
            code, details = await stream.code(), await stream.details()
            if code is grpc.StatusCode.OK:
                raise
            status = aio.AioRpcError(code, (), await stream.trailing_metadata(), details)
            raise archive_error(status, call.request) from error
        finally:
            channel.streams.discard(stream)
            stream.cancel()

    def _channel(self) -> AioChannel:
        loop = asyncio.get_event_loop()
        if loop not in self._channels:
            for other in list(self._channels):
                if other.is_closed():
                    self._channels.pop(other, None)
            self._channels[loop] = AioChannel(self._connection)
        return self._channels[loop]
