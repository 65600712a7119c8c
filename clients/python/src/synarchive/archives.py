"""Which archive the records of a db_path are in."""
from __future__ import annotations

import functools
import os
from typing import Optional

from synergos_archive import Archive, connect
from synergos_archive.connection import checked_timeout

#: How long, in seconds, a server that is away is waited for: longer than it takes to start again.
_PATIENCE = 15


def address_of(db_path: Optional[str]) -> str:
    """The address that ARCHIVE_ADDRESS names, else a db_path of the form grpc://host:port or grpcs://host:port."""
    address = os.environ.get("ARCHIVE_ADDRESS") or str(db_path or "")
    if not os.environ.get("ARCHIVE_ADDRESS") and not address.startswith(("grpc://", "grpcs://")):
        raise ValueError(
            "Records are kept by the archive's server now, not in a file: set ARCHIVE_ADDRESS to its host:port, or give "
            "a db_path of the form grpc://host:port (grpcs:// for TLS) instead of %r" % (db_path,)
        )
    return address


def archive_at(address: str) -> Archive:
    """
    The archive at an address. All records of a process share one connection to it. Credentials come from the environment:

    ARCHIVE_TLS: connect by TLS, as the following and grpcs:// imply
    ARCHIVE_TLS_CA, ARCHIVE_TLS_CLIENT_CERT, ARCHIVE_TLS_CLIENT_KEY: files (PEM)
    ARCHIVE_TOKEN: a bearer token; or ARCHIVE_TOKEN_FILE: a file that holds one, read again for each call
    ARCHIVE_TIMEOUT: how long a call may take, in milliseconds
    """
    names = ("TLS", "TLS_CA", "TLS_CLIENT_CERT", "TLS_CLIENT_KEY", "TOKEN", "TOKEN_FILE", "TIMEOUT")
    return _connected(address, *(os.environ.get("ARCHIVE_" + name) or None for name in names))


@functools.lru_cache(maxsize=None)
def _connected(
    address: str,
    tls: Optional[str],
    ca: Optional[str],
    certificate: Optional[str],
    key: Optional[str],
    token: Optional[str],
    token_file: Optional[str],
    timeout: Optional[str],
) -> Archive:
    if token and token_file:
        raise ValueError("ARCHIVE_TOKEN and ARCHIVE_TOKEN_FILE must not both be set")
    return connect(
        address,
        tls=(tls or "").lower() not in ("", "0", "false"),
        root_certificates=ca,
        certificate_chain=certificate,
        private_key=key,
        token=functools.partial(_token_in, token_file) if token_file else token,
        timeout=_seconds(timeout) if timeout else 60,
        patience=_PATIENCE,
    )


def _token_in(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def _seconds(timeout: str) -> Optional[float]:
    try:
        return checked_timeout(float(timeout) / 1000)
    except ValueError as error:
        raise ValueError("ARCHIVE_TIMEOUT must be milliseconds, more than 0, at most a year, not %r" % timeout) from error
