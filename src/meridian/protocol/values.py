"""The engine's property values as plain Python: secrets wrapped, unknowns one object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

# Signatures of the engine's wire format (pulumi sdk/go/common/resource/properties.go, v3.200.0).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public constant of the protocol
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class _Unknown:
    def __repr__(self) -> str:
        return "(known after it is created)"


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that must not be shown; its text form hides it."""

    value: Any

    def __repr__(self) -> str:
        """Hide the value."""
        return "[secret]"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return a message's properties."""
    return {name: _decode(value) for name, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in _UNKNOWNS else text
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(each) for each in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
        if signature == _SECRET:
            return Secret(_decode(fields["value"]))
        if signature == _OUTPUT:
            inner = _decode(fields["value"]) if "value" in fields else UNKNOWN
            return Secret(inner) if "secret" in fields and fields["secret"].bool_value else inner
        return {name: _decode(each) for name, each in fields.items()}
    return None


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return properties as a message."""
    struct = struct_pb2.Struct()
    for name, value in properties.items():
        _encode(value, struct.fields[name])
    return struct


def _encode(value: Any, into: struct_pb2.Value) -> None:
    if value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        into.string_value = _UNKNOWN_TEXT
    elif isinstance(value, Secret):
        into.struct_value.fields[_SIGNATURE].string_value = _SECRET
        _encode(value.value, into.struct_value.fields["value"])
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, (int, float)):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for name, each in value.items():
            _encode(each, into.struct_value.fields[str(name)])
    else:
        into.list_value.SetInParent()
        for each in value:
            _encode(each, into.list_value.values.add())


def plain(value: Any) -> Any:
    """Return a value without its secret wrappers; for the cloud's own use, never for output."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def has_unknown(value: Any) -> bool:
    """True when a value is not wholly known yet."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, Mapping):
        return any(has_unknown(each) for each in value.values())
    return isinstance(value, list) and any(has_unknown(each) for each in value)


def strings(value: Any) -> Iterator[str]:
    """Yield every string inside a value; secrets are not looked into."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
