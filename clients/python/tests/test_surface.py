"""What programs import and call of the predecessor, all of it, is in the drop-in."""
import importlib
import inspect
import json
from pathlib import Path

import pytest
from conftest import PYTHON_CLIENT

#: Modules, their classes and functions with bases, members, parameters and defaults, taken off the predecessor.
SURFACE = json.loads((Path(__file__).parent / "predecessor-surface.json").read_text(encoding="utf-8"))

#: What is not in the drop-in, and why.
ABSENT = {
    ("synarchive.config", "name"): "left over from the loop that read the schemas' files, of which there are none",
    ("synarchive.config", "s_path"): "likewise",
    ("synarchive.config", "schema"): "likewise: a file, closed since",
}

#: Where the predecessor's abstract methods took nothing at all, which no method of a record can. Those of the drop-in
#: say that each class has parameters of its own.
WITHOUT_PARAMETERS = {("synarchive.abstract", "AbstractRecords")}

NAMES = [(module, name) for module, names in SURFACE.items() for name in names]
MEMBERS = [
    (module, name, member)
    for module, names in SURFACE.items()
    for name, described in names.items()
    for member in described.get("members", ())
]


@pytest.mark.parametrize("module", SURFACE)
def test_modules(module):
    importlib.import_module(module)


@pytest.mark.parametrize("module, name", NAMES)
def test_names(module, name):
    described = SURFACE[module][name]
    if (module, name) in ABSENT:
        assert not hasattr(importlib.import_module(module), name)
        return
    found = getattr(importlib.import_module(module), name)
    if described["kind"] == "value":
        assert type(found).__name__ == described["type"]
    elif described["kind"] == "function":
        assert list(inspect.signature(found).parameters) == described["parameters"]
    elif "from" in described:
        assert found is getattr(importlib.import_module(described["from"]), name)
    else:
        assert inspect.isclass(found) and found.__module__ == module
        assert [base.__name__ for base in found.__bases__] == described["bases"]


@pytest.mark.parametrize("module, name, member", MEMBERS)
def test_members(module, name, member):
    described = SURFACE[module][name]["members"][member]
    found = getattr(getattr(importlib.import_module(module), name), member)
    if described["kind"] == "attribute":
        return
    assert found.__doc__ or member == "__init__"
    if (module, name) in WITHOUT_PARAMETERS:
        return
    own = list(inspect.signature(found).parameters.values())[1:]
    assert [parameter.name for parameter in own] == [parameter["name"] for parameter in described["parameters"]]
    for parameter, expected in zip(own, described["parameters"]):
        kind = expected.get("kind", "POSITIONAL_OR_KEYWORD")
        assert parameter.kind.name == kind
        if "default" in expected:
            assert repr(parameter.default) == expected["default"]
        elif parameter.name != "db_path":  # Which may be left out here, for ARCHIVE_ADDRESS says it all.
            assert parameter.default is inspect.Parameter.empty


def test_what_is_absent_is_a_part_of_the_surface():
    assert set(ABSENT) <= set(NAMES)


@pytest.mark.parametrize("module", ["connection", "evaluation", "training"])
def test_stubs_are_what_the_classes_are(module, monkeypatch):
    """As stubs.py writes them."""
    monkeypatch.syspath_prepend(str(PYTHON_CLIENT))
    stubs = importlib.import_module("stubs")
    assert (stubs.SRC / (module + ".pyi")).read_text(encoding="utf-8") == stubs.stub(module)
