"""us, eu, asia: both clouds of one region - networks, keys, clusters, backups, and the path between them."""

from __future__ import annotations

import pulumi

from components.aws.backup_bucket import BackupBucket as AwsBackups
from components.aws.backup_bucket import LockedBucketArgs
from components.aws.eks_cluster import EksCluster, EksClusterArgs
from components.aws.ingress_address import IngressAddress as AwsIngress
from components.aws.ingress_address import IngressAddressArgs as AwsIngressArgs
from components.aws.keys import RegionKeys as AwsKeys
from components.aws.keys import RegionKeysArgs as AwsKeysArgs
from components.aws.network import Network as AwsNetwork
from components.aws.network import NetworkArgs as AwsNetworkArgs
from components.aws.transit import TransitGateway, TransitGatewayArgs
from components.gcp.backup_access import BackupAccess, BackupAccessArgs
from components.gcp.backup_bucket import BackupBucket as GcpBackups
from components.gcp.backup_bucket import BackupBucketArgs
from components.gcp.cluster_federation import ClusterFederation, ClusterFederationArgs
from components.gcp.edge_logs import EdgeLogs, EdgeLogsArgs
from components.gcp.gke_cluster import GkeCluster, GkeClusterArgs
from components.gcp.ingress_address import IngressAddress as GcpIngress
from components.gcp.ingress_address import IngressAddressArgs as GcpIngressArgs
from components.gcp.keys import RegionKeys as GcpKeys
from components.gcp.keys import RegionKeysArgs as GcpKeysArgs
from components.gcp.network import Network as GcpNetwork
from components.gcp.network import NetworkArgs as GcpNetworkArgs
from components.interconnect.ha_vpn import HaVpn, HaVpnArgs
from meridian.model import topology
from meridian.program import naming, providers
from meridian.program.context import Context
from meridian.program.ip_plan import database_flows, google_ranges, peers
from meridian.program.refs import Upstream

_CLUSTER_LOG_DAYS = 365
"""In CloudWatch for search; the archive keeps them for as long as compliance.log_archive says."""


def wire(context: Context) -> None:
    """Make the unit."""
    environment, key = context.environment, context.unit
    region, compliance = environment.regions[key], environment.compliance
    foundation = Upstream(environment, "foundation")
    gcp_provider = providers.google(environment, region.gcp.region)
    aws_provider = providers.amazon(environment, region.aws.region)
    on_google, on_amazon = providers.using(gcp_provider), providers.using(aws_provider)
    name = f"{context.prefix}-{key}"

    # The primary, on Google Cloud
    google_keys = GcpKeys(
        "keys-gcp",
        GcpKeysArgs(
            name=name,
            region=region.gcp.region,
            project_number=environment.gcp.project_number,
            rotation_days=compliance.key_rotation_days,
            protect=context.protect,
        ),
        on_google,
    )
    google_network = GcpNetwork(
        "network-gcp",
        GcpNetworkArgs(
            name=name,
            region=region.gcp.region,
            network=region.gcp.network,
            flow_logs=compliance.flow_logs,
            protect=context.protect,
            peers=peers(environment, key, "gcp"),
            database_ranges=database_flows(environment, key, "gcp"),
            reserved={"database-names": topology.resolver_addresses(region.gcp)[0]},
        ),
        on_google,
    )
    gke = GkeCluster(
        "gke",
        GkeClusterArgs(
            site=region.gcp,
            project=environment.gcp.project,
            network_id=google_network.network_id,
            subnetwork_id=google_network.subnetwork_id,
            pods_range=google_network.pods_range,
            services_range=google_network.services_range,
            secrets_key_id=google_keys.keys["cluster-secrets"],
            disks_key_id=google_keys.keys["disks"],
            protect=context.protect,
            database_zones=topology.database_zones(region, "gcp"),
            sign_on=environment.platform.access.sign_on,
        ),
        on_google,
    )
    google_backups = GcpBackups(
        "backups-gcp",
        BackupBucketArgs(
            bucket=naming.bucket(environment, "gcp", f"backups-{key}"),
            location=region.gcp.region,
            backup=region.backup,
            key_id=google_keys.keys["backups"],
            protect=context.protect,
        ),
        on_google,
    )
    BackupAccess(
        "backups-gcp-access",
        BackupAccessArgs(
            bucket=google_backups.bucket_name,
            key_id=google_keys.keys["backups"],
            project=environment.gcp.project,
            project_number=environment.gcp.project_number,
            identities=topology.backup_identities(environment),
            federated=foundation.public("workloads", "principals"),
        ),
        # The project's pool of GKE's accounts exists with its first cluster.
        pulumi.ResourceOptions.merge(on_google, pulumi.ResourceOptions(depends_on=[gke])),
    )

    google_ingress = GcpIngress(
        "ingress-gcp", GcpIngressArgs(cluster=region.gcp.cluster.name, region=region.gcp.region), on_google
    )
    edge_logs = EdgeLogs(
        "edge-logs",
        EdgeLogsArgs(
            bucket=naming.bucket(environment, "gcp", f"edge-logs-{key}"),
            location=region.gcp.region,
            key_id=google_keys.keys["logs"],
            retention_days=environment.edge.logs.retention_days,
            protect=context.protect,
        ),
        on_google,
    )

    # The failover, on AWS
    amazon_keys = AwsKeys(
        "keys-aws",
        AwsKeysArgs(
            prefix=name,
            account_id=environment.aws.account_id,
            region=region.aws.region,
            rotation_days=compliance.key_rotation_days,
            protect=context.protect,
        ),
        on_amazon,
    )
    amazon_network = AwsNetwork(
        "network-aws",
        AwsNetworkArgs(
            site=region.aws,
            name=name,
            cluster=region.aws.cluster.name,
            flow_logs=compliance.flow_logs,
            log_key=amazon_keys.keys["logs"],
            log_retention_days=_CLUSTER_LOG_DAYS,
            database_ranges=database_flows(environment, key, "aws"),
            reserved={
                zone: str(cidr)
                for zone, cidr in zip(
                    region.aws.zones, topology.resolver_reservations(region.aws), strict=True
                )
            },
        ),
        on_amazon,
    )
    transit = TransitGateway(
        "transit",
        TransitGatewayArgs(
            site=region.aws,
            name=name,
            vpc=amazon_network.id,
            subnets=amazon_network.private_subnets,
            route_tables=amazon_network.private_route_tables,
            destinations={
                cidr.replace(".", "-").replace("/", "-"): cidr for cidr in peers(environment, key, "aws")
            },
        ),
        on_amazon,
    )
    eks = EksCluster(
        "eks",
        EksClusterArgs(
            site=region.aws,
            network_id=amazon_network.id,
            subnets=amazon_network.private_subnets,
            database_security_group=amazon_network.database_security_group,
            secrets_key=amazon_keys.keys["secrets"],
            disk_key=amazon_keys.keys["disks"],
            log_key=amazon_keys.keys["logs"],
            log_retention_days=_CLUSTER_LOG_DAYS,
            deployer_role=foundation.get("ci", "aws_deployer"),
            protect=context.protect,
            database_zones=topology.database_zones(region, "aws"),
            sign_on=environment.platform.access.sign_on,
            peers=peers(environment, key, "aws"),
        ),
        on_amazon,
    )
    amazon_backups = AwsBackups(
        "backups-aws",
        LockedBucketArgs(
            bucket=naming.bucket(environment, "aws", f"backups-{key}"),
            key=amazon_keys.keys["backups"],
            retention_days=region.backup.retention_days,
            locked=region.backup.locked,
            protect=context.protect,
        ),
        on_amazon,
    )

    amazon_ingress = AwsIngress(
        "ingress-aws", AwsIngressArgs(cluster=region.aws.cluster.name, zones=region.aws.zones), on_amazon
    )

    # Between them
    federation = ClusterFederation(
        "eks-google",
        ClusterFederationArgs(
            project=environment.gcp.project,
            pool_id=foundation.public("workloads", "pool"),
            provider_id=f"eks-{key}",
            issuer=eks.outputs.workload_identity,
            identities=list(topology.backup_identities(environment).values()),
        ),
        on_google,
    )
    HaVpn(
        "vpn",
        HaVpnArgs(
            region=region,
            name=name,
            network=google_network.network_id,
            router=google_network.router_name,
            transit_gateway=transit.id,
        ),
        providers.using(gcp_provider, aws_provider),
    )

    pulumi.export("clusters", {"gke": gke.outputs.as_exports(), "eks": eks.outputs.as_exports()})
    pulumi.export(
        "gcp",
        {
            "network": google_network.network_id,
            "network_link": google_network.network_self_link,
            "router": google_network.router_name,
            "ranges": list(google_ranges(region)),
            "backups": google_backups.bucket_name,
            "edge_logs": edge_logs.bucket_name,
            "keys": google_keys.keys,
            "eks_provider": federation.resource,
        },
    )
    pulumi.export(
        "aws",
        {
            "vpc": amazon_network.id,
            "transit_gateway": transit.id,
            "transit_route_table": transit.route_table,
            "backups": amazon_backups.name,
            "keys": dict(amazon_keys.keys),
        },
    )
    pulumi.export(
        "ingress",
        {
            "gcp": google_ingress.addresses,
            "aws": amazon_ingress.addresses,
            "aws_allocations": amazon_ingress.allocations,
        },
    )
