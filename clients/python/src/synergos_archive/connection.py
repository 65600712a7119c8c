"""How an archive is reached: addresses, credentials, channel options. Shared by the sync and the asyncio client."""
from __future__ import annotations

import ipaddress
import os
import weakref
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import grpc

from synergos_archive.errors import wrong_argument

#: One Model record can reach 3 MB, and a record comes with everything downstream of it.
MAX_MESSAGE_SIZE = 64 * 2**20

ARCHIVE_SERVICE = "synergos.archive.v1.ArchiveService"

Pem = Union[bytes, str, "os.PathLike[str]"]
Token = Union[str, Callable[[], str]]


#: The longest time that a call may be given, a year: gRPC ends calls at once whose deadline it cannot reckon with.
MAX_SECONDS = 31_536_000

def checked_seconds(name: str, value: Any, least: float) -> Any:
    """A time in seconds, or None. InvalidArgumentError, which is a ValueError too, for what is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_argument(name, "must be a number of seconds, not %r" % (value,))
    if not least <= value <= MAX_SECONDS:  # So NaN is refused too.
        raise wrong_argument(name, "must be from %g to %d seconds (a year), not %r" % (least, MAX_SECONDS, value))
    return value


def checked_timeout(value: Any) -> Optional[float]:
    """How long a call may take, None for ever."""
    return checked_seconds("timeout", value, 1e-9)


def is_loopback(target: str) -> bool:
    """
    Whether all that a target names is this very machine: whole names and addresses count, for anybody can own the name
    `localhost.example.org` or `127.0.0.1.example.org`.
    """
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    if target.startswith(("ipv4:", "ipv6:")):
        target = target[5:]
    return all(_is_loopback_host(_host(address)) for address in target.split(","))


def _host(address: str) -> str:
    if address.startswith("["):
        host, _, port = address[1:].partition("]")
        return host if port == "" or port.startswith(":") else ""
    # More than one colon: an address of IPv6 alone.
    return address.rpartition(":")[0] if address.count(":") == 1 else address


def _is_loopback_host(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
        self._is_loopback = is_loopback(self.target)
        if token and not self.tls and not self._is_loopback:
            raise ValueError("A token without TLS would be sent to %r for everybody to read: use TLS" % self.target)
        self._pem = (root_certificates, private_key, certificate_chain)
        self._token = token
        #: Whether each call may have a token of its own.
        self.brings_tokens = callable(token)
        self.timeout = checked_timeout(timeout)
        self.patience: float = checked_seconds("patience", patience, 0) or 0
        self._options = options

    def credentials(self) -> Optional[grpc.ChannelCredentials]:
        """The channel's credentials; none for plain text."""
        return grpc.ssl_channel_credentials(*map(_read, self._pem)) if self.tls else None

    def options(self) -> List[Tuple[str, Any]]:
        """The channel's options. Those that the caller gave take the place of ours."""
        given = {name for name, _ in self._options}
        return [*((name, value) for name, value in self._own_options() if name not in given), *self._options]

    def _own_options(self) -> List[Tuple[str, Any]]:
        return [
            ("grpc.primary_user_agent", "synergos-archive-python/1.0.0"),
            ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
            ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
            # What is tried again is decided by calls.calling: gRPC knows of no etags. What it would send again by itself, as
            # a server that ends refused it, hangs for ever, whatever its deadline, if it is a stream and there is no server
            # to connect to (seen with grpcio 1.49.1 to 1.85.3).
            ("grpc.enable_retries", 0),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1000),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.keepalive_time_ms", 60000),
            # What goes to this very machine goes through no proxy that the environment may name.
            *([("grpc.enable_http_proxy", 0)] if self._is_loopback else []),
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
