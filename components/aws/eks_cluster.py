"""A private EKS cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, eks, iam

from components.aws import policies
from components.aws.eks_pool import NodePools
from components.kubeconfig import eks_kubeconfig
from components.outputs import ClusterOutputs
from meridian.model.platform import SignOn
from meridian.model.regions import AwsSite

_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_ADDONS = (
    "vpc-cni",
    "kube-proxy",
    "coredns",
    "eks-pod-identity-agent",
    "aws-ebs-csi-driver",
    "metrics-server",
)
_SUPPORT = {"EXTENDED": "EXTENDED"}


@dataclass(frozen=True, kw_only=True)
class EksClusterArgs:
    """The site holds the cluster's model; keys and network come from their components."""

    site: AwsSite
    network_id: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    database_security_group: pulumi.Input[str]
    secrets_key: pulumi.Input[str]
    disk_key: pulumi.Input[str]
    log_key: pulumi.Input[str]
    log_retention_days: int
    deployer_role: pulumi.Input[str]
    protect: bool
    database_zones: Sequence[str] = ()
    """Zones in which database nodes are placed: their pool grows there and nowhere else."""
    sign_on: SignOn | None = None
    peers: Sequence[str] = ()
    """Ranges of the estate's other networks, which pods reach under their own addresses."""


class EksCluster(pulumi.ComponentResource):
    """Control plane, add-ons, access entries and pools; EKS lets nobody choose its maintenance hours."""

    outputs: ClusterOutputs

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:EksCluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        spec, site = args.site.cluster, args.site
        role = iam.Role(
            f"{name}-control",
            name=f"{spec.name}-control",
            assume_role_policy=policies.trust("eks.amazonaws.com"),
            opts=child,
        )
        grant = iam.RolePolicyAttachment(
            f"{name}-control",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
            opts=child,
        )
        # Made first, or EKS makes it itself: without a key and kept for ever.
        logs = cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/eks/{spec.name}/cluster",
            kms_key_id=args.log_key,
            retention_in_days=args.log_retention_days,
            opts=child,
        )
        cluster = eks.Cluster(
            name,
            name=spec.name,
            role_arn=role.arn,
            version=spec.version,
            vpc_config=eks.ClusterVpcConfigArgs(
                subnet_ids=[args.subnets[zone] for zone in sorted(args.subnets)],
                endpoint_private_access=True,
                endpoint_public_access=False,
            ),
            kubernetes_network_config=eks.ClusterKubernetesNetworkConfigArgs(
                service_ipv4_cidr=str(site.network.services), ip_family="ipv4"
            ),
            encryption_config=eks.ClusterEncryptionConfigArgs(
                resources=["secrets"],
                provider=eks.ClusterEncryptionConfigProviderArgs(key_arn=args.secrets_key),
            ),
            enabled_cluster_log_types=_LOGS,
            # Set at creation: a later change of the bootstrap permission replaces the cluster.
            access_config=eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            bootstrap_self_managed_addons=False,
            upgrade_policy=eks.ClusterUpgradePolicyArgs(
                support_type=_SUPPORT.get(spec.release_channel, "STANDARD")
            ),
            zonal_shift_config=eks.ClusterZonalShiftConfigArgs(enabled=True),
            deletion_protection=spec.deletion_protection,
            tags={"meridian-tls-minimum": spec.tls_minimum.replace(".", "-")},
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                retain_on_delete=args.protect,
                depends_on=[grant, logs],
            ),
        )
        self._access(name, cluster, args.deployer_role, child)
        if args.sign_on is not None:
            _sign_on(name, cluster, args.sign_on, child)
        issuer = cluster.identities.apply(
            lambda found: str(found[0].oidcs[0].issuer) if found and found[0].oidcs else ""
        )
        iam.OpenIdConnectProvider(
            f"{name}-workloads", url=issuer, client_id_lists=["sts.amazonaws.com"], opts=child
        )
        pools = NodePools(
            name,
            site,
            cluster,
            args.subnets,
            args.database_zones,
            args.database_security_group,
            args.disk_key,
            self,
        )
        for addon in _ADDONS:
            needs_nodes = addon in ("coredns", "aws-ebs-csi-driver", "metrics-server")
            eks.Addon(
                f"{name}-{addon}",
                cluster_name=cluster.name,
                addon_name=addon,
                resolve_conflicts_on_create="OVERWRITE",
                resolve_conflicts_on_update="PRESERVE",
                configuration_values=_addon_settings(addon, args.peers),
                opts=pulumi.ResourceOptions(parent=self, depends_on=pools.groups if needs_nodes else None),
            )
        self._storage_identity(name, spec.name, cluster, child)
        authority = cluster.certificate_authority.apply(lambda found: found.data or "")
        self.outputs = ClusterOutputs(
            name=cluster.name,
            endpoint=cluster.endpoint,
            ca_certificate=authority,
            kubeconfig=pulumi.Output.all(cluster.name, cluster.endpoint, authority).apply(
                lambda known: eks_kubeconfig(str(known[0]), str(known[1]), str(known[2]), site.region)
            ),
            workload_identity=issuer,
            cloud="aws",
            region=site.region,
            network_id=pulumi.Output.from_input(args.network_id),
            id=cluster.id,
        )
        self.register_outputs(dict(self.outputs.as_outputs()))

    @staticmethod
    def _access(
        name: str, cluster: eks.Cluster, deployer: pulumi.Input[str], child: pulumi.ResourceOptions
    ) -> None:
        entry = eks.AccessEntry(
            f"{name}-deployer", cluster_name=cluster.name, principal_arn=deployer, opts=child
        )
        eks.AccessPolicyAssociation(
            f"{name}-deployer",
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope=eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=child,
        )

    @staticmethod
    def _storage_identity(
        name: str, cluster_name: str, cluster: eks.Cluster, child: pulumi.ResourceOptions
    ) -> None:
        role = iam.Role(
            f"{name}-storage",
            name=f"{cluster_name}-storage",
            assume_role_policy=policies.trust("pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]),
            opts=child,
        )
        iam.RolePolicyAttachment(
            f"{name}-storage",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
            opts=child,
        )
        eks.PodIdentityAssociation(
            f"{name}-storage",
            cluster_name=cluster.name,
            namespace="kube-system",
            service_account="ebs-csi-controller-sa",
            role_arn=role.arn,
            opts=child,
        )


def _sign_on(
    name: str, cluster: eks.Cluster, sign_on: SignOn, child: pulumi.ResourceOptions
) -> eks.IdentityProviderConfig:
    """Take the tokens of people's identity provider; without a prefix a group's name is the one that RBAC binds."""
    return eks.IdentityProviderConfig(
        f"{name}-sign-on",
        cluster_name=cluster.name,
        oidc=eks.IdentityProviderConfigOidcArgs(
            identity_provider_config_name="sign-on",
            issuer_url=sign_on.issuer,
            client_id=sign_on.client_id,
            username_claim=sign_on.username_claim,
            # No token may take the name of a user of another kind.
            username_prefix="sign-on:",
            groups_claim=sign_on.groups_claim,
        ),
        opts=child,
    )


def _addon_settings(addon: str, peers: Sequence[str]) -> str | None:
    """Return an add-on's settings: the CNI would hide pods behind their node's address outside the VPC (its README)."""
    if addon != "vpc-cni" or not peers:
        return None
    return json.dumps({"env": {"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": ",".join(peers)}})
