"""One cluster through the official dynamic client: bounded waits, raw objects, no object's text in an error."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from urllib3.exceptions import HTTPError

from meridian.local.errors import LocalError
from meridian.local.kubernetes.discovery import OnDemandDiscoverer
from meridian.local.kubernetes.transport import Client, asked

# An API server that restarts (a changed flag) is back within seconds; more would only keep the user waiting.
_ATTEMPTS, _PAUSE_SECONDS = 4, 0.7
_BUSY = (429, 503, 504)


class UnreachableError(LocalError):
    """Nothing answers at the cluster's address, or not in time."""


class Cluster:
    """A cluster as the provider uses it; raises ApiException, UnknownKindError and UnreachableError."""

    def __init__(self, name: str, kubeconfig: Path) -> None:
        self.name = name
        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings)
        settings.retries = False
        settings.connection_pool_maxsize = 32
        self.address = str(settings.host)
        self._client = DynamicClient(Client(settings), discoverer=OnDemandDiscoverer)

    def namespaced(self, api_version: str, kind: str) -> bool:
        """True when objects of a kind lie in namespaces."""
        return bool(self._resource(api_version, kind).namespaced)

    def get(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return an object, or None when there is none."""
        resource = self._resource(api_version, kind)
        try:
            return self._ask(lambda: resource.get(name=name, namespace=namespace, serialize=False))
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def find(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        fields: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return the objects of a kind, of one namespace or of all."""
        resource = self._resource(api_version, kind)
        chosen = ",".join(f"{key}={value}" for key, value in (labels or {}).items()) or None
        answer = self._ask(
            lambda: resource.get(
                namespace=namespace, label_selector=chosen, field_selector=fields, serialize=False
            )
        )
        return list(answer.get("items") or ())

    def events(self, live: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what was said of an object, oldest first."""
        uid, namespace = live["metadata"].get("uid"), live["metadata"].get("namespace") or "default"
        found = self.find("v1", "Event", namespace, fields=f"involvedObject.uid={uid}")
        return sorted(
            found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or "")
        )

    def apply(
        self, body: Mapping[str, Any], manager: str, *, force: bool = False, dry_run: bool = False
    ) -> dict[str, Any]:
        """Apply an object server-side and return it as it then is; unknown fields are refused."""
        resource = self._resource(body["apiVersion"], body["kind"])
        return self._ask(
            lambda: resource.server_side_apply(
                body=dict(body),
                name=body["metadata"]["name"],
                namespace=body["metadata"].get("namespace"),
                force_conflicts="true" if force else None,
                field_manager=manager,
                dry_run="All" if dry_run else None,
                query_params=[("fieldValidation", "Strict")],
                serialize=False,
            )
        )

    def create(self, body: Mapping[str, Any], manager: str, *, dry_run: bool = False) -> dict[str, Any]:
        """Create an object whose name the API server chooses."""
        resource = self._resource(body["apiVersion"], body["kind"])
        return self._ask(
            lambda: resource.create(
                body=dict(body),
                namespace=body["metadata"].get("namespace"),
                field_manager=manager,
                dry_run="All" if dry_run else None,
                query_params=[("fieldValidation", "Strict")],
                serialize=False,
            )
        )

    def delete(self, live: Mapping[str, Any], propagation: str) -> None:
        """Ask for an object's deletion; only this very object, never a new one of its name."""
        named = live["metadata"]
        resource = self._resource(live["apiVersion"], live["kind"])
        body = {"propagationPolicy": propagation, "preconditions": {"uid": named["uid"]}}
        try:
            self._ask(
                lambda: resource.delete(
                    name=named["name"], namespace=named.get("namespace"), body=body, serialize=False
                )
            )
        except ApiException as error:
            if error.status != 404:
                raise

    def _resource(self, api_version: str, kind: str) -> Any:
        return self._reach(lambda: self._client.resources.get(api_version=api_version, kind=kind))

    def _ask(self, call: Callable[[], Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._reach(call).data)
        return answer

    def _reach(self, call: Callable[[], Any]) -> Any:
        """Make a call that may safely be made twice; a server that is away for a moment is asked again."""
        for attempt in range(_ATTEMPTS):
            try:
                return asked(call)
            except HTTPError as error:
                said = type(error).__name__
            except ApiException as error:
                if error.status not in _BUSY:
                    raise
                said = f"HTTP {error.status}"
            if "Timeout" in said or attempt == _ATTEMPTS - 1:
                break
            time.sleep(_PAUSE_SECONDS)
        raise UnreachableError(
            f"cluster {self.name} at {self.address}",
            f"its API server does not answer ({said})",
            f"`meridian local cluster start {self.name}`, or see its log with `meridian local logs`",
        )
