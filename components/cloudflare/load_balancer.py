"""A host name that is steered to pools, and kept in one jurisdiction where it must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge import Affinity
from meridian.model.steering import Balancer


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Where to steer whom, by pool keys, and the pools' ids."""

    zone_id: pulumi.Input[str]
    balancer: Balancer
    pools: Mapping[str, pulumi.Input[str]]
    affinity: Affinity
    regional: Literal["eu"] | None = None
    """Where TLS ends and traffic is decrypted; none: in the nearest data centre."""


class LoadBalancer(pulumi.ComponentResource):
    """A proxied load balancer.

    Proxied, for DNS alone would add its time to live and resolvers' caches to every failover.
    """

    hostname: pulumi.Output[str]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:LoadBalancer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        balancer, affinity = args.balancer, args.affinity
        sticky = affinity.mode != "none"
        if args.regional is not None:
            # Before the name leads anywhere: no request of it is ever decrypted elsewhere.
            region = cloudflare.RegionalHostname(
                f"{name}-region",
                zone_id=args.zone_id,
                hostname=balancer.hostname,
                region_key=args.regional,
                opts=child,
            )
            child = pulumi.ResourceOptions(parent=self, depends_on=[region])
        made = cloudflare.LoadBalancer(
            f"{name}-lb",
            zone_id=args.zone_id,
            name=balancer.hostname,
            enabled=True,
            proxied=True,
            steering_policy=balancer.policy,
            default_pools=self._ids(args, balancer.default_pools),
            fallback_pool=args.pools[balancer.fallback_pool],
            region_pools={code: self._ids(args, keys) for code, keys in balancer.region_pools.items()}
            or None,
            country_pools={country: self._ids(args, keys) for country, keys in balancer.country_pools.items()}
            or None,
            adaptive_routing=cloudflare.LoadBalancerAdaptiveRoutingArgs(failover_across_pools=True),
            session_affinity=affinity.mode,
            session_affinity_ttl=affinity.seconds if sticky else None,
            session_affinity_attributes=cloudflare.LoadBalancerSessionAffinityAttributesArgs(
                samesite="Lax",
                secure="Always",
                drain_duration=affinity.drain_seconds,
                zero_downtime_failover="sticky",
            )
            if sticky
            else None,
            opts=child,
        )
        self.hostname = made.name
        self.register_outputs({"hostname": self.hostname})

    @staticmethod
    def _ids(args: LoadBalancerArgs, keys: Sequence[str]) -> list[pulumi.Input[str]]:
        return [args.pools[key] for key in keys]
