"""Kubernetes objects as plain data: their kind, name, id and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meridian.protocol.values import UNKNOWN, Secret

AUTONAMED = "pulumi.com/autonamed"
PATCH_FORCE = "pulumi.com/patchForce"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"
WAIT_FOR = "pulumi.com/waitFor"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

# What lies in no namespace; asked only of kinds that Kubernetes itself brings (API reference, v1.34).
_CLUSTER_SCOPED = frozenset(
    [
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "ComponentStatus",
        "CustomResourceDefinition",
        "DeviceClass",
        "DeviceTaintRule",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "SelfSubjectAccessReview",
        "SelfSubjectReview",
        "SelfSubjectRulesReview",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersion",
        "StorageVersionMigration",
        "SubjectAccessReview",
        "TokenReview",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    ]
)


@dataclass(frozen=True)
class Kind:
    """What a type token stands for."""

    api_version: str
    kind: str
    built_in: bool
    patch: bool = False
    """True for the SDK's *Patch resources: some fields of an object that somebody else owns."""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def namespaced(self) -> bool | None:
        """False for what lies in no namespace, None where only the cluster can tell."""
        return self.kind not in _CLUSTER_SCOPED if self.built_in else None

    def __str__(self) -> str:
        """Write `apps/v1 Deployment`."""
        return f"{self.api_version} {self.kind}"


def kind_of(token: str, known: bool) -> Kind:
    """Return the kind behind a type token; `known` says that the SDK declares it."""
    _, module, name = token.split(":", 2)
    patch = known and name.endswith("Patch") and name != "Patch"
    version = module.removeprefix("core/")
    return Kind(version, name.removesuffix("Patch") if patch else name, known, patch)


def metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's metadata; empty when it is missing or not known yet."""
    found = value.get("metadata")
    found = found.value if isinstance(found, Secret) else found
    return dict(found) if isinstance(found, Mapping) else {}


def annotation(value: Mapping[str, Any], name: str) -> str | None:
    """Return an annotation's text, or None when it is missing or not known yet."""
    found = metadata(value).get("annotations")
    found = found.value if isinstance(found, Secret) else found
    text = found.get(name) if isinstance(found, Mapping) else None
    return None if text is None or text is UNKNOWN or isinstance(text, Secret) else str(text)


def is_true(text: str | None) -> bool:
    """True for the annotation values that the provider takes for true."""
    return (text or "").lower() == "true"


def identifier(live: Mapping[str, Any]) -> str:
    """Return the id of an object: `namespace/name`, or the name of what lies in no namespace."""
    found = metadata(live)
    return f"{found['namespace']}/{found['name']}" if found.get("namespace") else str(found["name"])


def split(resource_id: str) -> tuple[str | None, str]:
    """Return (namespace, name) of an id."""
    namespace, slash, name = resource_id.partition("/")
    return (namespace, name) if slash else (None, namespace)


def pruned(value: Any) -> Any:
    """Return a value without the properties that are None: the engine's way to say that they are not given."""
    if isinstance(value, Secret):
        return Secret(pruned(value.value))
    if isinstance(value, Mapping):
        return {key: pruned(each) for key, each in value.items() if each is not None and key != "__defaults"}
    return [pruned(each) for each in value] if isinstance(value, list) else value


DEFINITION = "CustomResourceDefinition"
_SDK, _API = "x_kubernetes_", "x-kubernetes-"


def to_api(value: Any) -> Any:
    """Spell the `x-kubernetes-...` words of a definition's schema as the API does: SDKs have no dash in a name."""
    return _respelled(value, _SDK, "_", "-")


def to_sdk(value: Any) -> Any:
    """Spell them as the SDKs do."""
    return _respelled(value, _API, "-", "_")


def _respelled(value: Any, prefix: str, old: str, new: str) -> Any:
    if isinstance(value, Mapping):
        return {
            key.replace(old, new) if key.startswith(prefix) else key: _respelled(each, prefix, old, new)
            for key, each in value.items()
        }
    return [_respelled(each, prefix, old, new) for each in value] if isinstance(value, list) else value
