"""What every model shares: frozen, no unknown keys, and the field types that carry a rule of the field."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema


class Model(BaseModel):
    """A frozen model that refuses unknown keys, so that a misspelt setting is an error and never ignored."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, str_strip_whitespace=True
    )


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("a network is written as an address and a prefix length, such as 10.16.0.0/20")
    try:
        return IPv4Network(value, strict=True)
    except ValueError as error:
        raise ValueError(f"{error}; write the first address of the range and a prefix length") from None


Cidr = Annotated[
    IPv4Network,
    BeforeValidator(_network),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$", "examples": ["10.16.0.0/20"]}
    ),
]
"""An IPv4 range without host bits."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
"""A short stable key: it becomes part of logical names, so renaming it means an alias."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$")]
"""A name that both clouds take: 3-40 characters, lower case, digits and hyphens (GKE cluster names end at 40)."""

ImageDigest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]

HostName = Annotated[
    str,
    Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", examples=["app.meridian.example"]),
]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
PrivateAsn = Annotated[int, Field(ge=64512, le=65534)]
"""A private 16-bit autonomous system number (RFC 6996)."""

Percent = Annotated[float, Field(gt=0, le=2)]
