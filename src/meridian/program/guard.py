"""What holds for every resource of every unit: labels, and a provider that somebody chose."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi

from meridian.model import Environment
from meridian.program.labels import for_gcp, labels

# Cloudflare has no labels: its zone is one environment's alone.
_CLOUDS = ("gcp:", "aws:", "tls:", "random:", "kubernetes:", "cloudflare:")
# These carry `labels` of another meaning: addresses of a notification, not marks of a resource.
_NO_LABELS = frozenset(
    {"gcp:monitoring/notificationChannel:NotificationChannel", "aws:eks/nodeGroup:NodeGroup"}
)


def install(environment: Environment, unit: str) -> None:
    """Register the transform with the program's own runtime; call once, before the first resource."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        token = args.type_
        if not token.startswith(_CLOUDS):
            return None
        if not _has_provider(args, token):
            raise pulumi.RunError(
                f"{token} {args.name}: has no provider; fix: pass one of meridian.program.providers"
            )
        field = _label_field(type(args.resource), token)  # type: ignore[arg-type]
        if field is None:
            return None
        urn = f"{pulumi.get_stack()}::{token}::{args.name}"
        values = labels(environment, unit, urn)
        own = args.props.get(field) or {}
        if not isinstance(own, Mapping):
            return None
        marked = for_gcp(values) if token.startswith("gcp:") else values
        return pulumi.ResourceTransformationResult(
            props={**args.props, field: {**marked, **own}}, opts=args.opts
        )

    pulumi.runtime.register_stack_transformation(transform)


def _has_provider(args: pulumi.ResourceTransformationArgs, token: str) -> bool:
    """True when somebody chose one: for the resource itself, or for a component above it."""
    if args.opts.provider is not None or args.opts.providers:
        return True
    parent = args.opts.parent
    return parent is not None and parent.get_provider(token) is not None


@cache
def _label_field(cls: type[Any], token: str) -> str | None:
    if token in _NO_LABELS:
        return None if not token.startswith("aws:") else "tags"
    parameters = inspect.signature(cls._internal_init).parameters if hasattr(cls, "_internal_init") else {}
    wanted = ("tags",) if token.startswith("aws:") else ("resource_labels", "labels")
    return next((name for name in wanted if name in parameters), None)
