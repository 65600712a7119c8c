"""The connection of one event loop."""
from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Callable, Dict, Iterator, Set

from grpc import aio

from synergos_archive.calls import Call
from synergos_archive.connection import Connection
from synergos_archive.errors import closed_error


class AioChannel:
    """A channel with the methods that were called on it."""

    def __init__(self, connection: Connection):
        credentials = connection.credentials()
        self.channel = (
            aio.secure_channel(connection.target, credentials, connection.options())
            if credentials
            else aio.insecure_channel(connection.target, connection.options())
        )
        self.is_closed = False
        #: Those that run. Old versions of gRPC do not find all of them when a channel is closed.
        self.streams: Set[Any] = set()
        self._methods: Dict[str, Callable[..., Any]] = {}

    def method(self, call: Call) -> Callable[..., Any]:
        if call.path not in self._methods:
            kind = self.channel.unary_stream if call.streaming else self.channel.unary_unary
            self._methods[call.path] = kind(
                call.path,
                request_serializer=type(call.request).SerializeToString,
                response_deserializer=call.response.FromString,
            )
        return self._methods[call.path]

    async def close(self) -> None:
        self.is_closed = True
        self._methods = {}
        for stream in list(self.streams):
            stream.cancel()
        await self.channel.close(None)


@contextlib.contextmanager
def closing(channel: AioChannel) -> Iterator[None]:
    """Closing a channel cancels its calls. That is an error of theirs, not an end of the tasks that wait for them."""
    try:
        yield
    except asyncio.CancelledError as error:
        task: Any = asyncio.current_task()
        is_cancelled = getattr(task, "cancelling", None)  # From Python 3.11 on.
        if not channel.is_closed or (is_cancelled and is_cancelled()):
            raise
        raise closed_error() from error
