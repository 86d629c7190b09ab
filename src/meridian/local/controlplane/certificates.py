"""A cluster's own authority and certificates; made once, kept in files that only their owner reads."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meridian.files import write_private

_YEARS = timedelta(days=3650)
# Common name and organisation of each client; the API server takes them for user and group.
_CLIENTS = {
    "admin": ("meridian-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", None),
    "scheduler": ("system:kube-scheduler", None),
    "kwok": ("kwok", "system:masters"),
}


class Certificates:
    """The files of one cluster's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return a file's place, such as `ca.crt`."""
        return self.folder / name

    @property
    def ca_pem(self) -> str:
        """The authority's certificate."""
        return self.path("ca.crt").read_text()

    def make(self, service_ip: str) -> None:
        """Make what is not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.path("done").exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        authority = _certificate("meridian cluster ca", None, key.public_key(), None, key)
        self._write("ca", key, authority)
        names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ]
        self._signed("server", "kube-apiserver", None, (authority, key), [*names, "127.0.0.1", service_ip])
        for name, (user, group) in _CLIENTS.items():
            self._signed(name, user, group, (authority, key), [])
        accounts = ec.generate_private_key(ec.SECP256R1())
        self._store("accounts.key", _private(accounts))
        public = accounts.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._store("accounts.pub", public)
        self._store("done", b"")

    def _signed(
        self,
        file: str,
        user: str,
        group: str | None,
        by: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
        names: list[str],
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(file, key, _certificate(user, group, key.public_key(), by[0], by[1], names))

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._store(f"{name}.key", _private(key))
        self._store(f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))

    def _store(self, name: str, content: bytes) -> None:
        write_private(self.folder / name, content)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate(
    user: str,
    group: str | None,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate | None,
    signer: ec.EllipticCurvePrivateKey,
    names: list[str] | None = None,
) -> x509.Certificate:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    subject = x509.Name(attributes)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
    )
    if issuer is not None:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
