"""A platform's unit of a real environment on the recording engine, and its objects as the API server would see them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from recording import Recorded, Recording, record, record_stack

from components.cockroach.certificate import Certificate
from components.cockroach.init import InitJob, InitJobArgs
from meridian.model import Environment, load_environment
from meridian.model.topology import NAMESPACE
from meridian.model.units import definitions_of, platform_of
from meridian.program.context import Context
from meridian.program.guard import install
from meridian.program.units import definitions
from meridian.program.units.platform import wire

ROOT = Path(__file__).parents[2]
_CLUSTER = {
    field: field
    for field in ("name", "endpoint", "ca_certificate", "kubeconfig", "workload_identity", "network_id", "id")
}
_FOUND = {
    "clusters": {"gke": _CLUSTER, "eks": _CLUSTER},
    "gcp": {
        "network": "network",
        "eks_provider": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/prod-pods/providers/eks-eu",
        "keys": {"disks": "key-disks", "database": "key-database"},
    },
    "aws": {"keys": {key: f"arn:{key}" for key in ("disks", "database", "backups", "secrets")}},
    "database_ca": {"certificate": "a certificate", "key": "a key"},
}


@cache
def environment(name: str = "prod") -> Environment:
    """Return a real environment's model."""
    return load_environment(ROOT, name)


@cache
def platform(region: str = "eu", name: str = "prod") -> Recording:
    """Return everything that a region's definitions and platform register, the definitions first."""

    def program() -> None:
        install(environment(name), platform_of(region))
        definitions.wire(Context(environment(name), definitions_of(region)))
        wire(Context(environment(name), platform_of(region)))

    # As a preview: an `up` refuses an image whose digest nobody has checked.
    outputs = {"pulumi:pulumi:StackReference": {"outputs": _FOUND}}
    return record_stack(f"{name}-{region}-platform", program, outputs, preview=True)


def objects(cluster: str, region: str = "eu", name: str = "prod") -> list[dict[str, Any]]:
    """Return the Kubernetes objects of one cluster (`gke` or `eks`), in the order of their registration."""
    return [dict(made.inputs) for made in resources(cluster, region, name)]


@cache
def init_job() -> tuple[dict[str, Any], ...]:
    """Return what the data unit puts on the first node's cluster."""
    args = InitJobArgs(
        database=environment().database,
        node="eu-1",
        namespace=NAMESPACE,
        authority="a certificate",
        root=Certificate(certificate="a certificate", key="a key"),
        labels={"meridian.dev/region": "eu"},
    )
    made = record(lambda: {"name": InitJob("init", args).name}, {})[0]
    bodies = [dict(each.inputs) for each in made.resources if each.type.startswith("kubernetes:")]
    # The engine names a job by itself.
    return tuple({**body, "metadata": {"name": "init", **body["metadata"]}} for body in bodies)


def resources(cluster: str, region: str = "eu", name: str = "prod") -> list[Recorded]:
    """Return the same as they were registered."""
    return [
        made
        for made in platform(region, name).resources
        if made.type.startswith("kubernetes:") and f"::{cluster}::" in made.provider
    ]


def kind(cluster: str, wanted: str, region: str = "eu", name: str = "prod") -> dict[str, dict[str, Any]]:
    """Return a cluster's objects of one kind by name, or by `namespace/name`."""
    found = {}
    for each in objects(cluster, region, name):
        if each["kind"] == wanted:
            about = each["metadata"]
            space = about.get("namespace")
            found[f"{space}/{about['name']}" if space else about["name"]] = each
    return found
