"""One real control plane for the tests that need it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes_driving import Instance, Plane

from meridian.local.controlplane import ControlPlanes
from meridian.local.controlplane.spec import ControlPlaneSpec, NodePoolSpec
from meridian.local.schema import SchemaStore
from meridian.paths import find_checkout

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> SchemaStore:
    return SchemaStore("kubernetes", tmp_path_factory.mktemp("kubernetes-schema"))


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory, schemas: SchemaStore) -> Iterator[Plane]:
    programs = find_checkout(Path(__file__).parent).bin
    if not all((programs / name).exists() for name in PROGRAMS):
        pytest.skip("no control plane; `meridian toolchain` brings it")
    root = tmp_path_factory.mktemp("plane")
    planes = ControlPlanes(root / "planes", programs, root / "kube")
    spec = ControlPlaneSpec(
        id="test-gcp-one",
        name="one",
        cloud="gcp",
        region="us-central1",
        version="1.34",
        service_cidr="10.96.0.0/16",
        pod_cidr="10.244.0.0/16",
    )
    try:
        endpoint = planes.ensure(spec)
        zones = ("us-central1-a", "us-central1-b")
        planes.set_node_pool(spec.id, NodePoolSpec("main", zones, 2, "n1-standard-8", 8, 30))
        made = Plane(planes, endpoint, schemas)
        yield made
        made.close()
    finally:
        planes.stop_all()


@pytest.fixture
def provider(plane: Plane) -> Instance:
    return plane.instance()
