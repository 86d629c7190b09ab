"""What is asked of Cloudflare, and proved of the plan, before anything of the edge is changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable
from typing import Any

import pulumi

from meridian.model import Environment
from meridian.model.edge_paths import leaks
from meridian.model.steering import Balancer, Pool


def refuse_leaks(balancers: dict[str, Balancer], pools: dict[str, Pool]) -> None:
    """Raise RunError where a visitor of the EU could be sent abroad, by whichever list."""
    origins = {key: (pool.origin,) for key, pool in pools.items()}
    inside = {pool.origin for pool in pools.values() if pool.residency == "eu"}
    for key, balancer in balancers.items():
        found = leaks(dataclasses.asdict(balancer), origins, inside, only_eu_visitors=key == "eu")
        if found:
            ways = "; ".join(f"{path.by} leads to {path.origin}" for path in found[:5])
            raise pulumi.RunError(
                f"{balancer.hostname}: {ways}: EU visitors stay in the EU; fix: name pools of the EU there"
            )


def proved_account(environment: Environment, provider: pulumi.ProviderResource) -> pulumi.Output[str]:
    """Return the account's id once Cloudflare has accepted the token and, if one is named, the zone.

    Everything of the edge takes the id from here, so that a bad token or a foreign zone changes nothing. Raises RunError.
    """
    return pulumi.Output.from_input(_asked(environment, provider))


async def _asked(environment: Environment, provider: pulumi.ProviderResource) -> str:
    import pulumi_cloudflare as cloudflare  # only the edge pays for it

    edge = environment.edge
    opts = pulumi.InvokeOutputOptions(provider=provider)
    answer: pulumi.Output[Any]
    if edge.zone_id is not None:
        asked, answer = edge.zone_id, cloudflare.get_zone_output(zone_id=edge.zone_id, opts=opts)
    else:
        asked = edge.account_id
        answer = cloudflare.get_zones_output(
            account=cloudflare.GetZonesAccountArgs(id=edge.account_id), name=edge.zone, opts=opts
        )
    await answered(asked, answer.future())
    return edge.account_id


async def answered(asked: str, answer: Awaitable[Any]) -> None:
    """Wait for Cloudflare's answer; raises RunError for a refusal."""
    try:
        await answer
    except Exception as error:
        # The SDK puts the failing property behind the reason; a data source has none.
        reason = str(error).removesuffix(" ()")
        told = (
            f"Cloudflare refuses {asked}: {reason}; nothing of the edge was changed; fix: set CLOUDFLARE_API_TOKEN (or "
            "`pulumi config set --secret cloudflare:apiToken`) to a valid token of this account, and edge.account_id and "
            "edge.zone_id to what it owns"
        )
        # The SDK reports the invoke's own error besides, and would be first: whoever reads wants the fix.
        pulumi.log.error(told)
        raise pulumi.RunError(told) from None
