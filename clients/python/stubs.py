"""
Writes the stubs of the modules whose classes of records get their methods from the table of record types, so that editors
and type checkers see them too. Run with src and generated code on the path: PYTHONPATH=src python stubs.py
"""
import importlib
import inspect
from pathlib import Path

MODULES = ("connection", "evaluation", "training")

SRC = Path(__file__).resolve().parent / "src" / "synarchive"

#: What each method takes beside ids, and what it returns.
EXTRA = {"details": "Mapping[str, Any]", "updates": "Mapping[str, Any]"}
RETURNS = {"create": "Document", "read": "Optional[Document]", "update": "Optional[Document]", "delete": "Optional[Document]"}


def stub(name: str) -> str:
    """The stub of a module."""
    module = importlib.import_module("synarchive." + name)
    classes = [each for each in vars(module).values() if inspect.isclass(each)]
    bases = sorted(cls.__name__ for cls in classes if cls.__module__ == "synarchive.base")
    lines = [
        '"""Written by stubs.py. Do not edit."""',
        "from typing import Any, Dict, Mapping, Optional, Tuple",
        "",
        *("from synarchive.base import %s as %s" % (base, base) for base in bases),
        "from synarchive.document import Document",
        "",
        "schemas: Dict[str, Any]",
    ]
    for cls in classes:
        if cls.__module__ != module.__name__:
            continue
        lines += ["", "class %s(%s):" % (cls.__name__, cls.__bases__[0].__name__)]
        lines += ["    subject: str", "    ids: Tuple[str, ...]"]
        lines.append("    def __init__(self, db_path: Optional[str] = ...) -> None: ...")
        for method, returns in RETURNS.items():
            names = list(inspect.signature(getattr(cls, method)).parameters)[1:]
            parameters = ", ".join("%s: %s" % (each, EXTRA.get(each, "str")) for each in names)
            lines.append("    def %s(  # type: ignore[override]" % method)
            lines.append("        self, %s" % parameters)
            lines.append("    ) -> %s: ..." % returns)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for each in MODULES:
        (SRC / (each + ".pyi")).write_text(stub(each), encoding="utf-8")
