"""The flags and files of a control plane's programs, from its spec."""

from __future__ import annotations

import base64
import json
from ipaddress import ip_network
from pathlib import Path

from meridian.local.controlplane.certificates import Certificates
from meridian.local.controlplane.spec import ControlPlaneSpec
from meridian.local.private import write_private

_TLS = {"1.2": "VersionTLS12", "1.3": "VersionTLS13"}
# Values of secrets and tokens never enter a log: for these kinds only who did what is kept.
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:kube-scheduler", "system:kube-controller-manager", "kwok"]},
        {
            "level": "None",
            "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*", "/version", "/openapi*", "/api*"],
        },
        {
            "level": "Metadata",
            "resources": [
                {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
                {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
            ],
        },
        {"level": "RequestResponse", "resources": [{"group": "apps", "resources": ["deployments"]}]},
        {"level": "Metadata"},
    ],
}


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
        # Loopback is no address that pods could reach: nothing would use the published endpoint.
        "endpoint-reconciler-type": "none",
        "allow-privileged": "true",
        "profiling": "false",
        "max-requests-inflight": "800",
        "event-ttl": "1h",
    }
    if spec.audit:
        policy = folder / "audit-policy.json"
        write_private(policy, json.dumps(_AUDIT_POLICY, indent=2).encode())
        flags |= {
            "audit-policy-file": str(policy),
            "audit-log-path": str(folder / "audit.log"),
            "audit-log-maxsize": "20",
            "audit-log-maxbackup": "3",
        }
    if spec.oidc:
        flags |= {"oidc-issuer-url": spec.oidc.issuer_url, "oidc-client-id": spec.oidc.client_id}
        flags["oidc-username-claim"] = spec.oidc.username_claim
        for name, value in (
            ("oidc-groups-claim", spec.oidc.groups_claim),
            ("oidc-username-prefix", spec.oidc.username_prefix),
            ("oidc-groups-prefix", spec.oidc.groups_prefix),
        ):
            if value:
                flags[name] = value
        if spec.oidc.ca_pem:
            write_private(folder / "oidc-ca.crt", spec.oidc.ca_pem.encode())
            flags["oidc-ca-file"] = str(folder / "oidc-ca.crt")
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
