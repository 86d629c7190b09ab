"""What the environment adds to the page's files: headers, redirects and the page's settings, as texts of a deploy."""

from __future__ import annotations

import json

from meridian.model import Environment
from meridian.model.frontend import Frontend

_CLOSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "microphone",
    "payment",
    "usb",
)
_PATHS = {"sign-in": "/sso/login", "export": "/privacy/export", "erasure": "/privacy/erasure"}
"""The page's own links and where the portal answers them."""


def rendered(environment: Environment) -> dict[str, str]:
    """Return path and text of every rendered file; they are published and restored together with the page."""
    return {
        "/_headers": headers(environment.edge.frontend),
        "/_redirects": redirects(environment),
        "/settings.json": settings(environment),
    }


def csp(frontend: Frontend) -> str:
    """Return the Content-Security-Policy, in the order of the data."""
    return "; ".join(" ".join((directive, *sources)) for directive, sources in frontend.csp.items())


def headers(frontend: Frontend) -> str:
    """Return `_headers`: one block for every path."""
    told = {
        "Content-Security-Policy": csp(frontend),
        "Strict-Transport-Security": f"max-age={frontend.hsts_seconds}; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _CLOSED),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return "/*\n" + "".join(f"  {name}: {value}\n" for name, value in told.items())


def redirects(environment: Environment) -> str:
    """Return `_redirects`: links work without a script, and a person in the EU has links that stay there."""
    edge = environment.edge
    lines = [f"/{name} https://{edge.hostname}{path} 302" for name, path in _PATHS.items()]
    lines += [f"/eu/{name} https://{edge.eu_hostname}{path} 302" for name, path in _PATHS.items()]
    return "\n".join(lines) + "\n"


def settings(environment: Environment) -> str:
    """Return what the script reads: the regions, and where their status is told."""
    edge = environment.edge
    told = {
        "status": [f"https://{host}/status" for host in (edge.hostname, edge.eu_hostname)],
        "regions": [
            {"key": key, "residency": region.residency, "places": [region.gcp.region, region.aws.region]}
            for key, region in environment.regions.items()
        ],
    }
    return json.dumps(told, indent=2) + "\n"
