"""`meridian:netlify:Site`: name, domains and settings of a site; what it shows is a deploy's affair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from meridian.netlify.api import LostReplyError, Netlify, RefusedError
from meridian.netlify.connection import Connection
from meridian.netlify.deploy import OURS
from meridian.provider.errors import ProviderError
from meridian.provider.handler import Failure, Found, Handler, Inputs, Made, Outputs, Plan

TOKEN = "meridian:netlify:Site"  # noqa: S105 - a type token
_CREATIONS = 3
Domain = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Build(_Part):
    """What Netlify builds from a repository; stopped, since a deploy brings its files."""

    command: str | None = None
    folder: str | None = None
    stopped: bool = True


class Processing(_Part):
    """What Netlify changes in files: nothing when skipped."""

    skip: bool = True
    pretty_urls: bool = False


class SiteInputs(Inputs):
    """A site of an account."""

    account: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """The account's (team's) slug."""
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
    """The subdomain of netlify.app, one of the whole world."""
    custom_domain: Domain | None = None
    domain_aliases: tuple[Domain, ...] = ()
    force_ssl: bool = True
    build: Build = Build()
    processing: Processing = Processing()
    connection: Connection = Connection()


class Sites(Handler[SiteInputs]):
    """Made once even when the reply is lost: a site of this name that is ours is taken over, another's never."""

    token: ClassVar[str] = TOKEN
    inputs = SiteInputs
    fixed: ClassVar[frozenset[str]] = frozenset({"account"})
    plans_from: ClassVar[frozenset[str]] = frozenset({"account", "name"})
    unknown_outputs: ClassVar[frozenset[str]] = frozenset({"siteId", "url", "defaultDomain"})

    def __init__(self, open: Callable[[Connection], Netlify] = Netlify) -> None:
        self._open = open

    def check(self, news: SiteInputs) -> list[Failure]:
        """Refuse aliases without a domain, and one that stands twice."""
        domain = getattr(news, "custom_domain", None)
        aliases = getattr(news, "domain_aliases", ())
        found = []
        if aliases and domain is None and hasattr(news, "custom_domain"):
            found.append(
                Failure("domainAliases", "aliases are of a custom domain; fix: give customDomain too")
            )
        for index, alias in enumerate(aliases):
            if alias == domain or alias in aliases[:index]:
                found.append(Failure(f"domainAliases[{index}]", f"{alias} stands twice; fix: name it once"))
        return found

    def plan(self, old: SiteInputs | None, new: SiteInputs, outputs: Outputs) -> Plan:
        """Say where the site will be; asks nobody."""
        return Plan({"defaultDomain": f"{new.name}.netlify.app"})

    def create(self, new: SiteInputs) -> Made:
        """Make the site, or take over ours; raises ProviderError for a name that somebody else has."""
        with self._open(new.connection) as netlify:
            for _ in range(_CREATIONS):
                known = _by_name(netlify, new)
                if known is not None:
                    _refuse_a_foreign_one(known)
                    return _made(netlify.patch(f"/sites/{known['id']}", _body(new)))
                try:
                    return _made(netlify.post(f"/{new.account}/sites", _body(new)))
                except LostReplyError:
                    continue
            raise ProviderError(
                f"site {new.name}", f"no answer to its creation in {_CREATIONS} attempts", "run `up` again"
            )

    def read(self, id: str, inputs: SiteInputs | None, outputs: Outputs) -> Found[SiteInputs] | None:
        """Return the site as it is now, None when it is gone; an import is by id from the official API."""
        connection = inputs.connection if inputs else Connection()
        with self._open(connection) as netlify:
            found = netlify.get(f"/sites/{id}")
        return Found(id, _outputs(found), _inputs(found, connection)) if found else None

    def update(self, id: str, old: SiteInputs, new: SiteInputs, outputs: Outputs) -> Outputs:
        """Change what differs; only another connection changes nothing at Netlify."""
        with self._open(new.connection) as netlify:
            before, after = _body(old), _body(new)
            changed = {name: value for name, value in after.items() if before.get(name) != value}
            if not changed:
                return _outputs(netlify.get(f"/sites/{id}") or _gone(new.name))
            return _outputs(netlify.patch(f"/sites/{id}", changed))

    def delete(self, id: str, inputs: SiteInputs, outputs: Outputs) -> None:
        """Delete the site with all its deploys."""
        with self._open(inputs.connection) as netlify:
            netlify.delete(f"/sites/{id}")


def _body(inputs: SiteInputs) -> dict[str, Any]:
    return {
        "name": inputs.name,
        "custom_domain": inputs.custom_domain,
        "domain_aliases": list(inputs.domain_aliases),
        "force_ssl": inputs.force_ssl,
        "build_settings": {
            "cmd": inputs.build.command,
            "dir": inputs.build.folder,
            "stop_builds": inputs.build.stopped,
        },
        "processing_settings": {
            "skip": inputs.processing.skip,
            "html": {"pretty_urls": inputs.processing.pretty_urls},
        },
    }


def _inputs(site: dict[str, Any], connection: Connection) -> SiteInputs:
    """Return the site as inputs; what Netlify leaves out is as it is by default."""
    build, processing = site.get("build_settings") or {}, site.get("processing_settings") or {}
    return SiteInputs.model_validate(
        {
            "account": site["account_slug"],
            "name": site["name"],
            "customDomain": site.get("custom_domain") or None,
            "domainAliases": tuple(site.get("domain_aliases") or ()),
            "forceSsl": bool(site.get("force_ssl")),
            "build": Build(
                command=build.get("cmd"),
                folder=build.get("dir"),
                stopped=build.get("stop_builds") is not False,
            ),
            "processing": Processing(
                skip=processing.get("skip") is not False,
                pretty_urls=bool((processing.get("html") or {}).get("pretty_urls")),
            ),
            "connection": connection,
        }
    )


def _outputs(site: dict[str, Any]) -> dict[str, Any]:
    return {
        "siteId": site["id"],
        "url": site.get("ssl_url") or site["url"],
        "defaultDomain": site.get("default_domain") or f"{site['name']}.netlify.app",
    }


def _made(site: dict[str, Any]) -> Made:
    return Made(site["id"], _outputs(site))


def _by_name(netlify: Netlify, inputs: SiteInputs) -> dict[str, Any] | None:
    found = netlify.all(f"/{inputs.account}/sites", {"name": inputs.name, "filter": "all"})
    return next((site for site in found if site["name"] == inputs.name), None)


def _refuse_a_foreign_one(site: dict[str, Any]) -> None:
    """A site that shows what somebody else has deployed would be lost by a takeover, and later by a destroy."""
    published = site.get("published_deploy") or {}
    if published and not str(published.get("title") or "").startswith(OURS):
        raise ProviderError(
            f"site {site['name']}",
            "the account has it already, and what it shows was not deployed from here",
            f"choose another name, or take it over knowingly: `pulumi import {TOKEN} <name> {site['id']}`",
        )


def _gone(name: str) -> dict[str, Any]:
    raise RefusedError(404, f"site {name}", "the site is gone; `meridian refresh` finds it")
