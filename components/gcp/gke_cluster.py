"""A regional, private GKE cluster with its node pools."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import container

from components.gcp.node_identity import NodeIdentity
from components.gcp.node_pools import NodePoolArgs, add_node_pool
from components.kubeconfig import gke_kubeconfig
from components.outputs import ClusterOutputs
from meridian.model.clusters import Maintenance
from meridian.model.platform import SignOn
from meridian.model.regions import GcpSite

_LOGS = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
_METRICS = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
_EPOCH = "2026-01-"
_FIRST_DAY = {"TH": 1, "FR": 2, "SA": 3, "SU": 4, "MO": 5, "TU": 6, "WE": 7}
"""Day of January 2026 on which each weekday falls first: a window's start must lie on its own weekday."""


@dataclass(frozen=True, kw_only=True)
class GkeClusterArgs:
    """A site of the model and what it stands on."""

    site: GcpSite
    project: pulumi.Input[str]
    network_id: pulumi.Input[str]
    subnetwork_id: pulumi.Input[str]
    pods_range: pulumi.Input[str]
    services_range: pulumi.Input[str]
    secrets_key_id: pulumi.Input[str]
    disks_key_id: pulumi.Input[str]
    protect: bool
    sign_on: SignOn | None = None
    authorized_networks: tuple[str, ...] = ()
    """Private ranges that may reach the control plane, beside the cluster's own."""
    database_zones: tuple[str, ...] = ()
    """Zones in which database nodes are placed: their pool grows there and nowhere else."""


class GkeCluster(pulumi.ComponentResource):
    """Cluster, node identity and node pools; installs nothing in the cluster."""

    outputs: ClusterOutputs
    node_service_account: pulumi.Output[str]

    def __init__(self, name: str, args: GkeClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:GkeCluster", name, None, opts)
        site, model = args.site, args.site.cluster
        identity = NodeIdentity(self, name, args.project, model.name)
        cluster = self._cluster(name, args, identity.email)
        for key, pool in model.pools.items():
            add_node_pool(
                f"{name}-{key}",
                NodePoolArgs(
                    key=key,
                    pool=pool,
                    region=site.region,
                    zones=args.database_zones if key == "database" and args.database_zones else site.zones,
                    cluster=cluster.name,
                    service_account=identity.ready_email,
                    disks_key_id=args.disks_key_id,
                ),
                pulumi.ResourceOptions(parent=self),
            )
        ca = cluster.master_auth.apply(lambda auth: str((auth.cluster_ca_certificate if auth else "") or ""))
        endpoint = cluster.endpoint.apply(_url)
        self.node_service_account = identity.email
        self.outputs = ClusterOutputs(
            name=cluster.name,
            endpoint=endpoint,
            ca_certificate=ca,
            kubeconfig=pulumi.Output.all(cluster.name, endpoint, ca).apply(
                lambda parts: gke_kubeconfig(parts[0], parts[1], parts[2])
            ),
            workload_identity=pulumi.Output.concat(args.project, ".svc.id.goog"),
            cloud="gcp",
            region=site.region,
            network_id=pulumi.Output.from_input(args.network_id),
            id=cluster.id,
        )
        self.register_outputs({**self.outputs.as_exports(), "node_service_account": identity.email})

    def _cluster(self, name: str, args: GkeClusterArgs, node_email: pulumi.Output[str]) -> container.Cluster:
        site, model = args.site, args.site.cluster
        private = [str(site.network.nodes), str(site.network.pods), *args.authorized_networks]
        return container.Cluster(
            f"{name}-cluster",
            name=model.name,
            project=args.project,
            location=site.region,
            node_locations=list(site.zones),
            network=args.network_id,
            subnetwork=args.subnetwork_id,
            networking_mode="VPC_NATIVE",
            # Inner load balancers reach the nodes that hold their pods, without node ports; it cannot be taken back.
            enable_l4_ilb_subsetting=True,
            datapath_provider="ADVANCED_DATAPATH",
            min_master_version=model.version,
            remove_default_node_pool=True,
            initial_node_count=1,
            # The default pool lives for minutes, yet it would run as the project's default account.
            node_config=container.ClusterNodeConfigArgs(
                service_account=node_email,
                oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
                boot_disk_kms_key=args.disks_key_id,
                shielded_instance_config=container.ClusterNodeConfigShieldedInstanceConfigArgs(
                    enable_secure_boot=True, enable_integrity_monitoring=True
                ),
            ),
            ip_allocation_policy=container.ClusterIpAllocationPolicyArgs(
                cluster_secondary_range_name=args.pods_range,
                services_secondary_range_name=args.services_range,
            ),
            private_cluster_config=container.ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True,
                enable_private_endpoint=True,
                master_ipv4_cidr_block=str(site.network.control_plane),
                master_global_access_config=container.ClusterPrivateClusterConfigMasterGlobalAccessConfigArgs(
                    enabled=True
                ),
            ),
            control_plane_endpoints_config=container.ClusterControlPlaneEndpointsConfigArgs(
                dns_endpoint_config=container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                    allow_external_traffic=False
                )
            ),
            master_authorized_networks_config=container.ClusterMasterAuthorizedNetworksConfigArgs(
                gcp_public_cidrs_access_enabled=False,
                cidr_blocks=[
                    container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(
                        cidr_block=cidr, display_name=f"private {cidr}"
                    )
                    for cidr in private
                ],
            ),
            master_auth=container.ClusterMasterAuthArgs(
                client_certificate_config=container.ClusterMasterAuthClientCertificateConfigArgs(
                    issue_client_certificate=False
                )
            ),
            authenticator_groups_config=container.ClusterAuthenticatorGroupsConfigArgs(
                security_group=args.sign_on.google_group
            )
            if args.sign_on
            else None,
            workload_identity_config=container.ClusterWorkloadIdentityConfigArgs(
                workload_pool=pulumi.Output.concat(args.project, ".svc.id.goog")
            ),
            database_encryption=container.ClusterDatabaseEncryptionArgs(
                state="ENCRYPTED", key_name=args.secrets_key_id
            ),
            logging_config=container.ClusterLoggingConfigArgs(enable_components=_LOGS),
            monitoring_config=container.ClusterMonitoringConfigArgs(enable_components=_METRICS),
            binary_authorization=container.ClusterBinaryAuthorizationArgs(
                evaluation_mode="PROJECT_SINGLETON_POLICY_ENFORCE"
            ),
            security_posture_config=container.ClusterSecurityPostureConfigArgs(
                mode="BASIC", vulnerability_mode="VULNERABILITY_BASIC"
            ),
            release_channel=container.ClusterReleaseChannelArgs(channel=model.release_channel),
            maintenance_policy=_maintenance(model.maintenance),
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            # TLS has no input of its own on GKE: the label declares what is checked against the endpoint.
            resource_labels={"meridian-tls-minimum": model.tls_minimum.replace(".", "-")},
            deletion_protection=args.protect and model.deletion_protection,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                retain_on_delete=args.protect,
                # The default pool is gone after creation; its phantom diffs replaced clusters (pulumi-gcp 412,
                # 2247). The release channel moves the version on its own.
                ignore_changes=["nodeConfig", "initialNodeCount", "minMasterVersion"],
                custom_timeouts=pulumi.CustomTimeouts(create="60m", update="90m", delete="60m"),
            ),
        )


def _maintenance(window: Maintenance) -> container.ClusterMaintenancePolicyArgs:
    day = _FIRST_DAY[window.day]
    hour, minute = (int(part) for part in window.start.split(":"))
    end_day, end_hour = (
        (day + 1, hour + window.hours - 24) if hour + window.hours >= 24 else (day, hour + window.hours)
    )
    return container.ClusterMaintenancePolicyArgs(
        recurring_window=container.ClusterMaintenancePolicyRecurringWindowArgs(
            start_time=f"{_EPOCH}{day:02d}T{hour:02d}:{minute:02d}:00Z",
            end_time=f"{_EPOCH}{end_day:02d}T{end_hour:02d}:{minute:02d}:00Z",
            recurrence=f"FREQ=WEEKLY;BYDAY={window.day}",
        )
    )


def _url(endpoint: str) -> str:
    return endpoint if "://" in endpoint else f"https://{endpoint}"
