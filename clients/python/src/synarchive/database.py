"""The archive as the predecessor's database looked to who loaded it: tables of documents, to read from."""
from __future__ import annotations

from typing import Any, Callable, Iterator, List, Mapping, NoReturn, Optional, Set

from synarchive.document import Document

Query = Callable[[Document], bool]


class DocumentTable:
    """The documents of one subject. A query is a function of a document; those of TinyDB are."""

    def __init__(self, name: str, documents: Callable[[], List[Document]]):
        self.name = name
        self._documents = documents

    def __iter__(self) -> Iterator[Document]:
        return iter(self._documents())

    def __len__(self) -> int:
        return len(self._documents())

    def all(self) -> List[Document]:
        """Returns all documents, in the order in which they were created."""
        return self._documents()

    def search(self, cond: Query) -> List[Document]:
        """Returns the documents that match."""
        return [document for document in self if cond(document)]

    def get(self, cond: Optional[Query] = None, doc_id: Optional[int] = None) -> Optional[Document]:
        """Returns the first document that matches, or that of a number; None where there is none."""
        if doc_id is not None:
            return next((document for document in self if document.doc_id == doc_id), None)
        if cond is None:
            raise RuntimeError("You have to pass either cond or doc_id")
        return next((document for document in self if cond(document)), None)

    def contains(self, cond: Optional[Query] = None, doc_id: Optional[int] = None) -> bool:
        """Whether a document matches, or has a number."""
        return self.get(cond, doc_id) is not None

    def count(self, cond: Query) -> int:
        """Returns how many documents match."""
        return len(self.search(cond))

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(
            "The archive keeps no record without those above it, so its tables are only read: "
            "write by the methods of the classes of records"
        )

    insert = insert_multiple = update = update_multiple = upsert = remove = truncate = _refuse


class Database:
    """All tables. There is nothing to open or close, for the connection belongs to the classes of records."""

    def __init__(self, tables: Mapping[str, Callable[[], List[Document]]]):
        self._tables = tables

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Does nothing."""

    def tables(self) -> Set[str]:
        """Returns the names of all tables."""
        return set(self._tables)

    def table(self, name: str) -> DocumentTable:
        """Returns the table of a subject, empty where the archive has no such subject."""
        return DocumentTable(name, self._tables.get(name, list))
