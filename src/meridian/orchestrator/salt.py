"""One salt for all stacks under the checkout's own passphrase.

The engine derives a stack's key with a million rounds of PBKDF2, 0.15 s of a core, once per salt that it meets: its own
stack's and that of every stack whose outputs it reads. With a salt per stack a third of a preview went there. One passphrase
under one salt is one key for the environment; each value still has a nonce of its own. Format and rounds are those of
the engine's `sdk/go/common/resource/config/crypt.go` and `pkg/secrets/passphrase/manager.go` (v3.200.0).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from meridian.files import write_private

_ROUNDS, _KEY_BYTES, _SALT_BYTES, _NONCE_BYTES = 1_000_000, 32, 8, 12
_CHECK = b"pulumi"


def shared_salt(passphrase: Path) -> str:
    """Return the `encryptionsalt` that belongs to a passphrase's file, made at the first call and kept beside it."""
    text = passphrase.read_text().strip()
    kept = passphrase.with_name(f"{passphrase.name}.salt")
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        found: dict[str, str] = json.loads(kept.read_text())
        if found["of"] == digest:
            return found["salt"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    salt = new_salt(text)
    write_private(kept, json.dumps({"of": digest, "salt": salt}), make_folder=True)
    return salt


def new_salt(passphrase: str) -> str:
    """Return a salt with the encrypted word by which the engine knows the right passphrase."""
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, _KEY_BYTES)
    sealed = AESGCM(key).encrypt(nonce, _CHECK, None)
    return ":".join(["v1", _text(salt), "v1", _text(nonce), _text(sealed)])


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
