"""Nothing that can hold data of people in the EU may lie elsewhere; each way out is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meridian.model import load_environment
from meridian.model.environment import Environment
from meridian.plan import Plan, PlannedResource
from meridian.proofs.residency import residency
from meridian.proofs.result import Finding
from meridian.sql import BackupTarget, Parameters, desired

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def resource(unit: str, kind: str, name: str, inputs: dict[str, Any], provider: str = "") -> PlannedResource:
    urn = f"urn:pulumi:prod-{unit}::meridian::{kind}::{name}"
    return PlannedResource(unit, urn, "create", inputs, provider=provider)


BASE = (
    resource("eu", "pulumi:providers:aws", "aws-eu-west-1", {"region": "eu-west-1"}),
    resource("eu", "aws:s3/bucket:Bucket", "backups-aws", {"bucket": "b"}, "aws-eu-west-1"),
    resource("eu", "gcp:storage/bucket:Bucket", "backups-gcp", {"location": "EUROPE-WEST1"}),
    resource("us", "gcp:storage/bucket:Bucket", "backups-gcp", {"location": "us-central1"}),
    resource("foundation", "gcp:storage/bucket:Bucket", "audit-gcp-archive", {"location": "europe-west1"}),
)


def broken(environment: Environment, *resources: PlannedResource, **changes: Any) -> list[Finding]:
    wanted = desired(environment, changes.get("parameters")).model_copy(update=changes.get("placement", {}))
    units: dict[str, tuple[PlannedResource, ...]] = {}
    for each in resources or BASE:
        units[each.unit] = (*units.get(each.unit, ()), each)
    return list(residency(environment, wanted, Plan("prod", "plan", "r", {}, units)).broken)


def test_production_keeps_all_of_it_in_the_eu(prod: Environment) -> None:
    assert broken(prod) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(BASE[0], inputs={"region": "us-east-1"}), "would lie in us-east-1"),
        (replace(BASE[2], inputs={"location": "US"}), "would lie in us"),
        (replace(BASE[4], inputs={"location": "us-central1"}), "would lie in us-central1"),
        (
            resource(
                "us",
                "gcp:storage/bucket:Bucket",
                "copy",
                {"location": "us-east1", "labels": {"residency": "eu"}},
            ),
            "would lie in us-east1",
        ),
        (resource("eu", "aws:kms/key:Key", "disks", {"region": "us-east-1"}), "would lie in us-east-1"),
    ],
)
def test_a_store_key_or_archive_elsewhere_is_found(
    prod: Environment, changed: PlannedResource, said: str
) -> None:
    others = tuple(each for each in BASE if each.urn != changed.urn)
    (finding,) = broken(prod, *others, changed)
    assert said in finding.counterexample


def test_an_index_or_table_that_may_replicate_abroad_is_found(prod: Environment) -> None:
    wanted = desired(prod, form="regional-by-row").model_copy(
        update={"survival": "region", "super_regions": {}}
    )
    plan = Plan("prod", "plan", "r", {}, {"eu": BASE})
    found = residency(prod, wanted, plan).broken
    assert any(finding.subject.startswith("users/eu") for finding in found)


def test_a_backup_of_the_eu_in_a_bucket_elsewhere_is_found(prod: Environment) -> None:
    target = BackupTarget(uri="gs://b?AUTH=implicit", kms="gs:///k?AUTH=implicit", residency="us")
    (finding,) = broken(prod, parameters=Parameters(backups={"eu": target}))
    assert finding.subject == "backups of eu"


def test_telemetry_that_leaves_is_found(prod: Environment) -> None:
    sites = {**prod.platform.datadog.sites, "eu": "datadoghq.com"}
    platform = prod.platform.model_copy(
        update={"datadog": prod.platform.datadog.model_copy(update={"sites": sites})}
    )
    (finding,) = broken(prod.model_copy(update={"platform": platform}))
    assert "datadoghq.com is no EU site" in finding.counterexample


def test_a_fallback_that_sends_the_eu_abroad_is_found(prod: Environment) -> None:
    edge = prod.edge.model_copy(update={"last_resort": "us"})
    found = broken(prod.model_copy(update={"edge": edge}))
    assert [finding.subject for finding in found] == [prod.edge.hostname]
    assert "fallback_pool leads to us-" in found[0].counterexample


def test_what_cannot_be_excluded_is_listed_and_not_hidden(prod: Environment) -> None:
    proof = residency(prod, desired(prod), Plan("prod", "plan", "r", {}, {"eu": BASE}))
    assert len(proof.tables["what the products cannot exclude"]) >= 4
