"""One pool for each cluster, and the monitor that judges them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge import Edge
from meridian.model.steering import Pool


@dataclass(frozen=True, kw_only=True)
class PoolsArgs:
    """The account and the pools by their keys."""

    account_id: pulumi.Input[str]
    edge: Edge
    pools: Mapping[str, Pool]


class Pools(pulumi.ComponentResource):
    """Monitor and pools; who is sent to which is the load balancers'."""

    ids: dict[str, pulumi.Output[str]]
    """Each pool's id by its key."""

    def __init__(self, name: str, args: PoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:Pools", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        edge, settings = args.edge, args.edge.monitor
        monitor = cloudflare.LoadBalancerMonitor(
            f"{name}-monitor",
            account_id=args.account_id,
            type="https",
            method="GET",
            path=settings.path,
            expected_codes="200",
            interval=settings.interval,
            timeout=settings.timeout,
            retries=settings.retries,
            consecutive_down=settings.consecutive_down,
            consecutive_up=settings.consecutive_up,
            header={"Host": [edge.hostname]},
            allow_insecure=False,
            follow_redirects=False,
            # The origins let in only who shows the zone's certificate.
            probe_zone=edge.zone,
            description=f"{edge.zone}: the cluster serves and its database has a quorum",
            opts=child,
        )
        self.ids = {
            key: cloudflare.LoadBalancerPool(
                f"{name}-{key}",
                account_id=args.account_id,
                name=pool.cluster.name,
                description=f"{pool.region} on {pool.cloud}",
                enabled=True,
                monitor=monitor.id,
                minimum_origins=1,
                check_regions=list(pool.check_from),
                # In order of their names, as the API returns them: another order would be drift.
                origins=[
                    cloudflare.LoadBalancerPoolOriginArgs(
                        name=pool.cluster.name, address=pool.origin, weight=1, enabled=True
                    )
                ],
                opts=child,
            ).id
            for key, pool in sorted(args.pools.items())
        }
        self.register_outputs({"ids": self.ids})
