"""How an archive is reached: addresses, credentials, channel options. Shared by the sync and the asyncio client."""
from __future__ import annotations

import json
import os
import weakref
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import grpc

from synergos_archive.record_types import RECORD_TYPES

#: One Model record can reach 3 MB, and a record comes with everything downstream of it.
MAX_MESSAGE_SIZE = 64 * 2**20

ARCHIVE_SERVICE = "synergos.archive.v1.ArchiveService"

Pem = Union[bytes, str, "os.PathLike[str]"]
Token = Union[str, Callable[[], str]]


def repeatable(method: str) -> bool:
    """
    Whether a method may be called again where its answer got lost. Not so Create, which would fail with RECORD_EXISTS
    for the record that it made itself, and BatchWrite, which may hold creates.
    """
    return not method.startswith(("Create", "BatchWrite"))


def _service_config() -> str:
    records = [(record_type.service, record_type.name) for record_type in RECORD_TYPES.values()]
    names = [{"service": service} for service, _ in records] + [{"service": ARCHIVE_SERVICE}]
    once = [{"service": service, "method": "Create" + name} for service, name in records]
    once.append({"service": ARCHIVE_SERVICE, "method": "BatchWrite"})
    retry = {
        "maxAttempts": 5,
        "initialBackoff": "0.1s",
        "maxBackoff": "1s",
        "backoffMultiplier": 3,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": retry}, {"name": once}]})


class Connection:
    """Where an archive is, and how calls to it are made. Opens nothing by itself."""

    def __init__(
        self,
        address: str,
        tls: bool = False,
        root_certificates: Optional[Pem] = None,
        certificate_chain: Optional[Pem] = None,
        private_key: Optional[Pem] = None,
        token: Optional[Token] = None,
        timeout: Optional[float] = 60,
        patience: float = 0,
        options: Sequence[Tuple[str, Any]] = (),
    ):
        scheme, separator, rest = address.partition("://")
        if separator and scheme not in ("grpc", "grpcs"):
            raise ValueError("An archive's address is host:port, grpc://host:port or grpcs://host:port, not %r" % address)
        self.target = rest.rstrip("/") if separator else address
        if (certificate_chain is None) != (private_key is None):
            raise ValueError("Mutual TLS needs both certificate_chain and private_key")
        self.tls = tls or scheme == "grpcs" or root_certificates is not None or private_key is not None
        if token and not self.tls and not self.target.startswith(("localhost", "127.", "[::1]", "unix:")):
            raise ValueError("A token without TLS would be sent for everybody to read: use TLS")
        self._pem = (root_certificates, private_key, certificate_chain)
        self._token = token
        self.timeout = timeout
        self.patience = patience
        self._options = options

    def credentials(self) -> Optional[grpc.ChannelCredentials]:
        """The channel's credentials; none for plain text."""
        return grpc.ssl_channel_credentials(*map(_read, self._pem)) if self.tls else None

    def options(self) -> List[Tuple[str, Any]]:
        """The channel's options."""
        return [
            ("grpc.primary_user_agent", "synergos-archive-python/1.0.0"),
            ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
            ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
            ("grpc.service_config", _service_config()),
            ("grpc.enable_retries", 1),
            # Else requests of more than 256 KiB would not be retried.
            ("grpc.per_rpc_retry_buffer_size", MAX_MESSAGE_SIZE),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1000),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.keepalive_time_ms", 60000),
            *self._options,
        ]

    def metadata(self) -> Optional[List[Tuple[str, str]]]:
        """What goes with every call. A token that is a function is asked each time, so that it can be a fresh one."""
        if not self._token:
            return None
        token = self._token() if callable(self._token) else self._token
        return [("authorization", "Bearer " + token)]


def _read(pem: Optional[Pem]) -> Optional[bytes]:
    if pem is None or isinstance(pem, bytes):
        return pem
    with open(pem, "rb") as file:
        return file.read()


#: All that must start anew in a process that forks: gRPC's channels do not survive it, and locks may be held.
_resettable: "weakref.WeakSet[Any]" = weakref.WeakSet()


def reset_after_fork(holder: Any) -> None:
    """Calls the holder's reset() in every child process, as long as the holder lives."""
    _resettable.add(holder)


def _reset() -> None:
    for holder in list(_resettable):
        holder.reset()


if hasattr(os, "register_at_fork"):  # Not on Windows, where nothing forks.
    os.register_at_fork(after_in_child=_reset)
