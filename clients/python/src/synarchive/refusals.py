"""What the archive refuses, as components know it."""
from __future__ import annotations

import contextlib
from typing import Iterator, Mapping

from synarchive.errors import refused
from synergos_archive import InvalidArgumentError, RecordNotFoundError


class ImpossibleError(Exception):
    """No record has such ids."""


def check_unicode(ids: Mapping[str, str]) -> None:
    """ImpossibleError for ids that cannot even be sent."""
    try:
        "".join(ids.values()).encode()
    except UnicodeEncodeError:
        raise ImpossibleError() from None


@contextlib.contextmanager
def absences() -> Iterator[None]:
    """Ends where there is no record: none of that key, or none that could ever be, for the server refuses its ids."""
    try:
        yield
    except (RecordNotFoundError, ImpossibleError):
        pass
    except InvalidArgumentError as error:
        if not (error.violations and all(each.subject.startswith(("key", "filter")) for each in error.violations)):
            raise refused(error) from error


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """What the server refuses as malformed is raised as the error that components expect."""
    try:
        yield
    except InvalidArgumentError as error:
        raise refused(error) from error
