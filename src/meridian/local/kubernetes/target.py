"""One resource's object in its cluster: where it lies, what it is called, who applies it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meridian.local.kubernetes.cluster import Cluster
from meridian.local.kubernetes.discovery import UnknownKindError
from meridian.local.kubernetes.objects import (
    DEFINITION,
    FIELD_MANAGER,
    Kind,
    annotation,
    metadata,
    split,
    to_api,
)
from meridian.local.kubernetes.outputs import MANAGER
from meridian.protocol.values import plain

OURS, PATCHER = "pulumi-kubernetes-", "pulumi-kubernetes-patch-"
"""What the names of our field managers begin with; those of *Patch resources with the second."""


@dataclass(frozen=True)
class Target:
    """Finds and names an object; raises ApiException and UnreachableError."""

    cluster: Cluster
    namespace: str
    """Where an object lies that says nothing else."""
    kind: Kind
    urn: str

    def body(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what to send: plain inputs, with the name that the API server once chose."""
        body: dict[str, Any] = {key: value for key, value in plain(news).items() if key != "status"}
        if self.kind.kind == DEFINITION:
            body = to_api(body)
        named = dict(body.get("metadata") or {})
        if olds and not named.get("name") and metadata(olds).get("name"):
            named["name"] = metadata(olds)["name"]
            named.pop("generateName", None)
        return self.scoped({**body, "metadata": named})

    def scoped(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body with a namespace exactly where its kind needs one."""
        named = dict(body["metadata"])
        namespaced = self.scope()
        if namespaced:
            named["namespace"] = named.get("namespace") or self.namespace
        elif namespaced is False:
            named.pop("namespace", None)
        return {**body, "metadata": named}

    def scope(self) -> bool | None:
        """Return whether the kind's objects lie in namespaces; None when nobody knows yet."""
        if self.kind.namespaced is not None:
            return self.kind.namespaced
        try:
            return self.cluster.namespaced(self.kind.api_version, self.kind.kind)
        except UnknownKindError:
            return None

    def live(self, news: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the object that has the inputs' name, or None."""
        body = self.body(news)
        name = body["metadata"].get("name")
        return self._get(body["metadata"].get("namespace"), name) if name else None

    def at(self, resource_id: str) -> dict[str, Any] | None:
        """Return the object with an id, or None."""
        namespace, name = split(resource_id)
        body = self.scoped({"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}})
        return self._get(body["metadata"].get("namespace"), name)

    def _get(self, namespace: str | None, name: str) -> dict[str, Any] | None:
        try:
            return self.cluster.get(self.kind.api_version, self.kind.kind, namespace, name)
        except UnknownKindError:
            return None

    def manager(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> str:
        """Return who applies: one name per resource, so that what it made is told from what others made."""
        said = annotation(news, FIELD_MANAGER) or str((olds or {}).get(MANAGER) or "")
        digest = hashlib.sha256(self.urn.encode()).hexdigest()[:12]
        return said or f"{PATCHER if self.kind.patch else OURS}{digest}"

    def label(self, news: Mapping[str, Any]) -> str:
        """Return what messages call it."""
        named = metadata(news)
        place = f"{named['namespace']}/" if named.get("namespace") else ""
        return f"{self.kind.kind} {place}{named.get('name') or named.get('generateName') or '(no name)'}"
