"""Production's edge wired on the recording engine: what Cloudflare would really be told."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from recording import Recording, record_stack

from meridian.local.schema.store import SchemaStore
from meridian.local.validate import check
from meridian.model import Environment, load_environment
from meridian.model.edge_geography import CODES, COUNTRIES, EU_COUNTRIES
from meridian.model.edge_paths import leaks
from meridian.model.log_filters import log_filters
from meridian.model.steering import balancers, pools, region_of
from meridian.program import edge_preflight
from meridian.program.main import run

ROOT = Path(__file__).parents[2]
PROD = load_environment(ROOT, "prod")
INDEX = "cloudflare:index"
BALANCER, POOL = f"{INDEX}/loadBalancer:LoadBalancer", f"{INDEX}/loadBalancerPool:LoadBalancerPool"
MONITOR, RECORD = f"{INDEX}/loadBalancerMonitor:LoadBalancerMonitor", f"{INDEX}/dnsRecord:DnsRecord"
SETTING, RULESET = f"{INDEX}/zoneSetting:ZoneSetting", f"{INDEX}/ruleset:Ruleset"
SECRET = "4dabf18193072939515e22adb298388d"
JOB = f"{INDEX}/logpushJob:LogpushJob"
PLACES = {
    place: "192.0.2.1" for region in PROD.regions.values() for place in (region.gcp.region, *region.aws.zones)
}
UPSTREAM = {
    "ingress": {"gcp": PLACES, "aws": PLACES},
    "gcp": {"edge_logs": "bucket"},
    "origin_pull": {"certificate": "a certificate", "key": "a key"},
}
OUTPUTS = {
    "pulumi:pulumi:StackReference": {"outputs": UPSTREAM},
    f"{INDEX}/zone:Zone": {"nameServers": ["ada.ns.cloudflare.com"]},
    f"{INDEX}/logpushOwnershipChallenge:LogpushOwnershipChallenge": {"filename": "challenge.txt"},
    "random:index/randomPassword:RandomPassword": {"result": "drawn"},
    "gcp:storage/getBucketObjectContent:getBucketObjectContent": {"content": "proof"},
}


@cache
def edge(environment: str = "prod", *, preview: bool = True) -> Recording:
    return record_stack(f"{environment}-edge", lambda: run(f"{environment}-edge"), OUTPUTS, preview=preview)


def snake(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", key): value for key, value in inputs.items()
    }


def whole(value: Any) -> Any:
    """Return a value as the wire's receivers read it: without secret wrappers, 90.0 as 90."""
    if isinstance(value, dict):
        if SECRET in value:
            return whole(value["value"])
        return {key: whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def wired(environment: str) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """Return every recorded pool's origin addresses by the pool's id, and those of the EU by their clusters' names."""
    inside = {
        site.cluster.name
        for region in load_environment(ROOT, environment).regions.values()
        if region.residency == "eu"
        for site in region.sites().values()
    }
    recorded = edge(environment).all(POOL)
    origins = {
        f"{made.name}-id": tuple(origin["address"] for origin in made.inputs["origins"]) for made in recorded
    }
    eu = {
        origin["address"]
        for made in recorded
        for origin in made.inputs["origins"]
        if origin["address"].split(".")[0] in inside
    }
    return origins, eu


@pytest.mark.parametrize("environment", ["prod", "staging", "local"])
@pytest.mark.parametrize("name", ["app", "eu"])
def test_no_recorded_path_of_an_eu_visitor_leads_out_of_the_eu(environment: str, name: str) -> None:
    origins, eu = wired(environment)
    assert len(origins) == 6 and len(eu) == 2
    inputs = snake(edge(environment).one(BALANCER, f"{name}-lb").inputs)
    assert leaks(inputs, origins, eu, only_eu_visitors=name == "eu") == []


def test_a_plan_that_leaks_is_refused_before_anything_is_registered() -> None:
    planned = balancers(PROD)
    planned["eu"] = dataclasses.replace(planned["eu"], fallback_pool="us-gcp")
    with pytest.raises(
        pulumi.RunError, match=r"eu\.meridian\.example: fallback_pool leads to prod-us-gke.*fix:"
    ):
        edge_preflight.refuse_leaks(planned, pools(PROD))


def test_everything_of_cloudflare_is_what_the_sdk_and_its_provider_declare(tmp_path: Path) -> None:
    schemas = SchemaStore("cloudflare", tmp_path)
    made = [each for each in edge("local", preview=False).resources if each.type.startswith(f"{INDEX}/")]
    assert len(made) > 50
    for each in made:
        schema = schemas.get(each.type)
        assert schema is not None
        assert check(schema, whole(each.inputs)) == [], each.name
        assert each.provider, each.name


def test_every_code_and_every_eu_country_has_its_own_list() -> None:
    inputs = edge().one(BALANCER, "app-lb").inputs
    assert set(inputs["regionPools"]) == set(CODES)
    assert set(inputs["countryPools"]) == set(EU_COUNTRIES)
    assert inputs["regionPools"]["ENAM"] == [
        f"pools-{key}-id" for key in ("us-gcp", "us-aws", "asia-gcp", "asia-aws")
    ]
    assert inputs["countryPools"]["CY"] == ["pools-eu-gcp-id", "pools-eu-aws-id"]


@pytest.mark.parametrize("name", ["app-lb", "eu-lb"])
def test_a_load_balancer_is_proxied_and_fails_over_across_pools(name: str) -> None:
    inputs = edge().one(BALANCER, name).inputs
    assert inputs["proxied"] is True
    assert inputs["adaptiveRouting"] == {"failoverAcrossPools": True}
    assert inputs["sessionAffinity"] == "cookie"
    assert inputs["sessionAffinityAttributes"]["zeroDowntimeFailover"] == "sticky"


def test_the_monitor_meets_the_bound_and_judges_as_a_visitor_would() -> None:
    inputs = edge().one(MONITOR).inputs
    worst = inputs["consecutiveDown"] * inputs["interval"] + (inputs["retries"] + 1) * inputs["timeout"]
    assert worst + PROD.edge.propagation_seconds <= PROD.edge.failover_seconds
    assert (inputs["type"], inputs["path"], inputs["expectedCodes"]) == ("https", "/health", "200")
    assert inputs["header"] == {"Host": ["app.meridian.example"]}
    assert inputs["probeZone"] == "meridian.example"
    assert inputs["allowInsecure"] is False and inputs["followRedirects"] is False


def test_a_pool_is_judged_from_its_own_part_of_the_world() -> None:
    judged = {made.name: made.inputs["checkRegions"] for made in edge().all(POOL)}
    assert judged["pools-eu-gcp"] == judged["pools-eu-aws"] == ["EEU", "ME", "WEU"]
    assert judged["pools-us-gcp"] == ["ENAM", "NSAM", "WNAM"]


def test_tls_of_eu_visitors_ends_in_the_eu_before_the_name_leads_anywhere() -> None:
    region = edge().one(f"{INDEX}/regionalHostname:RegionalHostname").inputs
    assert (region["hostname"], region["regionKey"]) == ("eu.meridian.example", "eu")


def test_the_zone_speaks_tls_1_3_strictly_without_early_data() -> None:
    settings = {made.inputs["settingId"]: made.inputs["value"] for made in edge().all(SETTING)}
    assert settings["min_tls_version"] == "1.3" and settings["tls_1_3"] == "on"
    assert settings["0rtt"] == "off"
    assert settings["ssl"] == "strict" and settings["always_use_https"] == "on"
    hsts = settings["security_header"]["strict_transport_security"]
    assert hsts["max_age"] == 31_536_000 and hsts["include_subdomains"] is True


def test_the_caa_records_let_the_certificates_authority_issue_and_the_frontends() -> None:
    issuers = {made.inputs["data"]["value"] for made in edge().all(RECORD) if made.inputs["type"] == "CAA"}
    assert issuers == {"pki.goog", "letsencrypt.org"}
    pack = edge().one(f"{INDEX}/certificatePack:CertificatePack").inputs
    assert pack["certificateAuthority"] == "google"
    assert {"meridian.example", "app.meridian.example", "eu.meridian.example"} <= set(pack["hosts"])


def test_origins_are_dns_only_and_let_in_who_shows_our_certificate() -> None:
    records = [made.inputs for made in edge().all(RECORD) if ".origin." in made.inputs["name"]]
    named = dict.fromkeys(PROD.clusters(), 0)
    for record in records:
        assert record["proxied"] is False and record["type"] == "A"
        named[record["name"].split(".")[0]] += 1
    assert set(named.values()) == {1, 3}  # one address of a region on Google Cloud, one in each zone on AWS
    shown = edge().one(f"{INDEX}/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate")
    assert shown.inputs["certificate"] == "a certificate"
    pulls = edge().one(f"{INDEX}/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings").inputs
    assert pulls["enabled"] is True


def test_the_firewall_runs_both_managed_rulesets_and_counts_by_address() -> None:
    rules = {made.inputs["phase"]: made.inputs["rules"] for made in edge().all(RULESET)}
    managed = [rule["actionParameters"]["id"] for rule in rules["http_request_firewall_managed"]]
    assert managed == ["efb7b8c949ac4650a09736fc376e9aee", "4814384a9e5d4991b9815dcfc25d2f1f"]
    off = rules["http_request_firewall_managed"][1]["actionParameters"]["overrides"]["categories"]
    assert [category["category"] for category in off] == ["paranoia-level-3", "paranoia-level-4"]
    for rule in rules["http_ratelimit"]:
        assert rule["ratelimit"]["characteristics"] == ["cf.colo.id", "ip.src"]
        assert 'ne "/health"' in rule["expression"]
    first, *others = rules["http_request_cache_settings"]
    assert first["actionParameters"] == {"cache": False} and first["expression"] == "true"
    assert [rule["expression"] for rule in others] == ['starts_with(http.request.uri.path, "/static/")']


def passes(text: str, country: str, host: str) -> bool:
    """Evaluate a Logpush filter on one request."""

    def holds(node: dict[str, Any]) -> bool:
        if "and" in node or "or" in node:
            parts = [holds(part) for part in node.get("and") or node["or"]]
            return all(parts) if "and" in node else any(parts)
        value = {"ClientCountry": country, "ClientRequestHost": host}[node["key"]]
        return {
            "in": value in node["value"],
            "!in": value not in node["value"],
            "eq": value == node["value"],
            "!eq": value != node["value"],
        }[node["operator"]]

    return holds(json.loads(text)["where"])


def test_every_request_is_kept_once_and_those_of_the_eu_in_the_eu() -> None:
    filters = log_filters(PROD)
    for country in (*COUNTRIES, "XX", "T1"):
        for spelled in (country, country.lower()):
            kept = [key for key, text in filters.items() if passes(text, spelled, "app.meridian.example")]
            assert kept == [region_of(PROD, country)]
            kept = [key for key, text in filters.items() if passes(text, spelled, "eu.meridian.example")]
            assert kept == ["eu"]


def test_a_job_pushes_what_its_filter_lets_pass_to_the_regions_bucket() -> None:
    jobs = edge().all(JOB)
    assert {made.name for made in jobs} == {
        f"logs-{region}-{dataset}-job"
        for region in PROD.regions
        for dataset in ("http-requests", "firewall-events")
    }
    for made in jobs:
        region = made.name.split("-")[1]
        assert made.inputs["filter"] == log_filters(PROD)[region]
        fields = made.inputs["outputOptions"]["fieldNames"]
        assert not {"Cookies", "ClientRequestURI", "RequestHeaders"} & set(fields)


def test_a_job_proves_that_the_bucket_is_ours_with_what_cloudflare_wrote_there() -> None:
    for made in edge("local", preview=False).all(JOB):
        assert made.inputs["ownershipChallenge"]["value"] == "proof"


def test_no_secret_is_told_in_plain_text() -> None:
    inputs = edge("local", preview=False)
    pull = inputs.one(
        f"{INDEX}/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate"
    ).inputs
    identity = inputs.one(f"{INDEX}/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider").inputs
    assert SECRET in pull["privateKey"] and SECRET in identity["config"]


def test_an_internal_tool_asks_for_a_group_and_a_second_factor() -> None:
    policies = edge().all(f"{INDEX}/zeroTrustAccessPolicy:ZeroTrustAccessPolicy")
    assert len(policies) == len(PROD.edge.access.tools)
    for made in policies:
        assert made.inputs["decision"] == "allow"
        assert all("oidc" in rule for rule in made.inputs["includes"])
        assert made.inputs["requires"] == [{"authMethod": {"authMethod": "mfa"}}]
    names = [made.inputs for made in edge().all(RECORD) if made.name.startswith("tools-")]
    assert names and all(record["proxied"] for record in names)


def test_the_frontends_record_is_dns_only() -> None:
    record = edge().one(RECORD, "records-www").inputs
    assert record["content"].endswith(".netlify.app") and record["proxied"] is False


def test_the_zone_is_protected_but_on_the_laptop() -> None:
    zone = f"{INDEX}/zone:Zone"
    assert edge().one(zone).protect and edge().one(zone).retain_on_delete
    assert not edge("local").one(zone).protect


def test_an_up_without_the_identity_providers_secret_is_refused_with_the_command() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"stack prod-edge has no secret meridian:edgeIdentitySecret; fix: `pulumi"
    ):
        edge(preview=False)


def test_a_refused_token_stops_the_edge_with_value_rule_and_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(environment: Environment, provider: pulumi.ProviderResource) -> str:
        return await edge_preflight.answered("the account", refusal())

    async def refusal() -> None:
        raise Exception("10000: Authentication error")

    monkeypatch.setattr(edge_preflight, "_asked", asked)
    with pytest.raises(
        pulumi.RunError, match=r"Cloudflare refuses the account: 10000.*nothing.*fix: set CLOUDFLARE"
    ):
        record_stack("staging-edge", lambda: run("staging-edge"), OUTPUTS, preview=True)


def test_no_other_unit_imports_cloudflares_sdk() -> None:
    code = (
        "import sys, pkgutil, importlib, meridian.program.units as u, meridian.program.main;"
        "[importlib.import_module(f'{u.__name__}.{m.name}') for m in pkgutil.iter_modules(u.__path__)];"
        "sys.exit('pulumi_cloudflare' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
