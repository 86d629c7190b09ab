"""Keeps real control planes in step with the GKE and EKS resources of the inventory."""

from __future__ import annotations

import base64
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.local import cluster_specs
from meridian.local.errors import CloudError, LocalError, UnknownNameError
from meridian.local.inventory import Inventory, Record
from meridian.local.issuer import Issuer
from meridian.protocol.values import plain

if TYPE_CHECKING:
    from meridian.local.controlplane import ControlPlanes
    from meridian.local.store import Store

_LOG = logging.getLogger("meridian.local")


class Planes:
    """Starts, changes and removes control planes; holds no lock while one starts, so that six start side by side."""

    def __init__(
        self,
        inventory: Inventory,
        root: Path,
        bin_dir: Path,
        kube_dir: Path,
        audit_policy: Path,
        issuer: Issuer,
    ) -> None:
        self._inventory = inventory
        self._audit_policy = audit_policy
        self.issuer = issuer
        self._folders = (root, bin_dir, kube_dir)
        self._planes: ControlPlanes | None = None
        self._lock = threading.Lock()
        self.restored = threading.Event()

    @property
    def planes(self) -> ControlPlanes:
        """The control planes, imported on first use: a daemon that only plans does not pay for them."""
        with self._lock:
            if self._planes is None:
                from meridian.local.controlplane import ControlPlanes

                self._planes = ControlPlanes(*self._folders)
            return self._planes

    def created(self, store: Store, record: Record) -> Record:
        """Follow a resource that was created; what fails to start is taken out of the inventory again."""
        if record.token not in (*cluster_specs.CLUSTERS, *cluster_specs.POOLS, cluster_specs.EKS_OIDC):
            return record
        try:
            return self._follow(store, record)
        except CloudError:
            self._inventory.remove(record.row)
            raise
        except Exception as error:
            self._inventory.remove(record.row)
            _LOG.exception("starting %s", record.id)
            raise CloudError("InternalError", f"{record.id}: {error}") from error

    def updated(self, store: Store, record: Record) -> Record:
        """Follow a resource that was changed."""
        if record.token not in (*cluster_specs.CLUSTERS, *cluster_specs.POOLS, cluster_specs.EKS_OIDC):
            return record
        return self._follow(store, record)

    def deleted(self, record: Record) -> None:
        """Follow a resource that was deleted."""
        if record.token in cluster_specs.CLUSTERS:
            self.planes.remove(cluster_specs.plane_id(record))
        elif record.token in cluster_specs.POOLS:
            cluster = self._cluster_of(record)
            if cluster is not None:
                self.planes.remove_node_pool(cluster_specs.plane_id(cluster), record.name)
        elif record.token == cluster_specs.EKS_OIDC:
            cluster = self._cluster_of(record)
            if cluster is not None:
                self.planes.ensure(self._spec(cluster))

    def clusters(self) -> list[Record]:
        """Return every cluster of the inventory."""
        return [record for token in cluster_specs.CLUSTERS for record in self._inventory.all(token=token)]

    def cluster(self, name: str) -> Record:
        """Return the cluster with this name; raises UnknownNameError."""
        for record in self.clusters():
            if name in (record.name, record.id):
                return record
        known = ", ".join(record.name for record in self.clusters()) or "none"
        raise UnknownNameError(name, f"no cluster has this name; there is {known}", "name one of these")

    def restore(self) -> None:
        """Start again what the inventory says should run, side by side: after a kill or a reboot; sets `restored`."""
        threads = [threading.Thread(target=self._restore, args=(record,)) for record in self.clusters()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.restored.set()

    def start(self, record: Record) -> None:
        """Start one cluster with its nodes."""
        found = self._outputs(record, self.planes.ensure(self._spec(record)))
        if any(record.outputs.get(name) != value for name, value in found.items()):
            # Its port was taken by something else meanwhile: the next refresh reads the new address.
            moved = replace(record, outputs={**record.outputs, **found})
            self._inventory.replace(moved, *self._inventory.links(record.row))
        for token in cluster_specs.POOLS:
            for pool in self._inventory.all(token=token):
                cluster = self._cluster_of(pool)
                if cluster is not None and cluster.row == record.row:
                    self._set_pool(pool, record)

    def stop(self, record: Record) -> None:
        """Stop one cluster; its data stays."""
        self.planes.stop(cluster_specs.plane_id(record))

    def started(self) -> list[str]:
        """Return the ids of the control planes that were started and not stopped; starts and imports nothing."""
        return self._planes.started() if self._planes is not None else []

    def stored(self, name: str, prefix: str) -> dict[str, bytes]:
        """Return what etcd holds of a cluster under a prefix; raises LocalError when it does not run."""
        return self.planes.stored(cluster_specs.plane_id(self.cluster(name)), prefix)

    def audit_log(self, name: str) -> Path:
        """Return where a cluster's audit log lies."""
        return self.planes.audit_log(cluster_specs.plane_id(self.cluster(name)))

    def sign_on(self, name: str) -> dict[str, str]:
        """Return the issuer, audience and claims that a cluster takes tokens of; empty for none."""
        oidc = self._spec(self.cluster(name)).oidc
        return {key: value for key, value in vars(oidc).items() if value is not None} if oidc else {}

    def stop_all(self) -> None:
        """Stop every process."""
        self.issuer.stop()
        if self._planes is not None:
            self._planes.stop_all()

    def describe(self, record: Record) -> dict[str, Any]:
        """Return a cluster's row for the table of clusters."""
        outputs = plain(record.outputs)
        pools = [p for token in cluster_specs.POOLS for p in self._inventory.all(token=token)]
        own = [
            pool
            for pool in pools
            if (found := self._cluster_of(pool)) is not None and found.row == record.row
        ]
        nodes = sum(cluster_specs.node_pool(pool, record, self._find(pool)).count for pool in own)
        state = self.planes.status(cluster_specs.plane_id(record))
        return {
            "name": record.name,
            "cloud": record.cloud,
            "region": cluster_specs.region_of(record),
            "endpoint": str(outputs.get("$url") or outputs.get("endpoint") or ""),
            "kubeconfig": str(outputs.get("$kubeconfig") or ""),
            "version": str(
                outputs.get("$version") or outputs.get("masterVersion") or outputs.get("version") or ""
            ),
            "nodes": nodes,
            "state": state if isinstance(state, str) else getattr(state, "state", str(state)),
        }

    def reach(self, server_url: str, authority: str = "") -> tuple[str, Path] | None:
        """Return name and admin kubeconfig of the cluster with this address, or with this certificate authority.

        This is how a real cloud's CLI signs in. The authority finds a cluster that came back on another port.
        """
        wanted = server_url.removeprefix("https://").rstrip("/")
        known = [(record, plain(record.outputs)) for record in self.clusters()]
        for record, outputs in known:
            if wanted and str(outputs.get("$url") or "").removeprefix("https://").rstrip("/") == wanted:
                return record.name, Path(str(outputs["$kubeconfig"]))
        for record, outputs in known:
            if authority and outputs.get("$kubeconfig") and authority in _authorities(outputs):
                return record.name, Path(str(outputs["$kubeconfig"]))
        return None

    def _restore(self, record: Record) -> None:
        try:
            self.start(record)
        except Exception:
            _LOG.exception("restoring %s", record.id)

    def _follow(self, store: Store, record: Record) -> Record:
        if record.token in cluster_specs.CLUSTERS:
            return store.keep(record, self._outputs(record, self.planes.ensure(self._spec(record))))
        cluster = self._cluster_of(record)
        if cluster is None:
            raise CloudError("NotFound", f"the cluster of {record.id} does not exist; fix: create it first")
        if record.token in cluster_specs.POOLS:
            self._set_pool(record, cluster)
        else:
            self.planes.ensure(self._spec(cluster))
        return record

    @staticmethod
    def _outputs(record: Record, endpoint: Any) -> dict[str, Any]:
        authority = base64.b64encode(
            endpoint.ca_pem.encode() if isinstance(endpoint.ca_pem, str) else endpoint.ca_pem
        ).decode()
        kept = {"$url": endpoint.url, "$kubeconfig": str(endpoint.kubeconfig), "$version": endpoint.version}
        if record.cloud == "gcp":
            masters = {**plain(record.outputs).get("masterAuth", {}), "clusterCaCertificate": authority}
            return {**kept, "endpoint": endpoint.url.removeprefix("https://"), "masterAuth": masters}
        return {
            **kept,
            "endpoint": endpoint.url,
            "certificateAuthority": {"data": authority},
            "certificateAuthorities": [{"data": authority}],
        }

    def _set_pool(self, pool: Record, cluster: Record) -> None:
        self.planes.set_node_pool(
            cluster_specs.plane_id(cluster), cluster_specs.node_pool(pool, cluster, self._find(pool))
        )

    def _spec(self, record: Record) -> Any:
        providers = [p for p in self._inventory.all(token=cluster_specs.EKS_OIDC) if self._names(p, record)]
        oidc = None
        if providers and record.token == cluster_specs.EKS:
            asked = cluster_specs.sign_on(providers[0])
            discovery = self.issuer.discovery(asked.issuer_url)
            oidc = replace(asked, discovery_url=discovery, ca_pem=self.issuer.authority_pem)
        return cluster_specs.control_plane(record, self._find(record), oidc, self._policy())

    def _policy(self) -> str:
        try:
            return self._audit_policy.read_text()
        except OSError:
            raise LocalError(
                str(self._audit_policy),
                "the local API servers log by this policy, and it cannot be read",
                "bring it back (`git checkout policies/audit`)",
            ) from None

    def _find(self, record: Record) -> cluster_specs.Find:
        return lambda value: self._inventory.named(record.environment, value) if value else None

    @staticmethod
    def _names(record: Record, cluster: Record) -> bool:
        inputs = plain(record.inputs)
        named = str(inputs.get("clusterName") or inputs.get("cluster") or "")
        same = (record.cloud, record.environment) == (cluster.cloud, cluster.environment)
        if not same or named not in (cluster.name, cluster.id):
            return False
        # Two regions may hold clusters of one name.
        place = inputs.get("location") or (
            plain(record.outputs).get("region") if record.cloud == "aws" else None
        )
        return place in (None, plain(cluster.outputs).get("location"), plain(cluster.outputs).get("region"))

    def _cluster_of(self, record: Record) -> Record | None:
        for cluster in self.clusters():
            if self._names(record, cluster):
                return cluster
        return None


def _authorities(outputs: dict[str, Any]) -> tuple[Any, ...]:
    return (
        (outputs.get("masterAuth") or {}).get("clusterCaCertificate"),
        (outputs.get("certificateAuthority") or {}).get("data"),
    )
