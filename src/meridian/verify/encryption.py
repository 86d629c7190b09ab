"""Whether secrets lie encrypted in etcd: by its bytes, not by the API server's word."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path

from kubernetes import client, config

from meridian.verify.catalogue import ENCRYPTION
from meridian.verify.result import Checked, judged

_MARK = b"k8s:enc:"
"""What the API server puts before an encrypted value (Kubernetes, "Encrypting Confidential Data at Rest")."""
_DID = "wrote a secret with a random value, read all secrets' bytes from etcd, removed it"


def check(cluster: str, kubeconfig: Path, stored: Callable[[str], dict[str, bytes]]) -> Checked:
    """Return whether every secret lies encrypted and a value that is written now cannot be found in any form."""
    value, name = secrets.token_hex(24), f"meridian-verify-{secrets.token_hex(4)}"
    with config.new_client_from_config(str(kubeconfig)) as api:
        core = client.CoreV1Api(api)
        metadata = client.V1ObjectMeta(name=name)
        core.create_namespaced_secret(
            "default", client.V1Secret(metadata=metadata, string_data={"value": value})
        )
        try:
            found = stored("secrets/")
        finally:
            core.delete_namespaced_secret(name, "default")
    forms = (value.encode(), base64.b64encode(value.encode()), bytes.fromhex(value))
    plain = sorted(key for key, content in found.items() if not content.startswith(_MARK))
    readable = any(form in content for content in found.values() for form in forms)
    written = any(key.endswith(f"/{name}") for key in found)
    marks = sorted(
        {content.split(b":v1:")[0].decode(errors="replace") for content in found.values()}
        if not plain
        else ()
    )
    seen = (
        f"{len(found)} secrets, {len(plain)} not encrypted{': ' + ', '.join(plain[:3]) if plain else ''}; "
        f"the value is {'readable' if readable else 'not found'}"
        f"{'; form ' + ', '.join(marks) if marks else ''}{'' if written else '; the new secret is not in etcd'}"
    )
    expected = "every secret begins with k8s:enc:, and the value is nowhere"
    return judged(ENCRYPTION, cluster, _DID, expected, seen, written and not plain and not readable)
