"""The nodes' certificates, of an authority that signs for nothing else: whoever it calls root is the database's root."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from meridian.files import write_private
from meridian.local.authority import Authority

ROOT = "root"
# CockroachDB's store key file: 32 bytes of id, then the key, here AES-256 ("Encryption At Rest", v25.2).
_STORE_KEY_BYTES = 32 + 32


@dataclass(frozen=True)
class Files:
    """The folder that `--certs-dir` names, and what a client needs of it."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        """Root's client certificate."""
        return self.folder / f"client.{ROOT}.crt"

    @property
    def key(self) -> Path:
        """Root's key, mode 0600."""
        return self.folder / f"client.{ROOT}.key"


def issue(folder: Path, clients: Iterable[str] = ()) -> Files:
    """Make what is missing or ends soon; the authority's own key stays outside of what the nodes read."""
    authority = Authority(folder / "authority")
    files = Files(folder / "certs")
    files.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(files.authority, authority.ensure().read_bytes())
    # CockroachDB takes a peer for a node by this common name; a node is a server to some and a client of others.
    node = authority.issue("node", ["127.0.0.1", "localhost"], common_name="node", client=True)
    users = [
        authority.issue(f"client.{user}", [], common_name=user, client=True) for user in (ROOT, *clients)
    ]
    for certificate, key in (node, *users):
        write_private(files.folder / key.name, key.read_bytes())
        write_private(files.folder / certificate.name, certificate.read_bytes())
    return files


def store_key(file: Path) -> Path:
    """Return a key file of encryption at rest, made on first use; without it the stores can never be read again."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(file, secrets.token_bytes(_STORE_KEY_BYTES))
    return file
