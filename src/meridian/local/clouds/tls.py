"""The tls provider's keys and certificates, really made, with the `cryptography` library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from meridian.local.clouds.context import Context
from meridian.local.errors import CloudError
from meridian.protocol.values import Secret

_CURVES: dict[str, ec.EllipticCurve] = {
    "P224": ec.SECP224R1(),
    "P256": ec.SECP256R1(),
    "P384": ec.SECP384R1(),
    "P521": ec.SECP521R1(),
}
_NAMES = {
    "commonName": NameOID.COMMON_NAME, "organization": NameOID.ORGANIZATION_NAME, "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "country": NameOID.COUNTRY_NAME, "locality": NameOID.LOCALITY_NAME, "province": NameOID.STATE_OR_PROVINCE_NAME,
}  # fmt: skip
_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Tls:
    """Makes PrivateKey and SelfSignedCert."""

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
                return _self_signed(context.inputs)
        raise CloudError("NotImplemented", f"the embedded tls provider knows no type {context.token}")

    def force_new(self, token: str) -> frozenset[str]:
        """Everything is made anew when an input changes."""
        names = "algorithm ecdsaCurve rsaBits privateKeyPem subject validityPeriodHours isCaCertificate allowedUses"
        return frozenset(f"{names} dnsNames ipAddresses uris setSubjectKeyId setAuthorityKeyId".split())

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


def _self_signed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    key = serialization.load_pem_private_key(str(inputs["privateKeyPem"]).encode(), None)
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise CloudError("InvalidKey", "certificates are signed with RSA or ECDSA keys here")
    subject = x509.Name(
        [
            x509.NameAttribute(_NAMES[name], str(value))
            for name, value in (inputs.get("subject") or {}).items()
            if name in _NAMES
        ]
    )
    begin = datetime.now(UTC).replace(microsecond=0)
    end = begin + timedelta(hours=int(inputs["validityPeriodHours"]))
    authority = bool(inputs.get("isCaCertificate"))
    uses = set(inputs["allowedUses"])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature="digital_signature" in uses,
                content_commitment=False,
                key_encipherment="key_encipherment" in uses,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign="cert_signing" in uses,
                crl_sign="crl_signing" in uses,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA384())
    )
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "certPem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "validityStartTime": begin.strftime(form),
        "validityEndTime": end.strftime(form),
        "readyForRenewal": False,
        "keyAlgorithm": "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "RSA",
    }
