"""Simulated nodes as objects: what the scheduler and the volume classes look for."""

from __future__ import annotations

import pytest

from meridian.local.controlplane.nodes import _nodes
from meridian.local.controlplane.spec import ControlPlaneSpec, NodePoolSpec


@pytest.mark.parametrize(
    ("cloud", "label"),
    [("gcp", "topology.gke.io/zone"), ("aws", "topology.ebs.csi.aws.com/zone")],
)
def test_a_node_carries_its_zone_under_the_name_by_which_its_cloud_s_volumes_are_placed(
    cloud: str, label: str
) -> None:
    spec = ControlPlaneSpec("id", "c", cloud, "r", "1.34", "10.0.0.0/20", "10.1.0.0/16")
    pool = NodePoolSpec("database", ("a", "b"), 2, "m", 8, 32)
    for node in _nodes(spec, pool):
        labels = node["metadata"]["labels"]
        assert labels[label] == labels["topology.kubernetes.io/zone"]
    assert [node["metadata"]["labels"][label] for node in _nodes(spec, pool)] == ["a", "b"]
