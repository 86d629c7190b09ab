"""The edge: TLS minimum, firewall, origins that only the edge reaches, tools behind sign-on."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import is_, listed, parts, shown, unknown

ZONE = "cloudflare:index/zone:Zone"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
RULESET = "cloudflare:index/ruleset:Ruleset"
_WANTED = {
    "min_tls_version": ("1.3",),
    "tls_1_3": ("on", "zrt"),
    "ssl": ("strict", "origin_pull"),
    "always_use_https": ("on",),
}
_PHASES = {
    "http_request_firewall_managed": "execute",
    "http_ratelimit": "",
    "http_request_firewall_custom": "",
}


@stack_rule(
    "edge-tls-minimum",
    "The edge speaks TLS 1.3 with visitors and checks the origin's certificate",
    Severity.CRITICAL,
    "zone settings min_tls_version 1.3, tls_1_3 on, ssl strict, always_use_https on",
)
def edge_tls_minimum(scene: Scene) -> Iterator[Problem]:
    """A setting that is not declared is whatever somebody clicked."""
    for zone in scene.plan.of(ZONE):
        have = {each.get("settingId"): each for each in parts(scene.plan, zone, SETTING, "zoneId")}
        for name, values in _WANTED.items():
            setting = have.get(name)
            if setting is None:
                yield Problem(zone, f"{name} not declared", f"{name} is {shown(values[0])}")
            elif not any(is_(setting.get("value"), value) for value in values):
                yield Problem(
                    setting, f"{name} {shown(setting.get('value'))}", f"{name} is {shown(values[0])}"
                )


@stack_rule(
    "edge-firewall",
    "The edge runs the managed firewall rules and limits rates",
    Severity.HIGH,
    "Rulesets in the phases http_request_firewall_managed and http_ratelimit with enabled rules",
)
def edge_firewall(scene: Scene) -> Iterator[Problem]:
    """OWASP's classes of attacks are refused before they reach a cluster."""
    for zone in scene.plan.of(ZONE):
        sets = [each for each in scene.plan.of(RULESET) if each.unit == zone.unit]
        for phase in ("http_request_firewall_managed", "http_ratelimit"):
            rules = [
                rule
                for each in sets
                if each.get("phase") == phase
                for rule in listed(each.get("rules"))
                if isinstance(rule, dict) and is_(rule.get("enabled", True), True)
            ]
            if not rules and not any(unknown(each.get("rules")) for each in sets):
                yield Problem(zone, f"{phase} empty", "the phase has rules that are on")


@stack_rule(
    "edge-origin-authenticated",
    "Origins serve nobody but the edge",
    Severity.HIGH,
    "AuthenticatedOriginPullsSettings enabled, with a certificate of our own",
)
def edge_origin_authenticated(scene: Scene) -> Iterator[Problem]:
    """Who knows an origin's address would otherwise walk around the firewall."""
    kind = "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings"
    for zone in scene.plan.of(ZONE):
        if not any(is_(each.get("enabled"), True) for each in scene.plan.of(kind) if each.unit == zone.unit):
            yield Problem(zone, "origin pulls not authenticated", "origins ask for the edge's certificate")


@resource_rule(
    "edge-origin-tls",
    "The edge reaches origins by TLS and believes no certificate blindly",
    Severity.HIGH,
    "type https, allowInsecure false; proxied true",
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor",
    "cloudflare:index/loadBalancer:LoadBalancer",
)
def edge_origin_tls(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """A balancer that is not proxied hands the origins' addresses to visitors."""
    if resource.type.endswith("LoadBalancerMonitor"):
        if not is_(resource.get("type"), "https"):
            yield Problem(resource, f"type {shown(resource.get('type'))}", "monitors speak TLS")
        if resource.get("allowInsecure") is True:
            yield Problem(
                resource, "allowInsecure true", "a certificate that cannot be verified is a failure"
            )
    elif not is_(resource.get("proxied"), True):
        yield Problem(
            resource, f"proxied {shown(resource.get('proxied'))}", "visitors come through the firewall"
        )


@resource_rule(
    "edge-access-second-factor",
    "Internal tools ask for a second factor",
    Severity.HIGH,
    "requires: authMethod mfa",
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
)
def edge_access_second_factor(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Policies that deny need none."""
    if resource.get("decision") not in ("allow", "bypass"):
        return
    if resource.get("decision") == "bypass":
        yield Problem(resource, "decision bypass", "nobody passes without sign-on")
    requires = resource.get("requires")
    if not unknown(requires) and "mfa" not in str(requires):
        yield Problem(resource, "no second factor", "a stolen password alone opens nothing")
