"""edge: Cloudflare before all clusters - zone, firewall, cache, origins, geo steering, logs, internal tools; and the public page."""

from __future__ import annotations

import pulumi

from meridian.model.edge import PLANS
from meridian.model.log_filters import log_filters
from meridian.model.regions import Cloud
from meridian.model.steering import balancers, origin_name, pools
from meridian.program import providers
from meridian.program.context import Context
from meridian.program.edge_preflight import proved_account, refuse_leaks
from meridian.program.frontend import place
from meridian.program.refs import Upstream
from meridian.program.stack_secrets import secret


def wire(context: Context) -> None:
    """Make the unit; the SDK's import costs a second and 160 MB, so that nobody else pays for it."""
    from components.cloudflare.access import InternalTools, InternalToolsArgs
    from components.cloudflare.cache import EdgeCache, EdgeCacheArgs
    from components.cloudflare.firewall import Firewall, FirewallArgs
    from components.cloudflare.load_balancer import LoadBalancer, LoadBalancerArgs
    from components.cloudflare.logpush import Logpush, LogpushArgs
    from components.cloudflare.origins import Origins, OriginsArgs
    from components.cloudflare.pools import Pools, PoolsArgs
    from components.cloudflare.records import Records, RecordsArgs
    from components.cloudflare.zone import Zone, ZoneArgs

    environment, edge = context.environment, context.environment.edge
    steered, clusters = balancers(environment), pools(environment)
    refuse_leaks(steered, clusters)

    provider = providers.cloudflare()
    on_cloudflare = providers.using(provider)
    foundation = Upstream(environment, "foundation")
    regions = {key: Upstream(environment, key) for key in environment.regions}
    account = proved_account(environment, provider)

    zone = Zone("zone", ZoneArgs(edge=edge, account_id=account, protect=context.protect), on_cloudflare)
    Firewall(
        "firewall",
        FirewallArgs(
            zone_id=zone.id,
            protection=edge.protection,
            hosts=(edge.hostname, edge.eu_hostname),
            health_path=edge.monitor.path,
        ),
        on_cloudflare,
    )
    EdgeCache("cache", EdgeCacheArgs(zone_id=zone.id, cache=edge.protection.cache), on_cloudflare)
    names = Records("records", RecordsArgs(zone_id=zone.id, records=edge.records), on_cloudflare)

    # The ways to the clusters, and who is sent on which
    origins = Origins(
        "origins",
        OriginsArgs(
            zone_id=zone.id,
            pools=clusters,
            addresses={
                key: {
                    place: regions[pool.region].get("ingress", pool.cloud, place)
                    for place in _places(context, pool.region, pool.cloud)
                }
                for key, pool in clusters.items()
            },
            pull_certificate=foundation.get("origin_pull", "certificate"),
            pull_key=foundation.get("origin_pull", "key"),
        ),
        on_cloudflare,
    )
    after_origins = pulumi.ResourceOptions.merge(on_cloudflare, pulumi.ResourceOptions(depends_on=[origins]))
    pool_ids = Pools("pools", PoolsArgs(account_id=account, edge=edge, pools=clusters), after_origins).ids
    for key, balancer in steered.items():
        LoadBalancer(
            key,
            LoadBalancerArgs(
                zone_id=zone.id,
                balancer=balancer,
                pools=pool_ids,
                affinity=edge.affinity,
                regional="eu" if key == "eu" and PLANS[edge.plan].regional_services else None,
            ),
            on_cloudflare,
        )

    # What is kept of requests, each where its visitor belongs
    if PLANS[edge.plan].regional_services:
        whose = log_filters(environment)
        google = {
            target: providers.google(environment, environment.regions[target].gcp.region)
            for target in dict.fromkeys(edge.logs.destination(key) for key in whose)
        }
        for key, requests in whose.items():
            target = edge.logs.destination(key)
            Logpush(
                f"logs-{key}",
                LogpushArgs(
                    zone_id=zone.id,
                    logs=edge.logs,
                    whose=requests,
                    bucket=regions[target].get("gcp", "edge_logs"),
                    provider=google[target],
                ),
                on_cloudflare,
            )

    tools = InternalTools(
        "tools",
        InternalToolsArgs(
            account_id=account,
            zone_id=zone.id,
            access=edge.access,
            client_secret=secret(context, "edgeIdentitySecret"),
            origins={
                key: origin_name(
                    environment, environment.regions[tool.region].sites()[tool.cloud].cluster.name
                )
                for key, tool in edge.access.tools.items()
            },
        ),
        after_origins,
    )
    page = place(context, names)
    pulumi.export("frontend", {"url": page.url, "deploy": page.deploy_id})
    pulumi.export(
        "zone", {"id": zone.id, "name_servers": zone.name_servers, "registrar_ds_record": zone.ds_record}
    )
    pulumi.export("hostnames", {key: balancer.hostname for key, balancer in steered.items()})
    pulumi.export("access_audiences", tools.audiences)


def _places(context: Context, region: str, cloud: Cloud) -> tuple[str, ...]:
    """Return where a site's ingress has addresses: one for the region, or one in each zone."""
    site = context.environment.regions[region].sites()[cloud]
    return (site.region,) if cloud == "gcp" else site.zones
