"""Looks for the estate's secrets in every byte that a run has written."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from estate_checkout import EstateCheckout

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SHORTEST = 12
"""Shorter values, such as a port, are found by chance."""
# Google's provider calls labels secret that stand beside in the open; what comes from a stack with a secret is marked whole.
_OPEN = frozenset(
    {"host", "user", "certificate", "authority", "pulumiLabels", "effectiveLabels", "principalArn"}
)
_PUBLIC = ("-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC")


ALLOWED = (
    # The superuser of this machine's database, for its owner's tools: docs/data.md, "Where it runs".
    "local/database/password",
    "local/database/pgpass",
    # The same for CockroachDB's root, where a cockroach is on PATH.
    "local/database/cockroach/certs/client.root.key",
    "local/database/cockroach/authority/client.root.key",
)


def of_stacks(checkout: EstateCheckout, units: Iterable[str]) -> dict[str, str]:
    """Return every secret of the local units' states."""
    settings = json.loads(checkout.run("env", "local", "--json"))
    found: dict[str, str] = {}
    for unit in units:
        exported = subprocess.run(
            [
                checkout.root / ".meridian/bin/pulumi",
                "stack",
                "export",
                "--show-secrets",
                "-s",
                f"local-{unit}",
            ],
            cwd=checkout.root,
            env=settings,
            capture_output=True,
            text=True,
            check=True,
        )
        found |= of_deployment(json.loads(exported.stdout))
    return found


def of_deployment(deployment: Any) -> dict[str, str]:
    """Return every secret text of `pulumi stack export --show-secrets` with the path where it was found.

    Certificates are no secrets, their keys are.
    """
    return {text: path for path, text in _found(deployment, "", False)}


def _found(value: Any, path: str, secret: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if _SIGNATURE in value and "plaintext" in value:
            yield from _found(json.loads(value["plaintext"]), path, True)
            return
        path = str(value["urn"]).rsplit("::", 1)[-1] if "urn" in value else path
        for name, each in value.items():
            # Of a secret object (a connection, a kubeconfig) some parts are public and stand elsewhere.
            if name not in _OPEN:
                yield from _found(each, f"{path}.{name}", secret)
    elif isinstance(value, list):
        for each in value:
            yield from _found(each, path, secret)
    elif secret and isinstance(value, str) and len(value) >= _SHORTEST and not value.startswith(_PUBLIC):
        yield path, value


def needles(secrets: Mapping[str, str]) -> dict[bytes, str]:
    """Return every form in which a secret could lie in a file, with where it comes from (never the value itself)."""
    found: dict[bytes, str] = {}
    for secret, path in secrets.items():
        forms = {secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()}
        # A key in any other wrapping still has its lines.
        forms.update(_private_lines(secret) if "PRIVATE KEY" in secret else ())
        found.update({form.encode(): path for form in forms})
    return found


def _private_lines(key: str) -> list[str]:
    """Return the lines of a PEM key that are its own: those that hold nothing but the public key stand in certificates too."""
    lines = [line for line in key.splitlines() if len(line) >= 40 and not line.startswith("-----")]
    load = load_ssh_private_key if "OPENSSH" in key else load_pem_private_key
    public = (
        load(key.encode(), None).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return [line for line in lines if base64.b64decode(line + "=" * (-len(line) % 4)) not in public]


def scan(root: Path, wanted: dict[bytes, str], allowed: Iterable[str]) -> list[str]:
    """Return `file: where the secret comes from` for every hit; an allowed place (a glob) must be its owner's alone."""
    hits = []
    for file in sorted(root.rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        name = str(file.relative_to(root))
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue
        if any(Path(name).match(pattern) for pattern in allowed):
            if file.stat().st_mode & 0o077:
                hits.append(f"{name}: may hold a secret but others can read it")
            continue
        hits += sorted({f"{name}: {what}" for needle, what in wanted.items() if needle in content})
    return hits
