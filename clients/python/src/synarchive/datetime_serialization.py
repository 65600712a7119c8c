"""Times and durations as text, as the predecessor wrote them into its file and Synergos REST writes them into answers."""
from __future__ import annotations

import datetime

try:
    from tinydb_serialization import Serializer
except ImportError:
    from abc import ABC, abstractmethod
    from typing import Any

    class Serializer(ABC):  # type: ignore[no-redef]
        """What turns objects of one class into text and back. Compatible with tinydb_serialization's, used where it is."""

        OBJ_CLASS: type

        @abstractmethod
        def encode(self, obj: Any) -> str:
            """The text of an object."""

        @abstractmethod
        def decode(self, s: str) -> Any:
            """The object of a text."""


class DateTimeSerializer(Serializer):
    """
    Times to the second: "2021-03-18 16:33:40 N" of a naive one; with an A instead of the N, and in UTC, of one that has a
    zone, which comes back in the local zone.
    """

    OBJ_CLASS = datetime.datetime

    def encode(self, obj: datetime.datetime) -> str:
        """The text of a time."""
        if obj.tzinfo is None:
            return _text(obj) + " N"
        return _text(obj.astimezone(datetime.timezone.utc)) + " A"

    def decode(self, s: str) -> datetime.datetime:
        """The time of a text."""
        time = datetime.datetime.strptime(s[:-2], "%Y-%m-%d %H:%M:%S")
        if s[-2:] == " N":
            return time
        if s[-2:] == " A":
            return time.replace(tzinfo=datetime.timezone.utc).astimezone()
        raise ValueError("%r must end with ' N', for naive, or ' A', for aware" % s)


class TimeDeltaSerializer(Serializer):
    """Durations to the second: "days.seconds"."""

    OBJ_CLASS = datetime.timedelta

    def encode(self, obj: datetime.timedelta) -> str:
        """The text of a duration."""
        return "%d.%d" % (obj.days, obj.seconds)

    def decode(self, s: str) -> datetime.timedelta:
        """The duration of a text."""
        days, seconds = s.split(".")
        return datetime.timedelta(int(days), int(seconds))


def _text(time: datetime.datetime) -> str:
    return time.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
