"""The way into a cluster: a Gateway that ends visitors' TLS, its certificate and the issuers behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.kubernetes.metadata import metadata
from meridian.model.platform import Certificates

API = "gateway.networking.k8s.io/v1"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
CLASS = "meridian"
GATEWAY = "visitors"
_CERTIFICATES = "cert-manager.io/v1"
_DNS_TOKEN = "cloudflare-dns"  # noqa: S105 - a secret's name
_LOAD_BALANCER = {
    "gcp": {"cloud.google.com/l4-rbs": "enabled"},
    "aws": {
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
        "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled": "true",
    },
}
"""Both clouds' load balancers pass TCP through, so that TLS ends in the region's own cluster."""


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """Names that visitors use and who signs for them."""

    hostnames: Sequence[str]
    zone: str
    certificates: Certificates
    cloud: str
    namespace: pulumi.Input[str]
    routes_from: Sequence[str]
    """Namespaces whose routes the gateway takes."""
    labels: Mapping[str, str]


class Gateway(pulumi.ComponentResource):
    """GatewayClass, Gateway, issuers and certificate; routes belong to the applications, addresses to the edge unit.

    Neither GKE's Gateway nor AWS's Load Balancer Controller is used: their certificates and routing differ, and this
    way is the same on both clouds. ACME's proof is by DNS, for the edge answers HTTP in the clusters' place.
    """

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:Gateway", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        issuer = CustomResource(
            f"{name}-acme",
            _CERTIFICATES,
            "ClusterIssuer",
            spec={
                "acme": {
                    "server": args.certificates.acme_server,
                    "email": args.certificates.contact,
                    "privateKeySecretRef": {"name": "acme-account"},
                    "solvers": [
                        {
                            "selector": {"dnsZones": [args.zone]},
                            "dns01": {
                                "cloudflare": {"apiTokenSecretRef": {"name": _DNS_TOKEN, "key": "token"}}
                            },
                        }
                    ],
                }
            },
            metadata=metadata("visitors", args.labels),
            opts=child,
        )
        certificate = CustomResource(
            f"{name}-certificate",
            _CERTIFICATES,
            "Certificate",
            spec={
                "secretName": "visitors-tls",
                "dnsNames": list(args.hostnames),
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"kind": "ClusterIssuer", "name": "visitors", "group": "cert-manager.io"},
            },
            metadata=metadata("visitors", args.labels, args.namespace),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[issuer]),
        )
        gateway_class = CustomResource(
            f"{name}-class",
            API,
            "GatewayClass",
            spec={"controllerName": CONTROLLER},
            metadata=metadata(CLASS, args.labels),
            opts=child,
        )
        CustomResource(
            name,
            API,
            "Gateway",
            spec={
                "gatewayClassName": CLASS,
                "infrastructure": {"annotations": _LOAD_BALANCER[args.cloud]},
                "listeners": [
                    {
                        "name": f"https-{index}",
                        "hostname": hostname,
                        "port": 443,
                        "protocol": "HTTPS",
                        "tls": {"mode": "Terminate", "certificateRefs": [{"name": "visitors-tls"}]},
                        "allowedRoutes": {
                            "namespaces": {
                                "from": "Selector",
                                "selector": {
                                    "matchExpressions": [
                                        {
                                            "key": "kubernetes.io/metadata.name",
                                            "operator": "In",
                                            "values": list(args.routes_from),
                                        }
                                    ]
                                },
                            }
                        },
                    }
                    for index, hostname in enumerate(args.hostnames)
                ],
            },
            metadata=metadata(GATEWAY, args.labels, args.namespace),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway_class, certificate]),
        )
        self.register_outputs({})


def internal_issuer(name: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions) -> CustomResource:
    """Return the issuer of webhooks' own certificates: self-signed, trusted by the API server alone."""
    return CustomResource(
        name,
        _CERTIFICATES,
        "ClusterIssuer",
        spec={"selfSigned": {}},
        metadata=metadata("internal", labels),
        opts=opts,
    )
