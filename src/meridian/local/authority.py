"""The checkout's own certificate authority, for the embedded edge, the origins behind it and a database's nodes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meridian.files import write_private

_AUTHORITY, _LEAF = timedelta(days=3650), timedelta(days=397)
# A certificate is made anew when it ends within this time.
_RENEW = timedelta(days=30)


class Authority:
    """An authority in a folder that only its owner reads; made on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def certificate(self) -> Path:
        """The authority's certificate, for `curl --cacert`."""
        return self.folder / "ca.crt"

    def ensure(self) -> Path:
        """Return the authority's certificate, making the authority when there is none."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.certificate.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name("meridian local authority")
            usage = x509.KeyUsage(
                False, False, False, False, False, key_cert_sign=True, crl_sign=True,
                encipher_only=False, decipher_only=False,
            )  # fmt: skip
            builder = _builder(name, name, key, key, _AUTHORITY)
            made = (
                builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
                .add_extension(usage, critical=True)
                .sign(key, hashes.SHA256())
            )
            write_private(self.folder / "ca.key", _private(key))
            write_private(self.certificate, made.public_bytes(serialization.Encoding.PEM))
        return self.certificate

    def issue(
        self, name: str, hosts: Iterable[str], *, common_name: str = "", client: bool = False
    ) -> tuple[Path, Path]:
        """Return certificate and key for these host names and addresses; kept while they do not change.

        `client` lets the holder also be a client; without hosts it can be nothing else.
        """
        self.ensure()
        certificate, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        wanted = sorted(dict.fromkeys(hosts))
        if certificate.exists() and _fits(certificate, wanted):
            return certificate, key_file
        authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        signer = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.SERVER_AUTH] if wanted else []
        uses += [ExtendedKeyUsageOID.CLIENT_AUTH] if client else []
        builder = (
            _builder(_name(common_name or wanted[0]), authority.subject, key, signer, _LEAF)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        )
        if wanted:
            names = x509.SubjectAlternativeName([_alternative(host) for host in wanted])
            builder = builder.add_extension(names, critical=False)
        made = builder.sign(signer, hashes.SHA256())
        write_private(key_file, _private(key))
        write_private(certificate, made.public_bytes(serialization.Encoding.PEM))
        return certificate, key_file


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    life: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )


def _fits(file: Path, hosts: list[str]) -> bool:
    found = x509.load_pem_x509_certificate(file.read_bytes())
    kept: list[str] = []
    if hosts:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        kept += names.get_values_for_type(x509.DNSName)
        kept += [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return sorted(kept) == hosts and found.not_valid_after_utc - datetime.now(UTC) > _RENEW


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
