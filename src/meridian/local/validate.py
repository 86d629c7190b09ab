"""Refuses inputs that the installed SDK does not declare, as the real providers do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from meridian.local.schema import ResourceType, Shape
from meridian.local.schema.types import Field
from meridian.protocol.values import UNKNOWN, Secret

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
}
_CALLED = (
    (bool, "a bool"),
    (int, "an int"),
    (float, "a float"),
    (str, "a string"),
    (list, "a list"),
    (Mapping, "an object"),
)
_PLACES = {
    "region": re.compile(r"^([a-z]+-[a-z]+\d{1,2}|[a-z]{2}(-[a-z]+){1,2}-\d)$"),
    "availabilityZone": re.compile(r"^[a-z]{2}(-[a-z]+){1,2}-\d[a-z]$"),
    "zone": re.compile(r"^([a-z]+-[a-z]+\d{1,2}-[a-f]|[a-z0-9.-]+|Z[A-Z0-9]+)$"),
}
_NOT_CHECKED = frozenset({"__defaults"})


@dataclass(frozen=True)
class Failure:
    """What is wrong at a property path."""

    path: str
    reason: str


def check(resource: ResourceType, inputs: Mapping[str, Any], strict: bool = False) -> list[Failure]:
    """Return every failure of a resource's inputs; `strict` takes no number for text and no text for a number."""
    return list(_object(resource, resource.inputs, inputs, "", strict))


def _object(
    resource: ResourceType, fields: Mapping[str, Field], value: Mapping[str, Any], path: str, strict: bool
) -> Iterator[Failure]:
    for name, each in value.items():
        at = f"{path}.{name}" if path else name
        if name in _NOT_CHECKED:
            continue
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1)
            fix = f"did you mean {near[0]!r}?" if near else "remove it"
            yield Failure(at, f"{at}: the provider knows no property {name!r} here; fix: {fix}")
        elif each is not None:
            yield from _value(resource, fields[name].shape, each, at, strict)
    for name, field in fields.items():
        if field.required and value.get(name) is None:
            at = f"{path}.{name}" if path else name
            yield Failure(at, f"{at}: is required and missing; fix: give it a value")


def _value(resource: ResourceType, shape: Shape, value: Any, path: str, strict: bool) -> Iterator[Failure]:
    if isinstance(value, Secret):
        for each in _value(resource, shape, value.value, path, strict):
            # The other messages quote the value.
            yield Failure(
                each.path, f"{each.path}: a secret is not of the type needed; fix: correct the type"
            )
        return
    if value is UNKNOWN or value is None:
        return
    kind = shape["kind"]
    if kind in _KINDS:
        yield from _scalar(kind, value, path, strict)
    elif kind == "list":
        if not isinstance(value, list):
            yield _wrong(path, value, "a list")
            return
        for index, each in enumerate(value):
            yield from _value(resource, shape["of"], each, f"{path}[{index}]", strict)
    elif kind in ("map", "object"):
        if not isinstance(value, Mapping):
            yield _wrong(path, value, "an object")
        elif kind == "object":
            yield from _object(resource, resource.objects[shape["ref"]], value, path, strict)
        else:
            for name, each in value.items():
                yield from _value(resource, shape["of"], each, f"{path}[{name!r}]", strict)


def _scalar(kind: str, value: Any, path: str, strict: bool) -> Iterator[Failure]:
    if not strict and kind == "string" and isinstance(value, (bool, int, float)):
        return  # the real providers take numbers and booleans for text
    if (
        not strict
        and kind in ("int", "float", "bool")
        and isinstance(value, str)
        and re.fullmatch(r"-?\d+(\.\d+)?|true|false", value)
    ):
        return
    if not isinstance(value, _KINDS[kind]) or (kind != "bool" and isinstance(value, bool)):
        yield _wrong(path, value, f"a {kind}")
        return
    name = path.rsplit(".", 1)[-1]
    if isinstance(value, str) and value:
        place = _PLACES.get(name)
        if place and "/" not in value and not place.match(value):
            yield Failure(path, f"{path}: {value!r} has not the form of a {name}; fix: name one that exists")
        elif name.lower().endswith(("cidrblock", "cidrrange", "cidr")) and re.search(r"[/\d]", value):
            try:
                ip_network(value)
            except ValueError as error:
                yield Failure(path, f"{path}: {error}; fix: write a network such as 10.0.0.0/16")


def _wrong(path: str, value: Any, wanted: str) -> Failure:
    kind = next((name for type_, name in _CALLED if isinstance(value, type_)), "of another type")
    # A secret inside and what is not known yet have text forms that tell nothing.
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Failure(path, f"{path}: {text} is {kind}, but {wanted} is needed; fix: correct the type")
