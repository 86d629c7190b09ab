"""The tls provider's keys and certificates, really made, with the `cryptography` library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from meridian.local.clouds import x509_certificates
from meridian.local.clouds.context import Context
from meridian.local.errors import CloudError
from meridian.protocol.values import Secret

_CURVES: dict[str, ec.EllipticCurve] = {
    "P224": ec.SECP224R1(),
    "P256": ec.SECP256R1(),
    "P384": ec.SECP384R1(),
    "P521": ec.SECP521R1(),
}
_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Tls:
    """Makes PrivateKey, SelfSignedCert, CertRequest and LocallySignedCert."""

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take nothing."""
        return {}

    def scope(self, context: Context) -> str:
        """Names are of no account here."""
        return ""

    def identify(self, context: Context) -> str:
        """Return a digest that the outputs later bear out."""
        return hashlib.sha1(
            f"{context.name}{datetime.now(UTC).timestamp()}".encode(), usedforsecurity=False
        ).hexdigest()

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Make the key or certificate."""
        match context.kind:
            case "PrivateKey":
                return _private_key(context.inputs)
            case "SelfSignedCert":
                return x509_certificates.self_signed(context.inputs)
            case "CertRequest":
                return x509_certificates.request(context.inputs)
            case "LocallySignedCert":
                return x509_certificates.locally_signed(context.inputs)
        raise CloudError("NotImplemented", f"the embedded tls provider knows no type {context.token}")

    def force_new(self, token: str) -> frozenset[str]:
        """Everything is made anew when an input changes."""
        names = "algorithm ecdsaCurve rsaBits privateKeyPem subject validityPeriodHours isCaCertificate allowedUses"
        signed = "certRequestPem caCertPem caPrivateKeyPem earlyRenewalHours"
        return frozenset(
            f"{names} {signed} dnsNames ipAddresses uris setSubjectKeyId setAuthorityKeyId".split()
        )

    def reference(self, text: str) -> bool:
        """Nothing refers to anything here."""
        return False

    def invoke(self, token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Know no data source."""
        raise CloudError("NotImplemented", f"the embedded tls provider has no data source {token}")


def _private_key(inputs: Mapping[str, Any]) -> dict[str, Any]:
    key: _PrivateKey
    if inputs["algorithm"] == "ECDSA":
        key = ec.generate_private_key(_CURVES[inputs.get("ecdsaCurve") or "P224"])
    elif inputs["algorithm"] == "ED25519":
        key = ed25519.Ed25519PrivateKey.generate()
    elif inputs["algorithm"] == "RSA":
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(inputs.get("rsaBits") or 2048))
    else:
        raise CloudError("InvalidAlgorithm", f"{inputs['algorithm']!r} is none of RSA, ECDSA, ED25519")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return {"privateKeyPem": Secret(text), "privateKeyPemPkcs8": Secret(text), "publicKeyPem": public}
