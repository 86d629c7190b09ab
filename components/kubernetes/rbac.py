"""The four roles of people on a cluster, bound to groups of the identity provider; no rule holds a wildcard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import rbac

from components.kubernetes.metadata import metadata
from meridian.model.platform import Access

Rules = Sequence[tuple[str, Sequence[str], Sequence[str]]]
"""API group, resources, verbs."""

_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete")
_WORKLOADS = ("deployments", "replicasets", "statefulsets", "daemonsets")

VIEWER: Rules = (
    (
        "",
        (
            "namespaces",
            "nodes",
            "pods",
            "pods/log",
            "services",
            "endpoints",
            "events",
            "configmaps",
            "serviceaccounts",
            "persistentvolumes",
            "persistentvolumeclaims",
            "resourcequotas",
            "limitranges",
        ),
        _READ,
    ),
    ("apps", _WORKLOADS, _READ),
    ("batch", ("jobs", "cronjobs"), _READ),
    ("autoscaling", ("horizontalpodautoscalers",), _READ),
    ("policy", ("poddisruptionbudgets",), _READ),
    ("networking.k8s.io", ("networkpolicies", "ingresses"), _READ),
    ("storage.k8s.io", ("storageclasses", "volumeattachments", "csinodes"), _READ),
    ("scheduling.k8s.io", ("priorityclasses",), _READ),
    ("rbac.authorization.k8s.io", ("clusterroles", "clusterrolebindings", "roles", "rolebindings"), _READ),
    ("cert-manager.io", ("certificates", "certificaterequests", "clusterissuers"), _READ),
    ("external-secrets.io", ("externalsecrets", "clustersecretstores"), _READ),
    ("gateway.networking.k8s.io", ("gatewayclasses", "gateways", "httproutes"), _READ),
    ("datadoghq.com", ("datadogagents",), _READ),
    ("metrics.k8s.io", ("pods", "nodes"), _READ),
)
"""Sees how the cluster is; never a secret's content."""

DEPLOYER: Rules = (
    ("", ("services", "configmaps"), (*_READ, *_WRITE)),
    ("", ("pods", "pods/log", "events"), _READ),
    ("apps", ("deployments",), (*_READ, *_WRITE)),
    ("apps", ("replicasets",), _READ),
    ("batch", ("jobs", "cronjobs"), (*_READ, *_WRITE)),
    ("autoscaling", ("horizontalpodautoscalers",), (*_READ, *_WRITE)),
    ("policy", ("poddisruptionbudgets",), (*_READ, *_WRITE)),
    ("gateway.networking.k8s.io", ("httproutes",), (*_READ, *_WRITE)),
    ("external-secrets.io", ("externalsecrets",), (*_READ, *_WRITE)),
)
"""Ships an application in the namespaces that the model opens to it: no secrets, policies, quotas or roles."""

OPERATOR: Rules = (
    ("", ("pods",), ("delete",)),
    ("", ("pods/eviction",), ("create",)),
    ("", ("nodes",), ("patch",)),
    ("apps", ("deployments", "statefulsets", "daemonsets"), ("patch",)),
    ("apps", ("deployments/scale", "statefulsets/scale"), ("get", "update", "patch")),
    ("batch", ("jobs",), ("create", "delete")),
    ("cert-manager.io", ("certificates/status",), ("patch",)),
)
"""Keeps it running, beside what the viewer sees: restarts, scales, cordons and drains."""

BREAK_GLASS: Rules = (
    ("", ("secrets",), ("get", "list")),
    ("", ("pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers"), ("create", "patch")),
    ("", ("pods", "services", "configmaps", "persistentvolumeclaims"), _WRITE),
    ("", ("nodes",), ("patch", "delete")),
    ("apps", _WORKLOADS, _WRITE),
    ("batch", ("jobs", "cronjobs"), _WRITE),
    ("networking.k8s.io", ("networkpolicies",), _WRITE),
    ("policy", ("poddisruptionbudgets",), _WRITE),
    ("admissionregistration.k8s.io", ("validatingwebhookconfigurations",), (*_READ, "delete")),
    ("admissionregistration.k8s.io", ("mutatingwebhookconfigurations",), (*_READ, "delete")),
)
"""For an emergency that the pipeline cannot mend. Grants no one any right: roles change through the pipeline only."""

RULES: dict[str, Rules] = {
    "viewer": VIEWER,
    "deployer": DEPLOYER,
    "operator": (*VIEWER, *OPERATOR),
    "break-glass": (*VIEWER, *BREAK_GLASS),
}


@dataclass(frozen=True, kw_only=True)
class RbacArgs:
    """Who holds the roles, and the namespaces in which deployers deploy."""

    access: Access
    deployable: Mapping[str, pulumi.Input[str]]
    cluster: str
    labels: Mapping[str, str]


class Rbac(pulumi.ComponentResource):
    """Roles and their bindings to groups; who is in a group is the identity provider's to say.

    That break-glass's use pages is the observability unit's monitor; its query stands on the role itself.
    """

    def __init__(self, name: str, args: RbacArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:Rbac", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for role, held in args.access.roles().items():
            made = rbac.v1.ClusterRole(
                f"{name}-{role}",
                metadata=metadata(f"meridian:{role}", args.labels, annotations=_annotations(role, args)),
                rules=[
                    rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(resources), verbs=list(verbs))
                    for group, resources, verbs in RULES[role]
                ],
                opts=child,
            )
            subject = rbac.v1.SubjectArgs(
                kind="Group", name=held.group, api_group="rbac.authorization.k8s.io"
            )
            reference = rbac.v1.RoleRefArgs(
                kind="ClusterRole", name=made.metadata.name, api_group="rbac.authorization.k8s.io"
            )
            if role != "deployer":
                rbac.v1.ClusterRoleBinding(
                    f"{name}-{role}",
                    metadata=metadata(f"meridian:{role}", args.labels),
                    subjects=[subject],
                    role_ref=reference,
                    opts=child,
                )
                continue
            for key, namespace in args.deployable.items():
                rbac.v1.RoleBinding(
                    f"{name}-{role}-{key}",
                    metadata=metadata(f"meridian:{role}", args.labels, namespace),
                    subjects=[subject],
                    role_ref=reference,
                    opts=child,
                )
        self.register_outputs({})


def break_glass_query(cluster: str, group: str) -> str:
    """Return the query over the clusters' audit logs that finds every request of a break-glass member."""
    return f"source:kubernetes.audit @cluster_name:{cluster} @user.groups:{group}"


def _annotations(role: str, args: RbacArgs) -> dict[str, pulumi.Input[str]]:
    if role != "break-glass":
        return {}
    held = args.access.break_glass
    return {
        "meridian.dev/audit": "every use pages",
        "meridian.dev/audit-pages": ",".join(held.pages),
        "meridian.dev/audit-query": break_glass_query(args.cluster, held.group),
        "meridian.dev/members": "none until an incident; removed when it closes",
    }
