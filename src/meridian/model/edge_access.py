"""Zero Trust: who reaches the internal tools, proved by the workforce's own identity provider."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meridian.model.base import HostName, Key, Model
from meridian.model.regions import Cloud

Url = Annotated[str, Field(pattern=r"^https://[^\s]+$")]
Group = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$")]


class IdentityProvider(Model):
    """An OpenID Connect provider; its client secret is a stack's secret, `meridian:edgeIdentitySecret`."""

    name: str = "Workforce sign-on"
    client_id: str
    auth_url: Url
    token_url: Url
    certs_url: Url
    groups_claim: str = "groups"


class InternalTool(Model):
    """A web page for the estate's own people, served by one site's ingress behind Access."""

    hostname: HostName
    region: Key
    cloud: Cloud = "gcp"
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    """Who may enter: values of the identity provider's groups claim. A second factor is always asked."""
    session_hours: Annotated[int, Field(ge=1, le=24)] = 8


class Access(Model):
    """The tools and the provider that vouches for their users."""

    identity: IdentityProvider
    tools: Annotated[dict[Key, InternalTool], Field(min_length=1)]
