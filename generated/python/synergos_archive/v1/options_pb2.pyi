from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class View(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIEW_UNSPECIFIED: _ClassVar[View]
    VIEW_BASIC: _ClassVar[View]
    VIEW_FULL: _ClassVar[View]

class Cascade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CASCADE_UNSPECIFIED: _ClassVar[Cascade]
    CASCADE_RECURSIVE: _ClassVar[Cascade]
    CASCADE_RESTRICT: _ClassVar[Cascade]
VIEW_UNSPECIFIED: View
VIEW_BASIC: View
VIEW_FULL: View
CASCADE_UNSPECIFIED: Cascade
CASCADE_RECURSIVE: Cascade
CASCADE_RESTRICT: Cascade
