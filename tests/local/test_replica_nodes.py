"""Whether a region has a quorum when clusters, machines and nodes go."""

from pathlib import Path

from meridian.local.replicas import ReplicaNodes

NODES = {"eu": {"eu-1": "gke", "eu-2": "gke", "eu-3": "eks"}}


def up(nodes: ReplicaNodes, *running: str) -> list[str]:
    found = nodes.quorum("local", "eks", running)
    assert found is not None
    return list(found["up"])


def test_nodes_go_with_their_cluster_unless_its_machines_go_on(tmp_path: Path) -> None:
    nodes = ReplicaNodes(tmp_path / "replicas.json")
    nodes.tell("local", NODES)
    assert up(nodes, "gke", "eks") == ["eu-1", "eu-2", "eu-3"]
    assert up(nodes, "eks") == ["eu-3"]
    before = nodes.revision
    nodes.keep(["gke"])
    assert nodes.revision > before
    assert up(nodes, "eks") == ["eu-1", "eu-2", "eu-3"]
    nodes.lose("eu-1")
    assert up(nodes, "eks") == ["eu-2", "eu-3"]
    nodes.release(["gke"])
    assert up(nodes, "eks") == ["eu-3"]
