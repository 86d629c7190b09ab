"""Plays the cloud's controllers for one control plane: volumes for claims, addresses for load balancers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meridian.local.controlplane import addresses, volumes
from meridian.local.controlplane.spec import ControlPlaneSpec, Endpoint

_LOG = logging.getLogger("meridian.local")
_WATCH_SECONDS = 240
_PAUSE_SECONDS = 1.0
Object = Mapping[str, Any]


class Simulation:
    """Watches a cluster from threads of its own until it is stopped; what it missed is seen by the next watch."""

    def __init__(self, spec: ControlPlaneSpec, endpoint: Endpoint) -> None:
        self._spec = spec
        self._client = config.new_client_from_config(str(endpoint.kubeconfig))
        self._core = client.CoreV1Api(self._client)
        self._networking = client.NetworkingV1Api(self._client)
        self._storage = client.StorageV1Api(self._client)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start watching."""
        watched: tuple[tuple[Any, Callable[[Object], None]], ...] = (
            (self._core.list_persistent_volume_claim_for_all_namespaces, self._claim),
            (self._core.list_persistent_volume, self._volume),
            (self._core.list_service_for_all_namespaces, self._service),
            (self._networking.list_ingress_for_all_namespaces, self._ingress),
        )
        for listing, handle in watched:
            name = f"{self._spec.id}-{handle.__name__.lstrip('_')}"
            threading.Thread(target=self._follow, args=(listing, handle), name=name, daemon=True).start()

    def stop(self) -> None:
        """Stop; a watch that still hangs ends with its API server."""
        self._stopped.set()

    def _follow(self, listing: Any, handle: Callable[[Object], None]) -> None:
        while not self._stopped.is_set():
            try:
                stream = watch.Watch().stream(
                    listing, timeout_seconds=_WATCH_SECONDS, _request_timeout=(3, _WATCH_SECONDS + 10)
                )
                for event in stream:
                    if self._stopped.is_set():
                        return
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self._one(handle, event["raw_object"])
            except (ApiException, HTTPError, OSError, ValueError):
                # The API server restarts, or the watch is too old: begin anew with what is there now.
                self._stopped.wait(_PAUSE_SECONDS)

    def _one(self, handle: Callable[[Object], None], live: Object) -> None:
        try:
            handle(live)
        except ApiException as error:
            if error.status not in (404, 409):  # gone meanwhile, or made by an earlier event
                _LOG.warning(
                    "%s: simulating for %s: %s", self._spec.name, live["metadata"]["name"], error.reason
                )

    def _claim(self, claim: Object) -> None:
        storage_class = self._class_of(claim)
        if storage_class is None:
            return
        if volumes.wants_volume(claim, storage_class):
            chosen = volumes.selected_node(claim)
            node = self._raw(self._core.read_node(chosen)) if chosen else None
            zone = volumes.zone_of(storage_class, node, self._zones())
            self._core.create_persistent_volume(volumes.volume(claim, storage_class, zone))
        size = volumes.grown(claim, storage_class)
        if size is not None:
            name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
            capacity = {"capacity": {"storage": size}}
            self._core.patch_persistent_volume(claim["spec"]["volumeName"], {"spec": capacity})
            self._core.patch_namespaced_persistent_volume_claim_status(name, namespace, {"status": capacity})

    def _volume(self, found: Object) -> None:
        if volumes.to_delete(found):
            self._core.delete_persistent_volume(found["metadata"]["name"])

    def _service(self, live: Object) -> None:
        body = self._balanced({**live, "kind": "Service"})
        if body is not None:
            named = live["metadata"]
            self._core.patch_namespaced_service_status(named["name"], named["namespace"], body)

    def _ingress(self, live: Object) -> None:
        body = self._balanced({**live, "kind": "Ingress"})
        if body is not None:
            named = live["metadata"]
            self._networking.patch_namespaced_ingress_status(named["name"], named["namespace"], body)

    def _balanced(self, live: Object) -> dict[str, Any] | None:
        if addresses.needs_address(live):
            given = addresses.address(live, self._spec.cloud, self._spec.region)
            return {"status": {"loadBalancer": {"ingress": [given]}}}
        return {"status": {"loadBalancer": {"ingress": None}}} if addresses.lost_address(live) else None

    def _class_of(self, claim: Object) -> Object | None:
        name = claim["spec"].get("storageClassName")
        if name:
            found: Object = self._raw(self._storage.read_storage_class(name))
            return found
        return None

    def _zones(self) -> list[str]:
        nodes = [self._raw(node) for node in self._core.list_node().items]
        labels = [node["metadata"].get("labels") or {} for node in nodes]
        return sorted({str(each[volumes.ZONE]) for each in labels if each.get(volumes.ZONE)})

    def _raw(self, found: Any) -> Any:
        return self._client.sanitize_for_serialization(found)
