"""
What the predecessor's schemas asked of a new payload beyond the types of its fields, which are those of the archive's
messages. Names that no schema knew are free.
"""
from __future__ import annotations

from typing import Any, FrozenSet, Mapping, Tuple

#: By message: what a payload must hold. The archive itself cannot tell an absent list from an empty one.
_REQUIRED: Mapping[str, Tuple[str, ...]] = {
    "ProjectDetails": ("incentives",),
    "ExperimentDetails": ("model",),
    "Layer": ("is_input", "l_type"),
    "ParticipantDetails": ("id",),
    "RegistrationDetails": ("role", "n_count", "node_0"),
    "TagDetails": ("train",),
    "AlignmentDetails": ("train",),
    "SpacerIndexes": ("X", "y"),
    "ModelDetails": ("global",),
    "MLFlowDetails": ("collaboration", "project", "record", "name", "mlflow_type", "mlflow_id", "mlflow_uri"),
}

#: Fields that may be None. Components give all of a participant or of a component's address, known or not.
_NULLABLE: FrozenSet[str] = frozenset(
    ["Component.host", "Component.secure", "Layer.activation"]
    + ["ComponentPorts." + name for name in ("main", "ui", "sysmetrics", "director", "ttp", "worker")]
    + ["ParticipantDetails." + name for name in ("category", "summary", "phone", "email", "socials")]
)

#: Fields of which the schemas did not say a type.
_UNTYPED: FrozenSet[str] = frozenset(["ProjectDetails.start_at"])

#: Names that the archive keeps among the attributes, and that must be text.
_TEXT: Mapping[str, Tuple[str, ...]] = {
    "CollaborationDetails": ("collab_id",),
    "ProjectDetails": ("project_id",),
    "ExperimentDetails": ("expt_id",),
    "RunDetails": ("run_id",),
}


def required(message: str) -> Tuple[str, ...]:
    """The names that a payload of a message must hold."""
    return _REQUIRED.get(message, ())


def must_be_text(message: str) -> Tuple[str, ...]:
    """The names of what must be text, though the message does not type it."""
    return _TEXT.get(message, ())


def may_be(message: str, field: str, value: Any) -> bool:
    """Whether a field may be given as an empty value that is not of its type."""
    name = "%s.%s" % (message, field)
    return name in _UNTYPED or (value is None and name in _NULLABLE)
