from __future__ import annotations

from typing import Any, Mapping


class Document(dict):
    """A record: its key, created_at, link, relations and details as one dict."""

    def __init__(self, value: Mapping[str, Any], doc_id: int):
        super().__init__(value)
        #: The record's number, unique among the records of its type and kept by updates.
        self.doc_id = doc_id

    def __repr__(self) -> str:
        return "Document(%s, doc_id=%r)" % (super().__repr__(), self.doc_id)

    def __reduce__(self) -> Any:
        return Document, (dict(self), self.doc_id)
