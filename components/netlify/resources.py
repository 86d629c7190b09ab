"""A Netlify site and what it shows, and on a laptop the simulated Netlify, as resources of our own provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from meridian.model.frontend import Frontend


@dataclass(frozen=True, kw_only=True)
class NetlifyConnection:
    """Where the API is; without it the official one, with the token of NETLIFY_AUTH_TOKEN. No token passes through here."""

    endpoint: pulumi.Input[str]
    token_file: pulumi.Input[str]

    def as_input(self) -> dict[str, pulumi.Input[str]]:
        """Return what travels to the provider."""
        return {"endpoint": self.endpoint, "tokenFile": self.token_file}


_WIRE = {
    "site_id": "siteId",
    "deploy_id": "deployId",
    "default_domain": "defaultDomain",
    "token_file": "tokenFile",
}
_PYTHON = {wire: name for name, wire in _WIRE.items()}


class _Own(pulumi.CustomResource):
    """Properties are camelCase on the wire."""

    def translate_input_property(self, prop: str) -> str:
        """Return a property's name on the wire."""
        return _WIRE.get(prop, prop)

    def translate_output_property(self, prop: str) -> str:
        """Return a property's name in Python."""
        return _PYTHON.get(prop, prop)


class Site(_Own):
    """Name, domains and settings; another account is another site."""

    site_id: pulumi.Output[str]
    url: pulumi.Output[str]
    default_domain: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        frontend: Frontend,
        connection: NetlifyConnection | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {
            "account": frontend.account,
            "name": frontend.site,
            "customDomain": frontend.hostname,
            "domainAliases": list(frontend.aliases) or None,
            "forceSsl": True,
            "build": {"stopped": True},
            "processing": {"skip": True},
            "connection": connection.as_input() if connection else None,
            # Outputs, so that the SDK knows their names.
            "site_id": None,
            "url": None,
            "default_domain": None,
        }
        super().__init__("meridian:netlify:Site", name, props, opts)


class Deploy(_Own):
    """What a site shows, file by file; going back to earlier files restores their deploy."""

    deploy_id: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        site_id: pulumi.Input[str],
        folder: str,
        files: Mapping[str, str],
        contents: Mapping[str, str],
        connection: NetlifyConnection | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {
            "site_id": site_id,
            "folder": folder,
            "files": dict(files),
            "contents": dict(contents),
            "connection": connection.as_input() if connection else None,
            "deploy_id": None,
            "digest": None,
        }
        super().__init__("meridian:netlify:Deploy", name, props, opts)


class EmbeddedNetlify(_Own):
    """An account at the simulated Netlify of this machine; deleting it removes its sites."""

    endpoint: pulumi.Output[str]
    token_file: pulumi.Output[str]
    port: pulumi.Output[int]

    def __init__(self, name: str, *, account: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props: dict[str, Any] = {"account": account, "endpoint": None, "token_file": None, "port": None}
        super().__init__("meridian:local:Netlify", name, props, opts)
