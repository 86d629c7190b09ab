"""mesh: what joins the regions - transit gateways, Google networks, private names."""

from __future__ import annotations

from itertools import combinations

import pulumi
from pulumi_gcp import networkconnectivity

from components.aws.private_dns import PrivateZone as AwsZone
from components.aws.private_dns import PrivateZoneArgs as AwsZoneArgs
from components.aws.transit_peering import PeeringSide, TransitPeering, TransitPeeringArgs
from components.gcp.private_dns import PrivateZone as GcpZone
from components.gcp.private_dns import PrivateZoneArgs as GcpZoneArgs
from meridian.program import providers
from meridian.program.context import Context
from meridian.program.ip_plan import amazon_ranges
from meridian.program.refs import Upstream


def wire(context: Context) -> None:
    """Make the unit.

    On Google Cloud a Network Connectivity Center hub joins the VPCs: with peerings, a fourth region would need three
    more, and peering is not transitive. On AWS every pair of transit gateways is peered, in the regions' order.
    """
    environment = context.environment
    regions = environment.regions
    units = {key: Upstream(environment, key) for key in regions}
    google = providers.google(environment, context.log_location()[0])
    on_google = pulumi.ResourceOptions(provider=google)

    hub = networkconnectivity.Hub(
        "hub",
        name=f"{context.prefix}-mesh",
        description="Joins the estate's regional networks",
        opts=on_google,
    )
    for key, unit in units.items():
        networkconnectivity.Spoke(
            f"spoke-{key}",
            name=f"{context.prefix}-{key}",
            location="global",
            hub=hub.id,
            linked_vpc_network=networkconnectivity.SpokeLinkedVpcNetworkArgs(
                uri=unit.get("gcp", "network_link")
            ),
            opts=on_google,
        )

    amazon = {key: providers.amazon(environment, region.aws.region) for key, region in regions.items()}
    sides = {
        key: PeeringSide(
            key=key,
            region=region.aws.region,
            gateway=units[key].get("aws", "transit_gateway"),
            route_table=units[key].get("aws", "transit_route_table"),
            ranges=amazon_ranges(region),
            provider=amazon[key],
        )
        for key, region in regions.items()
    }
    for here, there in combinations(sorted(regions), 2):
        TransitPeering(
            f"{here}-{there}",
            TransitPeeringArgs(
                account_id=environment.aws.account_id, asking=sides[here], accepting=sides[there]
            ),
        )

    google_zone = GcpZone(
        "names-gcp",
        GcpZoneArgs(
            zone=environment.mesh.private_zone,
            networks={key: unit.get("gcp", "network_link") for key, unit in units.items()},
        ),
        providers.using(google),
    )
    amazon_zone = AwsZone(
        "names-aws",
        AwsZoneArgs(
            zone=environment.mesh.private_zone,
            vpcs={key: (units[key].get("aws", "vpc"), region.aws.region) for key, region in regions.items()},
        ),
        providers.using(amazon[next(iter(sorted(regions)))]),
    )
    pulumi.export("private_zones", {"gcp": google_zone.zone_name, "aws": amazon_zone.id})
