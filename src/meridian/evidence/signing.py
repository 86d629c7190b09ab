"""The manifest of a package: SHA-256 of every file, signed with a key of the user, and checked again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from meridian.evidence.errors import EvidenceError

MANIFEST, SIGNATURE = "MANIFEST.sha256", "MANIFEST.sha256.sig"
_MAKE_KEY = "make one with `openssl genpkey -algorithm ed25519 -out key.pem`"
_MAKE_PUBLIC = "write it with `openssl pkey -in key.pem -pubout -out key.pub.pem`"


def manifest(files: dict[str, bytes]) -> bytes:
    """Return the manifest in the form that `sha256sum -c` reads."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def private_key(path: Path) -> Ed25519PrivateKey:
    """Return a key to sign with; raises EvidenceError for a file that is none."""
    try:
        key = load_pem_private_key(_read(path, "--sign-key"), password=None)
    except TypeError:
        raise EvidenceError(
            f"--sign-key {path}",
            "it is encrypted with a passphrase, and nobody is asked for one",
            "decrypt it first with `openssl pkey -in key.pem -out plain.pem`",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceError(
            f"--sign-key {path}", "it is no private key in PEM (PKCS #8)", _MAKE_KEY
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(f"--sign-key {path}", "it is a private key, but not of Ed25519", _MAKE_KEY)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Return a key to check with; raises EvidenceError for a file that is none."""
    try:
        key = load_pem_public_key(_read(path, "--public-key"))
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceError(f"--public-key {path}", "it is no public key in PEM", _MAKE_PUBLIC) from None
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceError(f"--public-key {path}", "it is a public key, but not of Ed25519", _MAKE_PUBLIC)
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of the key's SubjectPublicKeyInfo, by which people compare keys."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def differences(folder: Path, key: Ed25519PublicKey | None) -> list[str]:
    """Return what is not as it was written, and nothing when all is; without a key no signature is looked at."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise EvidenceError(
            f"{folder / MANIFEST}",
            f"it cannot be read ({error.strerror})",
            "name the folder that `meridian evidence ENV --framework F --out DIR` wrote",
        ) from None
    problems = _signature(folder, content, key) if key else []
    entries = dict(_entries(content))
    if not entries:
        problems.append(f"{MANIFEST}: it names no file")
    for name, digest in entries.items():
        file = folder / name
        if "/" in name or name in ("", ".", ".."):
            problems.append(f"{MANIFEST}: {name!r} is no file of a package")
        elif not file.is_file():
            problems.append(f"{name}: it is gone")
        elif (found := hashlib.sha256(file.read_bytes()).hexdigest()) != digest:
            problems.append(f"{name}: its SHA-256 is {found[:12]}, not {digest[:12]}")
    return problems


def beside(folder: Path) -> list[str]:
    """Return the files of the folder that no manifest names: they are not part of the package."""
    named = {name for name, _ in _entries((folder / MANIFEST).read_bytes())} | {MANIFEST, SIGNATURE}
    return sorted(file.name for file in folder.iterdir() if file.name not in named)


def _signature(folder: Path, content: bytes, key: Ed25519PublicKey) -> list[str]:
    try:
        key.verify((folder / SIGNATURE).read_bytes(), content)
    except FileNotFoundError:
        return [f"{SIGNATURE}: it is missing: the package is not signed"]
    except InvalidSignature:
        return [f"{SIGNATURE}: it is not this key's signature of {MANIFEST}"]
    return []


def _entries(content: bytes) -> list[tuple[str, str]]:
    lines = (line.partition("  ") for line in content.decode(errors="replace").splitlines())
    return [(name, digest) for digest, _, name in lines]


def _read(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EvidenceError(
            f"{option} {path}", f"it cannot be read ({error.strerror})", "name a readable PEM file"
        ) from None
