"""Lists, page after page."""
from __future__ import annotations

from typing import Any, List, Optional, Tuple

from synergos_archive import v1
from synergos_archive.calls import Flow
from synergos_archive.errors import RecordNotFoundError, ResponseTooLargeError
from synergos_archive.flows import RecordFlows


class Listing:
    """All records that a list request asks for, some at a time. Where a page is too large, smaller ones are asked for."""

    def __init__(self, flows: RecordFlows, request: Any):
        self.ended = False
        self._flows = flows
        self._request = request
        self._last: Tuple[bytes, ...] = ()
        #: Where even a single record is too large with its relations: the keys, listed without, and those to come.
        self._keys: Optional[Listing] = None
        self._pending: List[Any] = []

    def next(self) -> Flow[List[Any]]:
        """The next records, maybe none; sets `ended` after the last."""
        if self._keys is None:
            try:
                return (yield from self._next_page())
            except ResponseTooLargeError:
                if self._request.view != v1.VIEW_FULL:
                    raise
                request = type(self._request)(filter=self._request.filter, view=v1.VIEW_BASIC)
                self._keys = Listing(self._flows, request)
        while not self._pending and not self._keys.ended:
            records = yield from self._keys.next()
            self._pending = [record.key for record in records if self._place(record.key) > self._last]
        self.ended = self._keys.ended and len(self._pending) <= 1
        if not self._pending:
            return []
        try:
            return [(yield from self._flows.get(self._pending.pop(0), v1.VIEW_FULL, self._request.relation_types))]
        except RecordNotFoundError:
            return []  # Deleted meanwhile.

    def _next_page(self) -> Flow[List[Any]]:
        while True:
            try:
                page = yield from self._flows.page(self._request)
                break
            except ResponseTooLargeError:
                if self._request.page_size == 1:
                    raise
                self._request.page_size = max(1, (self._request.page_size or 100) // 4)
        self._request.page_token = page.next_page_token
        self.ended = not page.next_page_token
        if page.records:
            self._last = self._place(page.records[-1].key)
        return page.records

    def _place(self, key: Any) -> Tuple[bytes, ...]:
        """The place of a key in the order of keys, which the server sorts by bytes."""
        return tuple(getattr(key, name).encode() for name in self._flows.type.key)
