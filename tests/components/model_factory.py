"""Small valid model objects; a test changes only what it is about."""

from __future__ import annotations

from meridian.model.clusters import Cluster, NodePool, Taint
from meridian.model.regions import AwsNetwork, AwsSite, GcpNetwork, GcpSite
from meridian.model.settings import Budget, Ci


def pools() -> dict[str, dict[str, object]]:
    """Return one pool of ten to fifty nodes and one tainted."""
    return {
        "general": {"machine_type": "n1-standard-8", "min_nodes": 10, "max_nodes": 50},
        "data": {
            "machine_type": "n1-standard-8",
            "min_nodes": 3,
            "max_nodes": 6,
            "labels": {"role": "data"},
            "taints": (Taint(key="role", value="data", effect="NoExecute"),),
        },
    }


def cluster(name: str = "meridian-eu", **changes: object) -> Cluster:
    """Return a cluster."""
    return Cluster.model_validate(
        {
            "name": name,
            "pools": {key: NodePool.model_validate(pool) for key, pool in pools().items()},
            **changes,
        }
    )


def gcp_site(**changes: object) -> GcpSite:
    """Return a site in the EU; `changes` are the cluster's."""
    return GcpSite(
        region="europe-west1",
        zones=("europe-west1-b", "europe-west1-c", "europe-west1-d"),
        network=gcp_network(),
        cluster=cluster("meridian-eu-gcp", **changes),
    )


def gcp_network() -> GcpNetwork:
    """Return the ranges of one VPC network."""
    return GcpNetwork.model_validate(
        {
            "nodes": "10.16.0.0/20",
            "pods": "10.32.0.0/14",
            "services": "10.17.0.0/20",
            "control_plane": "10.18.0.0/28",
            "asn": 64520,
        }
    )


def aws_site(**changes: object) -> AwsSite:
    """Return a site in the EU; `changes` are the cluster's."""
    return AwsSite(
        region="eu-west-1",
        zones=("eu-west-1a", "eu-west-1b", "eu-west-1c"),
        network=AwsNetwork.model_validate(
            {
                "vpc": "10.64.0.0/16",
                "private": ["10.64.0.0/18", "10.64.64.0/18", "10.64.128.0/18"],
                "public": ["10.64.192.0/22", "10.64.196.0/22", "10.64.200.0/22"],
                "services": "172.20.0.0/16",
                "asn": 64620,
            }
        ),
        cluster=cluster("meridian-eu-aws", **changes),
    )


def ci() -> Ci:
    """Return who may deploy."""
    return Ci(repository="example/meridian")


def budget() -> Budget:
    """Return the seed's budget."""
    return Budget(notify=("ops@meridian.example",))
