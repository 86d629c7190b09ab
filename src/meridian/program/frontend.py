"""The public page's share of the edge: the folder's files, and whose Netlify serves them."""

from __future__ import annotations

import pulumi

from components.netlify.frontend import Frontend, FrontendArgs
from components.netlify.resources import EmbeddedNetlify, NetlifyConnection
from meridian.netlify.content import digests
from meridian.paths import find_checkout
from meridian.program import providers
from meridian.program.context import Context
from meridian.provider.errors import ProviderError


def place(context: Context, names: pulumi.Resource) -> Frontend:
    """Make site and deploy once their names exist; raises RunError for a folder that cannot be published."""
    frontend = context.environment.edge.frontend
    try:
        files = digests(find_checkout().root / frontend.folder)
    except ProviderError as error:
        raise pulumi.RunError(f"edge.frontend.folder: {error}") from None
    if "/index.html" not in files:
        raise pulumi.RunError(
            f"edge.frontend.folder {frontend.folder}: holds no index.html; fix: name the folder of the built files"
        )
    own = providers.own()
    connection = None
    if frontend.server == "embedded":
        netlify = EmbeddedNetlify(
            "netlify",
            account=frontend.account,
            opts=pulumi.ResourceOptions(provider=own, depends_on=[names]),
        )
        connection = NetlifyConnection(endpoint=netlify.endpoint, token_file=netlify.token_file)
        pulumi.export(
            "frontend_here",
            netlify.port.apply(lambda port: f"http://{frontend.site}.localhost:{int(port)}/"),
        )
    return Frontend(
        "frontend",
        FrontendArgs(
            environment=context.environment, files=files, connection=connection, protect=context.protect
        ),
        pulumi.ResourceOptions(providers=[own], depends_on=[names]),
    )
