"""Which connections pass on a platform and which must not, by a pure reading of its network policies."""

from __future__ import annotations

from typing import Any

import pytest
from platform_unit import ROOT, environment, kind

from meridian.verify.flows import Expected, ends, faults, load_flows, open_namespaces

FLOWS = load_flows(ROOT / "policies")
CLOUD = {"gke": "gcp", "eks": "aws"}
CONTROL_PLANE = {"gke": "10.32.32.0/28", "eks": "10.40.0.0/19"}
NAMESPACES = sorted(environment().platform.namespaces)


def policies(cluster: str) -> list[dict[str, Any]]:
    return list(kind(cluster, "NetworkPolicy").values())


def wrong(cluster: str, given: list[dict[str, Any]], *flows: Expected) -> list[str]:
    asked = FLOWS.model_copy(update={"flows": flows}) if flows else FLOWS
    return faults(given, asked, ends(FLOWS, CLOUD[cluster], CONTROL_PLANE[cluster]), NAMESPACES)


@pytest.mark.parametrize("cluster", ["gke", "eks"])
@pytest.mark.parametrize("flow", FLOWS.flows, ids=str)
def test_a_wanted_flow_passes_and_every_other_is_refused(cluster: str, flow: Expected) -> None:
    assert wrong(cluster, policies(cluster), flow) == []


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_without_policies_all_that_must_be_refused_passes(cluster: str) -> None:
    refused = [flow for flow in FLOWS.flows if not flow.passes]
    assert len(wrong(cluster, [])) == len(refused) + len(NAMESPACES) * len(FLOWS.probed)


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_a_namespace_without_its_default_denial_is_found(cluster: str) -> None:
    given = policies(cluster)
    assert open_namespaces(given, NAMESPACES) == []
    left = [
        each
        for each in given
        if (each["metadata"]["namespace"], each["metadata"]["name"]) != ("portal", "default-deny")
    ]
    assert open_namespaces(left, NAMESPACES) == ["portal"]


@pytest.mark.parametrize("name", ["prod", "staging", "local"])
def test_the_flows_name_namespaces_of_every_environment(name: str) -> None:
    known = {"default", "kube-system", *environment(name).platform.namespaces}
    assert {place.namespace for place in FLOWS.places.values() if place.namespace} <= known
    assert {end for flow in FLOWS.flows for end in (flow.source, flow.target)} == set(FLOWS.places)
