"""The database's authority, by generation, and every certificate that it signs; the keys stay secrets of one unit's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from components.cockroach.certificate import Certificate
from components.cockroach.names import node_names
from meridian.model.environment import Environment
from meridian.model.topology import nodes

_AUTHORITY_HOURS = 10 * 365 * 24
_DAY_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    """The environment says which generations there are, who the nodes and clients are, and for how long."""

    environment: Environment
    common_name: str
    """What the authority is called; a later generation has its number added."""
    protect: bool


@dataclass(frozen=True)
class _Authority:
    key: pulumi.Output[str]
    certificate: pulumi.Output[str]


class Certificates(pulumi.ComponentResource):
    """Authorities, node and client certificates; an authority's key is told to nobody, not even to the platforms."""

    bundle: pulumi.Output[str]
    """Every trusted authority's certificate, the signing one first."""
    nodes: Mapping[str, Certificate]
    clients: Mapping[str, Certificate]

    def __init__(self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cockroach:Certificates", name, None, opts)
        settings = args.environment.database.certificates
        authorities = {generation: self._authority(name, generation, args) for generation in settings.trusted}
        signing = authorities[settings.signing]
        ordered = [signing, *(one for key, one in sorted(authorities.items()) if key != settings.signing)]
        self.bundle = pulumi.Output.all(*(one.certificate for one in ordered)).apply(
            lambda found: "".join(f"{str(text).strip()}\n" for text in found)
        )
        renew = settings.renew_days * _DAY_HOURS
        self.nodes = {
            node.key: self._signed(
                f"{name}-node-{node.key}",
                signing,
                # CockroachDB takes a peer for a node by this common name and for nothing else.
                common_name="node",
                dns_names=node_names(args.environment, node.key),
                # A node is a server to others and a client of them.
                uses=("server_auth", "client_auth"),
                hours=settings.node_days * _DAY_HOURS,
                renew=renew,
            )
            for node in nodes(args.environment)
        }
        self.clients = {
            key: self._signed(
                f"{name}-client-{key}",
                signing,
                common_name=user,
                dns_names=(),
                uses=("client_auth",),
                hours=settings.client_days * _DAY_HOURS,
                renew=renew,
            )
            for key, user in sorted(settings.clients.items())
        }
        self.register_outputs({"bundle": self.bundle})

    def as_exports(self) -> dict[str, pulumi.Input[object]]:
        """Return what the platforms and the data unit take; keys as secrets."""

        def told(found: Mapping[str, Certificate]) -> dict[str, dict[str, pulumi.Input[str]]]:
            return {
                key: {"certificate": one.certificate, "key": pulumi.Output.secret(one.key)}
                for key, one in found.items()
            }

        return {"bundle": self.bundle, "nodes": told(self.nodes), "clients": told(self.clients)}

    def _authority(self, name: str, generation: int, args: CertificatesArgs) -> _Authority:
        logical = name if generation == 1 else f"{name}-{generation}"
        # Until there were generations, the first one stood in the stack by itself.
        moved = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)] if generation == 1 else None
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, aliases=moved)
        suffix = "" if generation == 1 else f" {generation}"
        key = tls.PrivateKey(logical, algorithm="ECDSA", ecdsa_curve="P384", opts=kept)
        certificate = tls.SelfSignedCert(
            logical,
            private_key_pem=key.private_key_pem,
            is_ca_certificate=True,
            validity_period_hours=_AUTHORITY_HOURS,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            subject=tls.SelfSignedCertSubjectArgs(
                common_name=f"{args.common_name}{suffix}", organization=args.environment.owner
            ),
            opts=kept,
        )
        return _Authority(key.private_key_pem, certificate.cert_pem)

    def _signed(
        self,
        name: str,
        authority: _Authority,
        *,
        common_name: str,
        dns_names: Sequence[str],
        uses: Sequence[str],
        hours: int,
        renew: int,
    ) -> Certificate:
        child = pulumi.ResourceOptions(parent=self)
        key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            dns_names=list(dns_names) or None,
            ip_addresses=["127.0.0.1"] if dns_names else None,
            subject=tls.CertRequestSubjectArgs(common_name=common_name, organization="Cockroach"),
            opts=child,
        )
        signed = tls.LocallySignedCert(
            name,
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=authority.certificate,
            ca_private_key_pem=authority.key,
            allowed_uses=["digital_signature", "key_encipherment", *uses],
            validity_period_hours=hours,
            early_renewal_hours=renew,
            opts=child,
        )
        return Certificate(certificate=signed.cert_pem, key=key.private_key_pem_pkcs8)
