"""The public page at Netlify: a site, and on it the files of this checkout with the environment's headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.netlify.rendered import rendered
from components.netlify.resources import Deploy, NetlifyConnection, Site
from meridian.model import Environment


@dataclass(frozen=True, kw_only=True)
class FrontendArgs:
    """The environment, path and SHA-1 of the folder's files, and where Netlify is; none: the official API."""

    environment: Environment
    files: Mapping[str, str]
    connection: NetlifyConnection | None = None
    protect: bool = True


class Frontend(pulumi.ComponentResource):
    """The site outlives its deploys: a protected site is not deleted, a deploy is replaced by the next."""

    url: pulumi.Output[str]
    default_domain: pulumi.Output[str]
    deploy_id: pulumi.Output[str]

    def __init__(self, name: str, args: FrontendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:netlify:Frontend", name, None, opts)
        frontend = args.environment.edge.frontend
        site = Site(
            f"{name}-site",
            frontend=frontend,
            connection=args.connection,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        deploy = Deploy(
            f"{name}-deploy",
            site_id=site.site_id,
            folder=frontend.folder,
            files=args.files,
            contents=rendered(args.environment),
            connection=args.connection,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.url, self.default_domain, self.deploy_id = site.url, site.default_domain, deploy.deploy_id
        self.register_outputs({"url": self.url, "deploy_id": self.deploy_id})
