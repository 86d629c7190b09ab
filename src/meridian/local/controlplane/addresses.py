"""Simulated load balancers: addresses from ranges reserved for documentation, behind which nothing listens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

# RFC 5737 (TEST-NET-3 and TEST-NET-1) and RFC 6761: nobody can take these for addresses of a real cloud.
_PUBLIC, _INTERNAL, _DOMAIN = "203.0.113", "192.0.2", "meridian.invalid"
_INTERNAL_MARKS = (
    ("networking.gke.io/load-balancer-type", "internal"),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("alb.ingress.kubernetes.io/scheme", "internal"),
    ("kubernetes.io/ingress.class", "gce-internal"),
)
Object = Mapping[str, Any]


def needs_address(live: Object) -> bool:
    """True for a Service of type LoadBalancer or an Ingress that has no address yet."""
    balanced = live.get("kind") == "Ingress" or (live.get("spec") or {}).get("type") == "LoadBalancer"
    return balanced and not live["metadata"].get("deletionTimestamp") and not _given(live)


def lost_address(live: Object) -> bool:
    """True for a Service that has an address but is a load balancer no longer."""
    return (
        live.get("kind") == "Service" and (live["spec"].get("type") != "LoadBalancer") and bool(_given(live))
    )


def address(live: Object, cloud: str, region: str) -> dict[str, str]:
    """Return what the cloud would give: an address on Google Cloud, a name on AWS; the same object gets the same one."""
    named = live["metadata"]
    digest = hashlib.sha256(str(named["uid"]).encode()).hexdigest()
    annotations = named.get("annotations") or {}
    inside = any(str(annotations.get(mark, "")).lower() == value for mark, value in _INTERNAL_MARKS)
    if cloud == "aws":
        short = f"k8s-{named['namespace'][:8]}-{named['name'][:8]}-{digest[:10]}"
        return {"hostname": f"{'internal-' if inside else ''}{short}.elb.{region}.{_DOMAIN}"}
    return {"ip": f"{_INTERNAL if inside else _PUBLIC}.{int(digest[:4], 16) % 254 + 1}"}


def _given(live: Object) -> list[Any]:
    return ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
