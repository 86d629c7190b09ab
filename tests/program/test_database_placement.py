"""The database's share of the platforms, wired as the units wire it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from recording import Recording, record_stack

from meridian.model import Environment, load_environment
from meridian.model.topology import nodes
from meridian.program import database as placement
from meridian.program.context import Context
from meridian.program.guard import install
from meridian.program.units import platform

ROOT = Path(__file__).parents[2]
SET = "kubernetes:apps/v1:StatefulSet"
REFERENCE = "pulumi:pulumi:StackReference"
DIGEST = f"sha256:{'0' * 64}"


@cache
def estate(name: str, digest: str | None = None) -> Environment:
    data = load_environment(ROOT, name).model_dump(mode="json")
    for image in ("image", "resolver_image"):
        data["database"][image]["digest"] = digest
    return Environment.model_validate(data)


def told(environment: Environment) -> dict[str, Any]:
    """What the region's stack and the foundation tell; one mock answers for both."""
    cluster = {field: field for field in ("name", "endpoint", "ca_certificate", "kubeconfig", "workload_identity", "network_id", "id")}  # fmt: skip
    keys = {purpose: purpose for purpose in ("disks", "database", "backups", "secrets")}
    signed = {
        node.key: {"certificate": f"{node.key} cert", "key": f"{node.key} key"} for node in nodes(environment)
    }
    return {
        "clusters": {"gke": cluster, "eks": cluster},
        "gcp": {"keys": keys, "eks_provider": "//iam/p", "network": "n"},
        "aws": {"keys": keys, "backups": "b"},
        "database_certificates": {"bundle": "authority", "nodes": signed, "clients": {}},
    }


def wire(environment: Environment, region: str, preview: bool = False) -> Recording:
    unit = f"{region}-platform"

    def program() -> None:
        install(environment, unit)
        platform.wire(Context(environment, unit))

    outputs = {REFERENCE: {"outputs": told(environment)}, "random:index/randomBytes:RandomBytes": {"base64": "c2VjcmV0"}}  # fmt: skip
    return record_stack(f"{environment.environment}-{unit}", program, outputs, preview=preview)


@cache
def local(region: str) -> Recording:
    return wire(estate("local"), region)


@pytest.mark.parametrize("region", ["us", "eu", "asia"])
def test_each_region_s_platform_has_its_three_nodes_two_on_google_and_one_on_amazon(region: str) -> None:
    made = local(region).all(SET)
    assert sorted(one.inputs["metadata"]["name"] for one in made) == [f"{region}-{n}" for n in (1, 2, 3)]
    clouds = sorted(one.name.split("-")[0] for one in made)
    assert clouds == ["eks", "gke", "gke"]


def test_a_node_uses_the_class_priority_and_account_that_its_platform_makes() -> None:
    recording = local("eu")
    storage = {one.inputs["metadata"]["name"] for one in recording.all("kubernetes:storage.k8s.io/v1:StorageClass")}  # fmt: skip
    priority = {one.inputs["metadata"]["name"] for one in recording.all("kubernetes:scheduling.k8s.io/v1:PriorityClass")}  # fmt: skip
    accounts = {one.inputs["metadata"]["name"] for one in recording.all("kubernetes:core/v1:ServiceAccount")}
    for one in recording.all(SET):
        pod = one.inputs["spec"]["template"]["spec"]
        assert pod["priorityClassName"] in priority
        assert pod["serviceAccountName"] in accounts
        (claim,) = one.inputs["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["storageClassName"] in storage


def test_every_object_lies_on_the_cluster_whose_name_it_bears() -> None:
    for one in local("eu").resources:
        if one.type.startswith("kubernetes:") and "-database" in one.name:
            assert f"::{one.name.split('-')[0]}::" in one.provider, one.name


def test_an_image_that_nobody_checked_is_refused_outside_the_laptop_and_shown_in_a_preview() -> None:
    with pytest.raises(pulumi.RunError, match=r"database\.image\.digest is not set"):
        wire(estate("prod"), "eu")
    assert wire(estate("prod"), "eu", preview=True).all(SET)
    checked = wire(estate("prod", DIGEST), "eu").all(SET)
    images = {one.inputs["spec"]["template"]["spec"]["containers"][0]["image"] for one in checked}
    assert images == {f"docker.io/cockroachdb/cockroach:v26.2.5@{DIGEST}"}


def test_a_cluster_on_which_no_node_is_placed_gets_nothing_of_the_database() -> None:
    data = estate("local").model_dump(mode="json")
    data["regions"]["eu"]["database"]["eu-3"] = {"cloud": "gcp", "zone": "europe-west1-d"}
    made = wire(Environment.model_validate(data), "eu")
    assert {one.name.split("-")[0] for one in made.all(SET)} == {"gke"}
    assert not [one for one in made.resources if one.name.startswith("eks-database")]


def test_nothing_of_the_placement_is_made_inside_a_callback() -> None:
    """What is planned before anything exists is what is made when all is known."""
    environment = estate("local")
    names = {one.name for one in wire(environment, "eu").resources}
    assert names == {one.name for one in wire(environment, "eu", preview=True).resources}
    assert placement.STORAGE_CLASS in environment.platform.storage_classes
