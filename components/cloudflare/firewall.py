"""The firewall at the edge: managed rules, OWASP's core rules, and rate limits."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge_protection import Protection, RateLimit, Waf

# Cloudflare "Managed rules" docs, 2026-11: the rulesets, and the rule that acts on OWASP's score.
MANAGED = "efb7b8c949ac4650a09736fc376e9aee"
OWASP = "4814384a9e5d4991b9815dcfc25d2f1f"
OWASP_SCORE = "6179ae15870a4bb7b2d480d4843b323c"
_LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """The zone, what it protects and the path of health checks, which are never limited."""

    zone_id: pulumi.Input[str]
    protection: Protection
    hosts: tuple[str, ...]
    health_path: str


class Firewall(pulumi.ComponentResource):
    """Both phases' entry points; has no custom rules."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:Firewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cloudflare.Ruleset(
            f"{name}-managed",
            zone_id=args.zone_id,
            kind="zone",
            name="Managed rules",
            phase="http_request_firewall_managed",
            rules=_managed(args.protection.waf),
            opts=child,
        )
        if args.protection.rate_limits:
            cloudflare.Ruleset(
                f"{name}-rates",
                zone_id=args.zone_id,
                kind="zone",
                name="Rate limits",
                phase="http_ratelimit",
                rules=[
                    _limit(key, limit, args.hosts, args.health_path)
                    for key, limit in args.protection.rate_limits.items()
                ],
                opts=child,
            )
        self.register_outputs({})


def _managed(waf: Waf) -> list[cloudflare.RulesetRuleArgs]:
    # Logging only: the action of every rule is overridden. To block, each rule acts as Cloudflare has set it.
    override = (
        cloudflare.RulesetRuleActionParametersOverridesArgs(action="log") if waf.action == "log" else None
    )
    owasp = cloudflare.RulesetRuleActionParametersOverridesArgs(
        categories=[
            cloudflare.RulesetRuleActionParametersOverridesCategoryArgs(
                category=f"paranoia-level-{level}", enabled=False
            )
            for level in _LEVELS
            if level > waf.owasp_paranoia
        ],
        rules=[
            cloudflare.RulesetRuleActionParametersOverridesRuleArgs(
                id=OWASP_SCORE, action=waf.action, score_threshold=waf.owasp_threshold
            )
        ],
    )
    return [
        cloudflare.RulesetRuleArgs(
            ref=ref,
            action="execute",
            expression="true",
            enabled=True,
            description=description,
            action_parameters=cloudflare.RulesetRuleActionParametersArgs(id=ruleset, overrides=overrides),
        )
        for ref, description, ruleset, overrides in (
            ("managed", "Cloudflare managed ruleset", MANAGED, override),
            ("owasp", "OWASP core ruleset", OWASP, owasp),
        )
    ]


def _limit(
    key: str, limit: RateLimit, hosts: tuple[str, ...], health_path: str
) -> cloudflare.RulesetRuleArgs:
    named = " ".join(f'"{host}"' for host in hosts)
    return cloudflare.RulesetRuleArgs(
        ref=key,
        action="block",
        enabled=True,
        description=f"{limit.requests} requests in {limit.period} s to {limit.path}",
        expression=f'(http.host in {{{named}}} and starts_with(http.request.uri.path, "{limit.path}") '
        f'and http.request.uri.path ne "{health_path}")',
        ratelimit=cloudflare.RulesetRuleRatelimitArgs(
            characteristics=["cf.colo.id", "ip.src"],
            period=limit.period,
            requests_per_period=limit.requests,
            mitigation_timeout=limit.block_seconds,
        ),
    )
