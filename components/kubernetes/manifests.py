"""Objects of a publisher's own manifests as typed resources: an operator and its custom resource definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import admissionregistration, apps, batch, core, rbac
from pulumi_kubernetes.apiextensions import CustomResource

from components.kubernetes.metadata import MANAGED

Typed = Callable[..., pulumi.CustomResource]

_TYPES: dict[tuple[str, str], Typed] = {
    ("v1", "ServiceAccount"): core.v1.ServiceAccount,
    ("v1", "Service"): core.v1.Service,
    ("v1", "ConfigMap"): core.v1.ConfigMap,
    ("apps/v1", "Deployment"): apps.v1.Deployment,
    ("batch/v1", "Job"): batch.v1.Job,
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): rbac.v1.ClusterRole,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): rbac.v1.ClusterRoleBinding,
    ("rbac.authorization.k8s.io/v1", "Role"): rbac.v1.Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): rbac.v1.RoleBinding,
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ): admissionregistration.v1.ValidatingWebhookConfiguration,
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
    ): admissionregistration.v1.MutatingWebhookConfiguration,
}
# As its publisher spells it: the SDK's own class holds each of a schema's thousands of nodes, and again at every level above
# it, against a union of types, and knows no `x-kubernetes-...`. Type and URN are the same.
_DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


@dataclass(frozen=True, kw_only=True)
class ManifestsArgs:
    """The objects as the publisher has them, and the namespaces that they go to."""

    objects: Sequence[Mapping[str, Any]]
    namespaces: Mapping[str, pulumi.Input[str]]
    labels: Mapping[str, str]


class Manifests(pulumi.ComponentResource):
    """One resource per object; changes nothing in them but the labels. An object of a kind not known here is refused."""

    made: list[pulumi.Resource]

    def __init__(self, name: str, args: ManifestsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:Manifests", name, None, opts)
        self.made = []
        for each in args.objects:
            self.made.append(self._make(name, each, args))
        self.register_outputs({})

    def _make(self, name: str, each: Mapping[str, Any], args: ManifestsArgs) -> pulumi.Resource:
        kind, version = str(each["kind"]), str(each["apiVersion"])
        given = dict(each["metadata"])
        given["labels"] = {**given.get("labels", {}), **MANAGED, **args.labels}
        if "namespace" in given:
            given["namespace"] = args.namespaces[given["namespace"]]
        logical = f"{name}-{kind}-{given['name']}".lower().replace(":", "-")
        child = pulumi.ResourceOptions(parent=self)
        typed = _TYPES.get((version, kind))
        if typed is None:
            if (version, kind) != _DEFINITION and (
                version.split("/")[0].endswith(".k8s.io") or "/" not in version
            ):
                raise ValueError(f"{version} {kind}: is not typed here; fix: add it to manifests.py")
            return CustomResource(logical, version, kind, spec=each["spec"], metadata=given, opts=child)
        rest = {key: value for key, value in each.items() if key not in ("kind", "apiVersion", "metadata")}
        return typed(logical, metadata=given, opts=child, **{_snake(key): rest[key] for key in rest})


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found.group(1).lower()}", key)
