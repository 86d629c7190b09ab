"""The certificate by which an ingress knows the edge: the estate's own, for Cloudflare's is shared by all its customers."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

_HOURS = 10 * 365 * 24


@dataclass(frozen=True, kw_only=True)
class PullCertificateArgs:
    """The certificate's common name and owner."""

    common_name: str
    organization: str
    protect: bool


class PullCertificate(pulumi.ComponentResource):
    """A client certificate that signs itself: an ingress trusts exactly this one. Its key is a secret."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(
        self, name: str, args: PullCertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:cloudflare:PullCertificate", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        # RSA: Cloudflare shows it to ingresses of any age.
        key = tls.PrivateKey(f"{name}-key", algorithm="RSA", rsa_bits=3072, opts=kept)
        certificate = tls.SelfSignedCert(
            f"{name}-certificate",
            private_key_pem=key.private_key_pem,
            validity_period_hours=_HOURS,
            allowed_uses=["client_auth", "digital_signature"],
            subject=tls.SelfSignedCertSubjectArgs(
                common_name=args.common_name, organization=args.organization
            ),
            opts=kept,
        )
        self.certificate = certificate.cert_pem
        self.key = pulumi.Output.secret(key.private_key_pem)
        self.register_outputs({"certificate": self.certificate, "key": self.key})
