"""Names, labels and annotations of Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.meta import v1 as meta

APP = "app.kubernetes.io/name"
"""The label by which policies, services and budgets find an app's pods."""

MANAGED = {"app.kubernetes.io/managed-by": "meridian"}


def metadata(
    name: str,
    labels: Mapping[str, str],
    namespace: pulumi.Input[str] | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> meta.ObjectMetaArgs:
    """Return an object's metadata; the name is fixed, so that people and policies can rely on it."""
    return meta.ObjectMetaArgs(
        name=name,
        namespace=namespace,
        labels={**MANAGED, **labels},
        annotations=dict(annotations) if annotations else None,
    )
