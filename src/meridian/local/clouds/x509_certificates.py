"""The tls provider's certificates and requests, from inputs in its words, with the `cryptography` library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meridian.local.errors import CloudError

_NAMES = {
    "commonName": NameOID.COMMON_NAME, "organization": NameOID.ORGANIZATION_NAME, "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "country": NameOID.COUNTRY_NAME, "locality": NameOID.LOCALITY_NAME, "province": NameOID.STATE_OR_PROVINCE_NAME,
}  # fmt: skip
_EXTENDED = {
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_FORM = "%Y-%m-%dT%H:%M:%SZ"
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def self_signed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a certificate that its own key signs."""
    key, subject = _key(inputs["privateKeyPem"]), _subject(inputs)
    return _certificate(inputs, subject, subject, key.public_key(), key, _alternatives(inputs), None)


def request(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a signing request with the names that its certificate shall have."""
    key = _key(inputs["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(inputs))
    names = _alternatives(inputs)
    if names:
        builder = builder.add_extension(names, critical=False)
    made = builder.sign(key, hashes.SHA256())
    return {
        "certRequestPem": made.public_bytes(serialization.Encoding.PEM).decode(),
        "keyAlgorithm": _algorithm(key),
    }


def locally_signed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a certificate for a request, signed with an authority's key; refuses a key of another authority."""
    asked = x509.load_pem_x509_csr(str(inputs["certRequestPem"]).encode())
    authority = x509.load_pem_x509_certificate(str(inputs["caCertPem"]).encode())
    key = _key(inputs["caPrivateKeyPem"])
    if key.public_key() != authority.public_key():
        raise CloudError("InvalidAuthority", "caPrivateKeyPem is not the key of caCertPem")
    try:
        names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    made = _certificate(inputs, asked.subject, authority.subject, asked.public_key(), key, names, authority)
    return {**made, "caKeyAlgorithm": _algorithm(key)}


def _certificate(
    inputs: Mapping[str, Any],
    subject: x509.Name,
    issuer: x509.Name,
    public_key: Any,
    signing: _Key,
    names: x509.SubjectAlternativeName | None,
    authority: x509.Certificate | None,
) -> dict[str, Any]:
    begin = datetime.now(UTC).replace(microsecond=0)
    end = begin + timedelta(hours=int(inputs["validityPeriodHours"]))
    uses = set(inputs["allowedUses"])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(bool(inputs.get("isCaCertificate")), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_usage(uses), critical=True)
    )
    extended = [_EXTENDED[use] for use in sorted(uses & set(_EXTENDED))]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if names:
        builder = builder.add_extension(names, critical=False)
    if authority:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        builder = builder.add_extension(identifier, critical=False)
    made = builder.sign(signing, hashes.SHA384())
    return {
        "certPem": made.public_bytes(serialization.Encoding.PEM).decode(),
        "validityStartTime": begin.strftime(_FORM),
        "validityEndTime": end.strftime(_FORM),
        "readyForRenewal": False,
        "keyAlgorithm": _algorithm(public_key),
    }


def _usage(uses: set[str]) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digital_signature" in uses,
        content_commitment="content_commitment" in uses,
        key_encipherment="key_encipherment" in uses,
        data_encipherment="data_encipherment" in uses,
        key_agreement="key_agreement" in uses,
        key_cert_sign="cert_signing" in uses,
        crl_sign="crl_signing" in uses,
        encipher_only=False,
        decipher_only=False,
    )


def _key(text: object) -> _Key:
    key = serialization.load_pem_private_key(str(text).encode(), None)
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise CloudError("InvalidKey", "certificates are signed with RSA or ECDSA keys here")
    return key


def _algorithm(key: object) -> str:
    curves = (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)
    return "ECDSA" if isinstance(key, curves) else "RSA"


def _subject(inputs: Mapping[str, Any]) -> x509.Name:
    given = (inputs.get("subject") or {}).items()
    return x509.Name([x509.NameAttribute(_NAMES[key], str(value)) for key, value in given if key in _NAMES])


def _alternatives(inputs: Mapping[str, Any]) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(str(name)) for name in inputs.get("dnsNames") or ()]
    names += [x509.IPAddress(ip_address(str(address))) for address in inputs.get("ipAddresses") or ()]
    names += [x509.UniformResourceIdentifier(str(uri)) for uri in inputs.get("uris") or ()]
    return x509.SubjectAlternativeName(names) if names else None
