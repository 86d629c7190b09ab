"""Fills in and checks an object's inputs as the real provider does."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import provider_pb2

from meridian.local.kubernetes.objects import (
    AUTONAMED,
    DEFINITION,
    Kind,
    annotation,
    is_true,
    metadata,
    pruned,
    to_sdk,
)
from meridian.local.schema import ResourceType
from meridian.local.validate import Failure, check
from meridian.protocol.values import UNKNOWN, Secret

_MODE = provider_pb2.CheckRequest.AutonamingOptions
_OPAQUE = ("data", "stringData")


@dataclass(frozen=True)
class Naming:
    """How an object without a name gets one: the resource's own name, and what the engine says of it."""

    resource: str
    seed: bytes = b""
    proposed: str = ""
    mode: int = _MODE.PROPOSE

    def name(self) -> str:
        """Return a name; the same seed gives the same name."""
        if self.proposed:
            return self.proposed
        digest = hashlib.sha256(self.seed + self.resource.encode()).hexdigest()
        return f"{self.resource.lower()}-{(digest if self.seed else secrets.token_hex(8))[:8]}"


def fill(
    kind: Kind, given: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming, namespace: str
) -> dict[str, Any]:
    """Return the inputs with apiVersion, kind, name and namespace; secret values become secrets."""
    news: dict[str, Any] = pruned(given)
    if kind.kind == DEFINITION:
        # A program may spell a schema's words as its publisher does, or as the SDK's class.
        news = to_sdk(news)
    news.setdefault("apiVersion", kind.api_version)
    news.setdefault("kind", kind.kind)
    if news.get("metadata") is not UNKNOWN:
        news["metadata"] = _identity(kind, news, olds, naming, namespace)
    if kind.group == "" and kind.kind == "Secret":
        for part in _OPAQUE:
            if part in news and not isinstance(news[part], Secret):
                news[part] = Secret(news[part])
    return news


def failures(kind: Kind, declared: ResourceType | None, inputs: Mapping[str, Any]) -> list[Failure]:
    """Return what the SDK does not declare, and names that are missing."""
    found = check(declared, inputs, strict=True) if declared else []
    if kind.kind.endswith("List") and kind.built_in:
        fix = "make the objects one by one, or with kubernetes.yaml.ConfigGroup"
        return [Failure("kind", f"kind: {kind.kind} is a list, and no object of a cluster; fix: {fix}")]
    named = metadata(inputs)
    if "metadata" in inputs and inputs["metadata"] is UNKNOWN:
        return found
    if not named.get("name") and not named.get("generateName"):
        why = (
            "a patch changes an object that exists"
            if kind.patch
            else "the engine's configuration switches autonaming off"
        )
        found.append(Failure("metadata.name", f"metadata.name: is missing, and {why}; fix: give it a name"))
    return found


def _identity(
    kind: Kind, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming, namespace: str
) -> Any:
    given = news.get("metadata")
    found = metadata(news)
    if not found.get("name") and not found.get("generateName") and not kind.patch:
        kept = metadata(olds).get("name") if is_true(annotation(olds, AUTONAMED)) else None
        if kept or naming.mode != _MODE.DISABLE:
            found["name"] = kept or naming.name()
            annotations = found.get("annotations")
            if annotations is not UNKNOWN:
                plain = annotations.value if isinstance(annotations, Secret) else annotations
                marked = {**(plain or {}), AUTONAMED: "true"}
                found["annotations"] = Secret(marked) if isinstance(annotations, Secret) else marked
    if kind.namespaced and not found.get("namespace"):
        found["namespace"] = namespace
    return Secret(found) if isinstance(given, Secret) else found
