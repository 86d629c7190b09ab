"""The public page: where Netlify serves it, from which folder, and what a browser may do with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import HostName, Model

Directive = Literal[
    "default-src",
    "script-src",
    "style-src",
    "img-src",
    "font-src",
    "connect-src",
    "manifest-src",
    "base-uri",
    "form-action",
    "frame-ancestors",
    "require-trusted-types-for",
    "trusted-types",
]
Source = Annotated[str, Field(pattern=r"^\S+$")]


class Frontend(Model):
    """A site of prebuilt files at Netlify."""

    server: Literal["netlify", "embedded"] = "netlify"
    """Who serves it; `embedded` is the simulated Netlify of this machine, for laptops."""
    account: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    """The account's (team's) slug."""
    site: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    """The subdomain of netlify.app, one of the whole world."""
    hostname: HostName
    aliases: tuple[HostName, ...] = ()
    folder: Annotated[str, Field(pattern=r"^[a-z0-9][\w./-]*$")] = "frontend"
    """Relative to the checkout; what lies in it is published as it is."""
    csp: dict[Directive, tuple[Source, ...]]
    """The Content-Security-Policy, directive by directive (W3C CSP level 3)."""
    hsts_seconds: Annotated[int, Field(ge=0, le=63_072_000)] = 31_536_000

    @property
    def target(self) -> str:
        """The name that the host's DNS record points to."""
        return f"{self.site}.netlify.app"
