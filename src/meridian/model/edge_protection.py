"""What stands between a visitor and an origin: TLS, certificates, firewall, rate limits, cache."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Key, Model

Seconds = Literal[10, 60, 120, 300, 600, 3600]
"""Counting and blocking times that Cloudflare's rate limiting rules take on every paid plan."""
PathPrefix = Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_.-]*$")]

ISSUERS = {"google": "pki.goog", "lets_encrypt": "letsencrypt.org", "ssl_com": "ssl.com"}
"""The CAA name of each certificate authority that Cloudflare orders from."""


class Tls(Model):
    """Encryption between visitor and edge; the origin is always checked (Full, strict)."""

    minimum: Literal["1.2", "1.3"] = "1.3"
    hsts_seconds: Annotated[int, Field(ge=0, le=63_072_000)] = 31_536_000
    """How long a browser insists on HTTPS; 31536000 is the least that the browsers' preload list takes."""
    hsts_preload: bool = True
    authority: Literal["google", "lets_encrypt", "ssl_com"] = "google"
    validity_days: Literal[14, 30, 90] = 90
    caa: Annotated[tuple[str, ...], Field(min_length=1)] = ("pki.goog", "letsencrypt.org")
    """Who may issue certificates for the zone: the edge's authority, and that of hosts served elsewhere."""


class Waf(Model):
    """Cloudflare's managed rules and its OWASP core rules."""

    action: Literal["block", "log"] = "block"
    owasp_paranoia: Annotated[int, Field(ge=1, le=4)] = 2
    owasp_threshold: Literal[60, 40, 25] = 40
    """Score from which a request is acted upon: 60 low, 40 medium, 25 high sensitivity."""


class RateLimit(Model):
    """At most `requests` in `period` seconds from one address to paths that begin with `path`."""

    path: PathPrefix
    requests: Annotated[int, Field(ge=1, le=1_000_000)]
    period: Seconds = 60
    block_seconds: Seconds = 600


class Cache(Model):
    """What may be cached: nothing but these paths, for answers may hold personal data."""

    paths: tuple[PathPrefix, ...] = ("/static/",)
    edge_seconds: Annotated[int, Field(ge=60, le=31_536_000)] = 86_400
    browser_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 3600


class Protection(Model):
    """Everything of the edge that refuses, limits or keeps."""

    tls: Tls = Tls()
    waf: Waf = Waf()
    rate_limits: dict[Key, RateLimit] = Field(default_factory=dict)
    cache: Cache = Cache()
