"""Nodes on EKS as pods need them; GKE's pools do this themselves (node_pools.py), and EKS's do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core, rbac
from pulumi_kubernetes.meta import v1 as meta

from components.kubernetes.metadata import APP, metadata

_APP = "cluster-autoscaler"
_READ = ("get", "list", "watch")
_RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("events", "endpoints"), ("create", "patch")),
    ("", ("pods/eviction",), ("create",)),
    ("", ("pods/status",), ("update",)),
    ("", ("nodes",), (*_READ, "update")),
    (
        "",
        (
            "namespaces",
            "pods",
            "services",
            "replicationcontrollers",
            "persistentvolumeclaims",
            "persistentvolumes",
        ),
        _READ,
    ),
    ("apps", ("statefulsets", "replicasets", "daemonsets"), _READ),
    ("batch", ("jobs", "cronjobs"), _READ),
    ("policy", ("poddisruptionbudgets",), ("list", "watch")),
    (
        "storage.k8s.io",
        ("storageclasses", "csinodes", "csidrivers", "csistoragecapacities", "volumeattachments"),
        _READ,
    ),
    ("resource.k8s.io", ("resourceclaims", "resourceslices", "deviceclasses"), _READ),
)
"""The autoscaler's own example for AWS (cluster-autoscaler 1.34), without its wildcards."""
_STATE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("coordination.k8s.io", ("leases",), ("create", "get", "update")),
    ("", ("configmaps",), ("create", "get", "list", "watch", "update", "delete")),
)


@dataclass(frozen=True, kw_only=True)
class ClusterAutoscalerArgs:
    """The cluster whose node groups grow; EKS tags managed groups so that the autoscaler finds them."""

    cluster: str
    region: str
    image: str
    namespace: pulumi.Input[str]
    service_account: pulumi.Input[str]
    priority_class: str
    labels: Mapping[str, str]


class ClusterAutoscaler(pulumi.ComponentResource):
    """Roles and a deployment; its right to change node groups is its identity's (components/aws/pod_identity.py)."""

    def __init__(
        self, name: str, args: ClusterAutoscalerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:kubernetes:ClusterAutoscaler", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        subject = rbac.v1.SubjectArgs(
            kind="ServiceAccount", name=args.service_account, namespace=args.namespace
        )
        role = rbac.v1.ClusterRole(
            name, metadata=metadata(_APP, args.labels), rules=_policy(_RULES), opts=child
        )
        rbac.v1.ClusterRoleBinding(
            name,
            metadata=metadata(_APP, args.labels),
            subjects=[subject],
            role_ref=rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role.metadata.name
            ),
            opts=child,
        )
        state = rbac.v1.Role(
            name, metadata=metadata(_APP, args.labels, args.namespace), rules=_policy(_STATE), opts=child
        )
        rbac.v1.RoleBinding(
            name,
            metadata=metadata(_APP, args.labels, args.namespace),
            subjects=[subject],
            role_ref=rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="Role", name=state.metadata.name
            ),
            opts=child,
        )
        apps.v1.Deployment(
            name,
            metadata=metadata(_APP, args.labels, args.namespace),
            spec=apps.v1.DeploymentSpecArgs(
                replicas=1,
                selector=meta.LabelSelectorArgs(match_labels={APP: _APP}),
                template=core.v1.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels={**args.labels, APP: _APP}), spec=_pod(args)
                ),
            ),
            opts=child,
        )
        self.register_outputs({})


def _policy(
    rules: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...],
) -> list[rbac.v1.PolicyRuleArgs]:
    return [
        rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(resources), verbs=list(verbs))
        for group, resources, verbs in rules
    ]


def _pod(args: ClusterAutoscalerArgs) -> core.v1.PodSpecArgs:
    found = f"asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{args.cluster}"
    return core.v1.PodSpecArgs(
        service_account_name=args.service_account,
        automount_service_account_token=True,
        priority_class_name=args.priority_class,
        security_context=core.v1.PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=65534,
            fs_group=65534,
            seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        ),
        containers=[
            core.v1.ContainerArgs(
                name=_APP,
                image=args.image,
                command=[
                    "./cluster-autoscaler",
                    "--cloud-provider=aws",
                    f"--node-group-auto-discovery={found}",
                    "--balance-similar-node-groups",
                    "--skip-nodes-with-local-storage=false",
                    "--expander=least-waste",
                    pulumi.Output.concat("--namespace=", args.namespace),
                ],
                env=[core.v1.EnvVarArgs(name="AWS_REGION", value=args.region)],
                resources=core.v1.ResourceRequirementsArgs(
                    requests={"cpu": "100m", "memory": "600Mi"}, limits={"memory": "600Mi"}
                ),
                security_context=core.v1.SecurityContextArgs(
                    allow_privilege_escalation=False,
                    read_only_root_filesystem=True,
                    capabilities=core.v1.CapabilitiesArgs(drop=["ALL"]),
                ),
                liveness_probe=core.v1.ProbeArgs(
                    http_get=core.v1.HTTPGetActionArgs(path="/health-check", port=8085), period_seconds=30
                ),
            )
        ],
    )
