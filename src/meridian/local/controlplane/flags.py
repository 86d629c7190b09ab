"""The flags and files of a control plane's programs, from its spec."""

from __future__ import annotations

import base64
import json
from ipaddress import ip_network
from pathlib import Path

from meridian.files import write_private
from meridian.local.controlplane.certificates import Certificates
from meridian.local.controlplane.spec import ControlPlaneSpec, OidcSpec

_TLS = {"1.2": "VersionTLS12", "1.3": "VersionTLS13"}


def service_ip(spec: ControlPlaneSpec) -> str:
    """Return the address of the cluster's own API service: the first of its range."""
    return str(ip_network(spec.service_cidr)[1])


def apiserver(spec: ControlPlaneSpec, certificates: Certificates, port: int, etcd: str) -> list[str]:
    """Return kube-apiserver's flags; writes the configuration files that they name."""
    folder = certificates.folder
    flags = {
        "etcd-servers": etcd,
        "etcd-prefix": f"/meridian/{spec.id}",
        "bind-address": "127.0.0.1",
        "secure-port": str(port),
        "tls-cert-file": str(certificates.path("server.crt")),
        "tls-private-key-file": str(certificates.path("server.key")),
        "tls-min-version": _TLS[spec.tls_minimum],
        "client-ca-file": str(certificates.path("ca.crt")),
        "service-account-key-file": str(certificates.path("accounts.pub")),
        "service-account-signing-key-file": str(certificates.path("accounts.key")),
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-cluster-ip-range": spec.service_cidr,
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "encryption-provider-config": str(_encryption(spec, folder)),
        # A file that the server reads again when it changes: who may sign on changes without a restart.
        "authentication-config": str(authentication(spec, folder)),
        # Loopback is no address that pods could reach: nothing would use the published endpoint.
        "endpoint-reconciler-type": "none",
        "allow-privileged": "true",
        "profiling": "false",
        "max-requests-inflight": "800",
        "event-ttl": "1h",
    }
    if spec.audit_policy is not None:
        policy = folder / "audit-policy.yaml"
        write_private(policy, spec.audit_policy.encode())
        flags |= {
            "audit-policy-file": str(policy),
            "audit-log-path": str(folder / "audit.log"),
            "audit-log-maxsize": "20",
            "audit-log-maxbackup": "3",
        }
    return _text(flags)


def controller_manager(certificates: Certificates, port: int) -> list[str]:
    """Return kube-controller-manager's flags."""
    kubeconfig = str(certificates.path("controller-manager.kubeconfig"))
    return _text(
        {
            "kubeconfig": kubeconfig,
            "authentication-kubeconfig": kubeconfig,
            "authorization-kubeconfig": kubeconfig,
            "root-ca-file": str(certificates.path("ca.crt")),
            "service-account-private-key-file": str(certificates.path("accounts.key")),
            "use-service-account-credentials": "true",
            "leader-elect": "false",
            "bind-address": "127.0.0.1",
            "secure-port": str(port),
            "profiling": "false",
            # Node addresses come with the nodes; nothing routes between simulated pods.
            "controllers": "*,-node-ipam-controller,-cloud-node-lifecycle-controller,-service-lb-controller,-node-route-controller",
        }
    )


def scheduler(certificates: Certificates, port: int) -> list[str]:
    """Return kube-scheduler's flags."""
    kubeconfig = str(certificates.path("scheduler.kubeconfig"))
    return _text(
        {
            "kubeconfig": kubeconfig,
            "authentication-kubeconfig": kubeconfig,
            "authorization-kubeconfig": kubeconfig,
            "leader-elect": "false",
            "bind-address": "127.0.0.1",
            "secure-port": str(port),
            "profiling": "false",
        }
    )


def kubeconfig(name: str, url: str, certificates: Certificates, client: str) -> bytes:
    """Return a kubeconfig (JSON is YAML) for one of the cluster's clients."""

    def inline(file: str) -> str:
        return base64.b64encode(certificates.path(file).read_bytes()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": url, "certificate-authority-data": inline("ca.crt")}}
        ],
        "users": [
            {
                "name": client,
                "user": {
                    "client-certificate-data": inline(f"{client}.crt"),
                    "client-key-data": inline(f"{client}.key"),
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": client}}],
        "current-context": name,
    }
    return json.dumps(document, indent=2).encode()


def authentication(spec: ControlPlaneSpec, folder: Path) -> Path:
    """Write whose tokens are taken beside the cluster's own; like EKS, no token makes anybody a `system:` anything."""
    issuers = [_issuer(spec.oidc)] if spec.oidc else []
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1beta1",
        "kind": "AuthenticationConfiguration",
        "jwt": issuers,
    }
    file = folder / "authentication.json"
    write_private(file, json.dumps(document, indent=2).encode())
    return file


def _issuer(oidc: OidcSpec) -> dict[str, object]:
    issuer: dict[str, object] = {"url": oidc.issuer_url, "audiences": [oidc.client_id]}
    if oidc.discovery_url:
        issuer["discoveryURL"] = oidc.discovery_url
    if oidc.ca_pem:
        issuer["certificateAuthority"] = oidc.ca_pem
    # What the classic flags do when no prefix is given (kube-apiserver, --oidc-username-prefix).
    unnamed = "" if oidc.username_claim == "email" else f"{oidc.issuer_url}#"
    prefix = {None: unnamed, "-": ""}.get(oidc.username_prefix, oidc.username_prefix)
    mappings: dict[str, object] = {"username": {"claim": oidc.username_claim, "prefix": prefix}}
    if oidc.groups_claim:
        mappings["groups"] = {"claim": oidc.groups_claim, "prefix": oidc.groups_prefix or ""}
    reserved = [
        ("!user.username.startsWith('system:')", "a token names no system user"),
        ("!user.groups.exists(group, group.startsWith('system:'))", "a token names no system group"),
    ]
    return {
        "issuer": issuer,
        "claimMappings": mappings,
        "userValidationRules": [{"expression": rule, "message": text} for rule, text in reserved],
    }


def _encryption(spec: ControlPlaneSpec, folder: Path) -> Path:
    """Write how secrets are kept: secretbox (XSalsa20-Poly1305) under the key of the cluster's KMS resource."""
    providers: list[dict[str, object]] = [{"identity": {}}]
    if spec.encryption_key:
        key = {"name": "kms", "secret": base64.b64encode(spec.encryption_key).decode()}
        providers.insert(0, {"secretbox": {"keys": [key]}})
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": providers}],
    }
    file = folder / "encryption.json"
    write_private(file, json.dumps(document).encode())
    return file


def _text(flags: dict[str, str]) -> list[str]:
    return [f"--{name}={value}" for name, value in flags.items()]
