"""Which cloud answers for which provider."""

from __future__ import annotations

from functools import cache

from meridian.local.clouds.context import Cloud


@cache
def cloud(name: str) -> Cloud:
    """Return a provider's cloud; raises KeyError for one that is not embedded."""
    if name == "gcp":
        from meridian.local.clouds.gcp import Gcp

        return Gcp()
    if name == "aws":
        from meridian.local.clouds.aws import Aws

        return Aws()
    if name == "tls":
        from meridian.local.clouds.tls import Tls

        return Tls()
    if name == "random":
        from meridian.local.clouds.random import Random

        return Random()
    if name == "cloudflare":
        from meridian.local.clouds.cloudflare import Cloudflare

        return Cloudflare()
    raise KeyError(name)
