"""The cache: closed but for named paths, since an answer may hold personal data."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge_protection import Cache


@dataclass(frozen=True, kw_only=True)
class EdgeCacheArgs:
    """The zone and what may be cached in it."""

    zone_id: pulumi.Input[str]
    cache: Cache


class EdgeCache(pulumi.ComponentResource):
    """Cache rules and the tiered cache, by which few data centres ask the origins."""

    def __init__(self, name: str, args: EdgeCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:EdgeCache", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cloudflare.Ruleset(
            f"{name}-rules",
            zone_id=args.zone_id,
            kind="zone",
            name="Cache",
            phase="http_request_cache_settings",
            rules=_rules(args.cache),
            opts=child,
        )
        cloudflare.TieredCache(f"{name}-tiers", zone_id=args.zone_id, value="on", opts=child)
        self.register_outputs({})


def _rules(cache: Cache) -> list[cloudflare.RulesetRuleArgs]:
    """Close everything, then open the named paths: of two rules that match, the later one counts."""
    closed = cloudflare.RulesetRuleArgs(
        ref="nothing",
        action="set_cache_settings",
        expression="true",
        enabled=True,
        description="Answers may hold personal data",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(cache=False),
    )
    opened = [
        cloudflare.RulesetRuleArgs(
            ref=f"path{path.replace('/', '-').rstrip('-')}",
            action="set_cache_settings",
            expression=f'starts_with(http.request.uri.path, "{path}")',
            enabled=True,
            description=f"Files below {path}",
            action_parameters=cloudflare.RulesetRuleActionParametersArgs(
                cache=True,
                edge_ttl=cloudflare.RulesetRuleActionParametersEdgeTtlArgs(
                    mode="override_origin", default=cache.edge_seconds
                ),
                browser_ttl=cloudflare.RulesetRuleActionParametersBrowserTtlArgs(
                    mode="override_origin", default=cache.browser_seconds
                ),
            ),
        )
        for path in cache.paths
    ]
    return [closed, *opened]
