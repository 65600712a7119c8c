"""Generates generated/python from proto/. Run by scripts/generate, in the environment that clients/python/generate makes.

The messages keep the names that proto/ gives them, but the modules lie in the package synergos_archive.v1: a top-level
package `synergos` would hide, or be hidden by, the grid's own package of that name.
"""
import re
import shutil
import sys
from pathlib import Path

import grpc_tools
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

root = Path(__file__).resolve().parent.parent.parent
proto = root / "proto"
out = root / "generated" / "python"
package = out / "synergos_archive" / "v1"

#: Of generated modules: what they import, and where they say that they lie. Descriptors never match.
imports = re.compile(r"^from synergos\.archive\.v1 import (?=\w+_pb2)", re.MULTILINE)
modules = re.compile(r"'synergos\.archive\.v1\.(?=\w+_pb2')")

header = '"""The messages, enums and services of synergos.archive.v1. Generated from proto/ by `make generate`. Do not edit."""\n'


def main() -> None:
    files = sorted(str(path.relative_to(proto)) for path in (proto / "synergos" / "archive" / "v1").glob("*.proto"))
    services = [file for file in files if file.endswith("_service.proto")]
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    descriptors = out / "descriptors"
    includes = ["-I%s" % proto, "-I%s" % (Path(grpc_tools.__file__).parent / "_proto")]
    run(*includes, "--python_out=%s" % out, "--pyi_out=%s" % out, "--descriptor_set_out=%s" % descriptors, *files)
    run(*includes, "--grpc_python_out=%s" % out, *services)
    package.parent.mkdir()
    (out / "synergos" / "archive" / "v1").rename(package)
    shutil.rmtree(out / "synergos")
    for path in sorted(package.iterdir()):
        text = imports.sub("from synergos_archive.v1 import ", path.read_text(encoding="utf-8"))
        path.write_text(modules.sub("'synergos_archive.v1.", text), encoding="utf-8")
    files_in = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes()).file
    descriptors.unlink()
    (package / "__init__.py").write_text(header + "\n".join(exports(files_in)) + "\n", encoding="utf-8")


def exports(files: "list[descriptor_pb2.FileDescriptorProto]") -> "list[str]":
    """Imports of all that the modules declare, by explicit names, which type checkers follow."""
    lines = []
    names = []
    for file in sorted(files, key=lambda file: file.name):
        values = [value.name for enum in file.enum_type for value in enum.value]
        declared = sorted([item.name for kind in (file.message_type, file.enum_type) for item in kind] + values)
        module = Path(file.name).stem + "_pb2"
        if declared:
            lines += ["from synergos_archive.v1.%s import (" % module, *("    %s," % name for name in declared), ")"]
        names += declared
    return [*lines, "", "__all__ = [", *('    "%s",' % name for name in sorted(names)), "]"]


def run(*arguments: str) -> None:
    if protoc.main(["protoc", *arguments]):
        sys.exit(1)


main()
