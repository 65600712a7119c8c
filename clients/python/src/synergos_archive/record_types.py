"""The twelve record types, as data. What is not written here is derived, from this table or from the messages."""
from __future__ import annotations

from typing import Any, Dict, FrozenSet, Tuple

from synergos_archive import v1


class RecordType:
    """A type of records: its names, its place in the hierarchy, its messages."""

    def __init__(self, name: str, parents: Tuple["RecordType", ...] = (), takes_along: Tuple[str, ...] = ()):
        #: As in the contract: "Run".
        self.name = name
        #: As in ArchiveRecord and Ancestors: "run".
        self.field = name.lower()
        self.parents = parents
        self.takes_along = takes_along
        #: Its parents and theirs.
        self.ancestors: FrozenSet[RecordType] = frozenset(parents).union(*(parent.ancestors for parent in parents))
        #: The fields of its key, in their order.
        self.key: Tuple[str, ...] = _fields(self.message("{}Key"))
        link = getattr(v1, name + "Link", None)
        #: The fields of its link, its own id last; empty where it has none.
        self.link: Tuple[str, ...] = _fields(link) if link else ()
        #: Its number in messages.
        self.number: int = v1.RecordType.Value("RECORD_TYPE_" + name.upper())
        self.service = "synergos.archive.v1.%sService" % name

    def __repr__(self) -> str:
        return "RecordType(%s)" % self.name

    def message(self, pattern: str) -> Any:
        """One of its messages, by a pattern of their names: "Get{}Request"."""
        return getattr(v1, pattern.format(self.name))

    @property
    def relations(self) -> Tuple["RecordType", ...]:
        """Everything downstream: what a read returns and a delete takes along, parents before children."""
        return tuple(
            other for other in RECORD_TYPES.values() if self in other.ancestors or other.name in self.takes_along
        )

    @property
    def plural(self) -> str:
        """As in Relations: "runs"."""
        return self.field + "s"


def _fields(message: Any) -> Tuple[str, ...]:
    return tuple(field.name for field in message.DESCRIPTOR.fields)


_collaboration = RecordType("Collaboration")
_project = RecordType("Project", (_collaboration,))
_experiment = RecordType("Experiment", (_project,))
_run = RecordType("Run", (_experiment,))
_participant = RecordType("Participant")
_registration = RecordType("Registration", (_project, _participant))
_tag = RecordType("Tag", (_registration,))
_alignment = RecordType("Alignment", (_tag,))
# A model's scores go with it, but need no model to exist.
_model = RecordType("Model", (_run,), takes_along=("Validation", "Prediction"))
_validation = RecordType("Validation", (_run, _participant))
_prediction = RecordType("Prediction", (_run, _participant))
_mlflow = RecordType("MLFlow")

#: All record types by name, parents before children.
RECORD_TYPES: Dict[str, RecordType] = {
    record_type.name: record_type
    for record_type in (
        _collaboration,
        _project,
        _experiment,
        _run,
        _participant,
        _registration,
        _tag,
        _alignment,
        _model,
        _validation,
        _prediction,
        _mlflow,
    )
}
