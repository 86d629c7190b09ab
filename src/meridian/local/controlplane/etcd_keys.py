"""Reads and deletes keys of our own etcd through its JSON gateway."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

_SECONDS = 10


def read(url: str, prefix: str) -> dict[str, bytes]:
    """Return every key under a prefix with its bytes."""
    found = _call(url, "range", prefix).get("kvs") or ()
    return {base64.b64decode(each["key"]).decode(): base64.b64decode(each["value"]) for each in found}


def delete(url: str, prefix: str) -> None:
    """Delete every key under a prefix."""
    _call(url, "deleterange", prefix)


def _call(url: str, operation: str, prefix: str) -> dict[str, Any]:
    end = prefix[:-1].encode() + bytes([ord(prefix[-1]) + 1])
    body = {"key": base64.b64encode(prefix.encode()).decode(), "range_end": base64.b64encode(end).decode()}
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/v3/kv/{operation}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - loopback
        said: dict[str, Any] = json.loads(answer.read())
    return said
