"""What Cloudflare's API refuses, with its codes and words where they are public; a bare HTTP status where they are not.

Sources: Cloudflare's API and Load Balancing docs (2026-11); terraform-provider-cloudflare 66 (1005), 133 (1002), 6275
(1003); cloudflare-docs 10789 and 3686; records 81053, 81054, 81058.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from meridian.local.clouds import cloudflare_balancing as balancing
from meridian.local.clouds.cloudflare_refusals import refused, well_formed, zone_name, zone_plan
from meridian.local.clouds.context import Context

_RECORD = "cloudflare:index/dnsRecord:DnsRecord"
_RULESET = "cloudflare:index/ruleset:Ruleset"
_ADDRESSED = ("A", "AAAA", "CNAME")
_PHASES = frozenset(
    {
        "http_request_firewall_custom", "http_request_firewall_managed", "http_ratelimit", "http_request_cache_settings",
        "http_request_dynamic_redirect", "http_request_transform", "http_response_headers_transform", "http_config_settings",
        "http_request_origin", "http_request_late_transform", "http_request_sanitize", "http_custom_errors",
    }
)  # fmt: skip
_ON_OFF = frozenset({"on", "off"})
_SETTINGS: dict[str, frozenset[str]] = {
    "min_tls_version": frozenset({"1.0", "1.1", "1.2", "1.3"}),
    "tls_1_3": frozenset({"on", "off", "zrt"}),
    "ssl": frozenset({"off", "flexible", "full", "strict"}),
    "0rtt": _ON_OFF,
    "always_use_https": _ON_OFF,
    "automatic_https_rewrites": _ON_OFF,
    "opportunistic_encryption": _ON_OFF,
    "http3": _ON_OFF,
    "websockets": _ON_OFF,
    "ipv6": _ON_OFF,
    "security_level": frozenset({"off", "essentially_off", "low", "medium", "high", "under_attack"}),
}
_HSTS = frozenset({"enabled", "max_age", "include_subdomains", "preload", "nosniff"})
_VALIDITY = {"google": (14, 30, 90), "lets_encrypt": (90,), "ssl_com": (14, 30, 90, 365)}
_REGION_KEYS = frozenset(
    {"au", "ca", "eu", "de", "in", "isoeu", "it", "jp", "kr", "sg", "uk", "us", "ch", "fedramp"}
)
_DATASETS = frozenset({"http_requests", "firewall_events", "dns_logs", "nel_reports", "page_shield_events"})
_BUCKET, _GRANT = "gcp:storage/bucket:Bucket", "gcp:storage/bucketIAMMember:BucketIAMMember"
_LOGPUSH = "serviceAccount:logpush@cloudflare-data.iam.gserviceaccount.com"


def judge(context: Context) -> None:
    """Refuse a resource that the API would not take; raises CloudError."""
    inputs = context.inputs
    if inputs.get("accountId") is not None:
        well_formed("accounts", str(inputs["accountId"]))
    if inputs.get("zoneId") is not None:
        zone_name(context)
    rule = _RULES.get(context.kind)
    if rule is not None:
        rule(context)


def _zone(context: Context) -> None:
    account = str((context.inputs.get("account") or {}).get("id") or "")
    well_formed("accounts", account)
    name = str(context.inputs["name"])
    if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", name):
        raise refused("1049", f"{name} is not a registered domain")
    if any(other.outputs["name"] == name for other in context.others(context.token)):
        raise refused("1061", f"{name} already exists")


def _setting(context: Context) -> None:
    name, value = str(context.inputs["settingId"]), context.inputs["value"]
    if name == "security_header":
        inner = value.get("strict_transport_security") if isinstance(value, dict) else None
        if not isinstance(inner, dict) or not set(inner) <= _HSTS:
            raise refused(
                "1007",
                "Invalid value for zone setting security_header; fix: strict_transport_security with "
                f"{', '.join(sorted(_HSTS))}, in snake_case",
            )
    elif name not in _SETTINGS:
        raise refused("1003", f"Undefined zone setting: {name}")
    elif value not in _SETTINGS[name]:
        raise refused(
            "1007",
            f"Invalid value for zone setting {name}; fix: choose of {', '.join(sorted(_SETTINGS[name]))}",
        )


def _record(context: Context) -> None:
    inputs, zone = context.inputs, zone_name(context)
    name, kind, ttl = str(inputs["name"]), str(inputs["type"]), inputs["ttl"]
    if name != zone and not name.endswith(f".{zone}"):
        raise refused("1004", f"DNS Validation Error: {name} does not lie in {zone}")
    if ttl != 1 and not 60 <= ttl <= 86400:
        raise refused("9021", "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
    if kind == "A" and not re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", str(inputs.get("content"))):
        raise refused("9005", "Content for A record must be a valid IPv4 address.")
    if inputs.get("proxied") and kind not in _ADDRESSED:
        raise refused("9004", "This record type cannot be proxied.")
    for other in context.others(_RECORD):
        theirs = other.outputs
        if theirs["zoneId"] != inputs["zoneId"] or theirs["name"] != name:
            continue
        if theirs["type"] == kind and all(
            theirs.get(field) == inputs.get(field) for field in ("content", "data")
        ):
            raise refused("81058", "An identical record already exists.")
        if kind == "CNAME" and theirs["type"] in _ADDRESSED:
            raise refused("81053", "An A, AAAA, or CNAME record with that host already exists.")
        if kind in ("A", "AAAA") and theirs["type"] == "CNAME":
            raise refused("81054", "A CNAME record with that host already exists.")


def _certificate(context: Context) -> None:
    inputs, zone = context.inputs, zone_name(context)
    hosts = [str(host) for host in inputs.get("hosts") or ()]
    if zone not in hosts or len(hosts) > 50:
        raise refused("400", f"hosts must contain the zone apex {zone} and not more than 50 names")
    outside = [host for host in hosts if host != zone and not host.endswith(f".{zone}")]
    if outside:
        raise refused("400", f"{outside[0]} does not belong to the zone {zone}")
    allowed = _VALIDITY.get(str(inputs["certificateAuthority"]))
    if allowed is None or inputs["validityDays"] not in allowed:
        raise refused(
            "400",
            f"{inputs['certificateAuthority']} issues for {allowed or 'nobody'} days, not {inputs['validityDays']}",
        )


def _origin_pulls(context: Context) -> None:
    for field, kind in (("certificate", "CERTIFICATE"), ("privateKey", "PRIVATE KEY")):
        if f"{kind}-----" not in str(context.inputs[field]):
            raise refused("400", f"{field} is no PEM {kind.lower()}")


def _ruleset(context: Context) -> None:
    inputs = context.inputs
    if inputs["phase"] not in _PHASES:
        raise refused("400", f"unknown phase {inputs['phase']!r}")
    same = [
        other
        for other in context.others(_RULESET)
        if (other.outputs.get("zoneId"), other.outputs["phase"], other.outputs["kind"])
        == (inputs.get("zoneId"), inputs["phase"], "zone")
    ]
    if inputs["kind"] == "zone" and same:
        raise refused(
            "400",
            "A similar configuration with rules already exists and overwriting will have unintended consequences. "
            f"The phase {inputs['phase']} has the entry point {same[0].id}; fix: import it",
        )
    for index, rule in enumerate(inputs.get("rules") or ()):
        limit = rule.get("ratelimit")
        if (inputs["phase"] == "http_ratelimit") != (limit is not None):
            raise refused(
                "400", f"rules[{index}]: a rate limit belongs to the phase http_ratelimit, and only there"
            )
        if limit is not None and "cf.colo.id" not in limit["characteristics"]:
            raise refused("400", f"rules[{index}]: the characteristic cf.colo.id is mandatory")
        if rule["action"] == "execute" and not (rule.get("actionParameters") or {}).get("id"):
            raise refused("400", f"rules[{index}]: execute names no ruleset")


def _regional(context: Context) -> None:
    inputs, zone = context.inputs, zone_name(context)
    if zone_plan(context) != "enterprise":
        raise refused(
            "403", "Regional Services are part of the Data Localization Suite, for Enterprise zones"
        )
    if inputs["regionKey"] not in _REGION_KEYS:
        raise refused("400", f"unknown region key {inputs['regionKey']!r}")
    if not str(inputs["hostname"]).endswith(f".{zone}"):
        raise refused("400", f"{inputs['hostname']} is not a subdomain of the zone {zone}")


def _bucket_of(destination: str) -> str:
    if not destination.startswith("gs://"):
        raise refused("400", "the embedded Cloudflare pushes to gs:// only")
    return destination.removeprefix("gs://").split("/")[0]


def _challenge(context: Context) -> None:
    bucket = _bucket_of(str(context.inputs["destinationConf"]))
    grants = [
        other.outputs
        for other in context.others(_GRANT)
        if other.outputs["bucket"] == bucket and other.outputs["member"] == _LOGPUSH
    ]
    if not any(other.id == bucket for other in context.others(_BUCKET)) or not grants:
        raise refused(
            "400",
            f"error writing the ownership challenge to gs://{bucket}: no such bucket, or {_LOGPUSH} may not write",
        )


def _logpush(context: Context) -> None:
    inputs = context.inputs
    if zone_plan(context) != "enterprise":
        raise refused("403", "Logpush is for Enterprise zones")
    if inputs.get("dataset") not in _DATASETS:
        raise refused("400", f"unknown dataset {inputs.get('dataset')!r}")
    _bucket_of(str(inputs["destinationConf"]))
    if not inputs.get("ownershipChallenge"):
        raise refused("400", "the destination's ownership is not proved: ownershipChallenge is missing")
    try:
        json.loads(inputs.get("filter") or "{}")
    except ValueError:
        raise refused("400", "filter is no JSON") from None


def _access(message: str) -> Exception:
    return refused("12130", f"access.api.error.invalid_request: {message}")


def _identity(context: Context) -> None:
    config = context.inputs["config"]
    needed = ("clientId", "clientSecret", "authUrl", "tokenUrl", "certsUrl")
    missing = [field for field in needed if not config.get(field)]
    if context.inputs["type"] == "oidc" and missing:
        raise _access(f"an oidc provider needs {', '.join(missing)}")


def _policy(context: Context) -> None:
    inputs = context.inputs
    if inputs["decision"] not in ("allow", "deny", "bypass", "non_identity"):
        raise _access(f"unknown decision {inputs['decision']!r}")
    if not inputs.get("includes"):
        raise _access("a policy includes somebody")
    providers = {
        other.id
        for other in context.others(
            "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider"
        )
    }
    for rule in inputs["includes"]:
        claim = rule.get("oidc")
        if claim and claim["identityProviderId"] not in providers:
            raise _access(f"there is no identity provider {claim['identityProviderId']}")


def _application(context: Context) -> None:
    inputs = context.inputs
    zones = [other.outputs["name"] for other in context.others("cloudflare:index/zone:Zone")]
    uris = [str(each.get("uri")) for each in inputs.get("destinations") or () if each.get("uri")]
    for uri in [*uris, *([str(inputs["domain"])] if inputs.get("domain") else [])]:
        host = uri.split("/")[0]
        if not any(host == zone or host.endswith(f".{zone}") for zone in zones):
            raise _access(f"domain does not belong to zone: {host}")
    known = {
        other.id for other in context.others("cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy")
    }
    for policy in inputs.get("policies") or ():
        if policy.get("id") and policy["id"] not in known:
            raise _access(f"there is no policy {policy['id']}")


_RULES: dict[str, Callable[[Context], Any]] = {
    "Zone": _zone,
    "ZoneSetting": _setting,
    "DnsRecord": _record,
    "CertificatePack": _certificate,
    "AuthenticatedOriginPullsCertificate": _origin_pulls,
    "Ruleset": _ruleset,
    "RegionalHostname": _regional,
    "LogpushOwnershipChallenge": _challenge,
    "LogpushJob": _logpush,
    "ZeroTrustAccessIdentityProvider": _identity,
    "ZeroTrustAccessPolicy": _policy,
    "ZeroTrustAccessApplication": _application,
    "LoadBalancer": balancing.balancer,
    "LoadBalancerPool": balancing.pool,
    "LoadBalancerMonitor": balancing.monitor,
}
