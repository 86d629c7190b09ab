"""Which kinds a cluster serves, asked for one API group at a time and only when needed."""

from __future__ import annotations

import json
import threading
from typing import Any

from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.resource import Resource

from meridian.local.kubernetes.transport import asked


class UnknownKindError(LookupError):
    """The cluster serves no such kind (yet): its CustomResourceDefinition is not applied or not established."""


class OnDemandDiscoverer:
    """A discoverer for the official dynamic client, safe to share between threads.

    The client's own lazy one asks every group for a kind of the core group, and keeps its findings in a file named
    by the address, where the next cluster on the same port would find them.
    """

    def __init__(self, client: Any, cache_file: Any) -> None:
        self._client = client
        self._groups: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def get(self, api_version: str, kind: str) -> Any:
        """Return the resource of a kind; what is not known is asked for again. Raises UnknownKindError."""
        found = self._groups.get(api_version, {}).get(kind)
        if found is None:
            with self._lock:
                self._groups[api_version] = self._read(api_version)
            found = self._groups[api_version].get(kind)
        if found is None:
            raise UnknownKindError(f"{api_version} {kind}")
        return found

    def _read(self, api_version: str) -> dict[str, Any]:
        group, _, version = api_version.rpartition("/")
        prefix = "apis" if group else "api"
        path = "/".join(part for part in (prefix, group, version) if part)
        try:
            answer = json.loads(asked(lambda: self._client.request("get", path, serialize=False)).data)
        except ApiException as error:
            if error.status == 404:
                return {}
            raise
        kinds = {}
        for each in answer.get("resources") or ():
            if "/" in each["name"]:
                continue
            known = {key: value for key, value in each.items() if key not in ("group", "version")}
            kinds[each["kind"]] = Resource(
                prefix=prefix, group=group, api_version=version, client=self._client, **known
            )
        return kinds
