"""
How payloads, the details of records as components hold them, lie in the archive's typed messages.

What a payload names lands in the typed field of that name; everything else, and what is given but empty (None, [], {})
where the typed field cannot say so, lands in the `attributes` of the same message. What even that does not keep is
noted in one attribute, NOTES, so that every leaf comes back with the type that it was given with:

    "int": numbers given as int for a field that is a double
    "float": whole numbers given as float for a field that is an integer, or in a Struct, whose numbers have one type
    "datetime", "datetime_utc": times given as datetime, naive or aware, instead of as text
    "absent": the id of a participant, which is in the key and usually in the payload too, where it is not

Each is a list of paths. A note that does not fit its value any more, because another client changed that, is ignored.
"""
from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Pattern, Tuple

from synergos_archive import v1
from synergos_archive.messages import is_map

Payload = Dict[str, Any]
At = Tuple[Any, ...]

#: The attribute that holds the notes.
NOTES = "synarchive.types"

#: Maps whose entries a payload holds beside the other fields, and what their keys look like; by the message's full name.
SPREAD: Dict[str, Tuple[str, Pattern[str]]] = {
    kind.DESCRIPTOR.full_name: spread
    for kind, spread in (
        (v1.RegistrationDetails, ("nodes", re.compile(r"node_(0|[1-9][0-9]*)"))),
        (v1.ModelDetails, ("locals", re.compile(r"local_(0|[1-9][0-9]*)"))),
        (v1.ValidationDetails, ("results", re.compile(r"train|evaluate|predict"))),
        (v1.PredictionDetails, ("results", re.compile(r"train|evaluate|predict"))),
    )
}

#: Messages that a payload does not see: it holds their one field in their place.
TRANSPARENT: Dict[str, str] = {
    kind.DESCRIPTOR.full_name: name
    for kind, name in ((v1.TagList, "tags"), (v1.TagPath, "tokens"), (v1.CheckpointRound, "epochs"))
}


def holds_dict(descriptor: Any) -> bool:
    """Whether what stands for a message in a payload is a dict, not a list."""
    field = TRANSPARENT.get(descriptor.full_name)
    return field is None or is_map(descriptor.fields_by_name[field])


def enum_names(descriptor: Any) -> Dict[Any, int]:
    """The values of an enum by their names in payloads: "regress" for ACTION_REGRESS."""
    prefix = descriptor.values[0].name[: -len("UNSPECIFIED")]
    return {value.name[len(prefix) :].lower(): value.number for value in list(descriptor.values)[1:]}


def in_order(names: Iterable[str]) -> List[str]:
    """Names in an order that is the same in each process, numbers in them by their size: node_2 before node_10."""
    return sorted(names, key=lambda name: [(int(part), "") if part.isdigit() else (-1, part) for part in _parts(name)])


def _parts(name: str) -> List[str]:
    return re.split(r"([0-9]{1,18})", name)
