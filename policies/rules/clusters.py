"""Kubernetes control planes and nodes: secrets encrypted, no public way in, all that they do on record."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule
from meridian.plan import PlannedResource
from policies.rules.reading import is_, listed, shown, unknown

EKS, GKE = "aws:eks/cluster:Cluster", "gcp:container/cluster:Cluster"
_EKS_LOGS = frozenset({"api", "audit", "authenticator"})


@resource_rule(
    "cluster-secrets-encrypted",
    "Kubernetes secrets are encrypted with our own key",
    Severity.CRITICAL,
    "EKS: encryptionConfig for secrets; GKE: databaseEncryption ENCRYPTED with keyName",
    EKS,
    GKE,
)
def cluster_secrets_encrypted(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Both clouds encrypt disks; this encrypts each secret once more, under a key that we can revoke."""
    if resource.type == EKS:
        on = bool(resource.get("encryptionConfig", "provider", "keyArn"))
    else:
        state = resource.get("databaseEncryption", "state")
        on = (unknown(state) or state in ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED")) and bool(
            resource.get("databaseEncryption", "keyName")
        )
    if not on:
        yield Problem(resource, "secrets under the provider's key", "secrets lie under a key of ours")


@resource_rule(
    "cluster-private-endpoint",
    "Control planes have no public endpoint",
    Severity.HIGH,
    "EKS: endpointPublicAccess false; GKE: enablePrivateEndpoint and enablePrivateNodes",
    EKS,
    GKE,
)
def cluster_private_endpoint(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Whoever works on a cluster comes through the private network."""
    demand = "the API server is reached from private networks only"
    if resource.type == EKS:
        if not is_(resource.get("vpcConfig", "endpointPublicAccess"), False):
            yield Problem(
                resource,
                f"endpointPublicAccess {shown(resource.get('vpcConfig', 'endpointPublicAccess'))}",
                demand,
            )
        return
    for name in ("enablePrivateEndpoint", "enablePrivateNodes"):
        if not is_(resource.get("privateClusterConfig", name), True):
            yield Problem(resource, f"{name} {shown(resource.get('privateClusterConfig', name))}", demand)
    if resource.get("controlPlaneEndpointsConfig", "dnsEndpointConfig", "allowExternalTraffic") is True:
        yield Problem(resource, "dnsEndpointConfig.allowExternalTraffic true", demand)


@resource_rule(
    "cluster-audit-logs",
    "Control planes write their audit log",
    Severity.HIGH,
    "EKS: enabledClusterLogTypes with api, audit, authenticator; GKE: loggingConfig with APISERVER",
    EKS,
    GKE,
)
def cluster_audit_logs(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """GKE always writes its admin audit log; the API server's own log is asked for."""
    if resource.type == EKS:
        have = resource.get("enabledClusterLogTypes", default=[])
        missing = sorted(_EKS_LOGS - set(listed(have)))
    else:
        have = resource.get("loggingConfig", "enableComponents", default=[])
        missing = [each for each in ("SYSTEM_COMPONENTS", "APISERVER") if each not in listed(have)]
    if missing and not unknown(have):
        yield Problem(resource, f"without {', '.join(missing)}", "who did what to the cluster is on record")


@resource_rule(
    "cluster-sign-on-federated",
    "Nobody signs in to a cluster with a certificate or a password of the cluster's own",
    Severity.HIGH,
    "EKS: authenticationMode API, no bootstrap administrator; GKE: no client certificate, no legacy ABAC",
    EKS,
    GKE,
)
def cluster_sign_on_federated(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Such a credential cannot be taken back when its holder leaves."""
    if resource.type == EKS:
        mode = resource.get("accessConfig", "authenticationMode")
        if not is_(mode, "API"):
            yield Problem(resource, f"authenticationMode {shown(mode)}", "rights are the cloud's own entries")
        if not is_(resource.get("accessConfig", "bootstrapClusterCreatorAdminPermissions"), False):
            yield Problem(resource, "its creator is administrator", "nobody is one by having made it")
        return
    if resource.get("masterAuth", "clientCertificateConfig", "issueClientCertificate") is True:
        yield Problem(resource, "issues a client certificate", "rights are the identity provider's")
    if resource.get("enableLegacyAbac") is True:
        yield Problem(resource, "enableLegacyAbac", "rights are given by RBAC")


@resource_rule(
    "node-identity-protected",
    "Pods cannot take the identity of their node",
    Severity.HIGH,
    "AWS: httpTokens required, hop limit 1; GKE: workloadMetadataConfig GKE_METADATA, secure boot",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "gcp:container/nodePool:NodePool",
)
def node_identity_protected(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """The metadata server hands out the node's token to whoever reaches it."""
    if resource.type.startswith("aws:"):
        if not is_(resource.get("metadataOptions", "httpTokens"), "required"):
            yield Problem(
                resource,
                f"httpTokens {shown(resource.get('metadataOptions', 'httpTokens'))}",
                "tokens are required",
            )
        hops = resource.get("metadataOptions", "httpPutResponseHopLimit")
        if not is_(hops, 1):
            yield Problem(resource, f"hop limit {shown(hops)}", "one hop: a pod's network is the second")
        return
    mode = resource.get("nodeConfig", "workloadMetadataConfig", "mode")
    if not is_(mode, "GKE_METADATA"):
        yield Problem(
            resource, f"metadata {shown(mode)}", "pods see the workload's identity, never the node's"
        )
    if not is_(resource.get("nodeConfig", "shieldedInstanceConfig", "enableSecureBoot"), True):
        yield Problem(resource, "no secure boot", "a node boots signed code only")
