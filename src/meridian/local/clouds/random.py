"""The random provider's types: values are drawn once and kept."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from meridian.local.clouds.context import Context
from meridian.local.errors import CloudError
from meridian.protocol.values import Secret


class Random:
    """Draws with the system's generator."""

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take nothing."""
        return {}

    def scope(self, context: Context) -> str:
        """Names are of no account here."""
        return ""

    def identify(self, context: Context) -> str:
        """Return an id of its own for each, where the provider calls every password `none`: here a record is found by it."""
        return str(uuid4())

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Draw the value."""
        inputs = context.inputs
        match context.kind:
            case "RandomPassword" | "RandomString":
                drawn = _text(inputs)
                return {"result": Secret(drawn) if context.kind == "RandomPassword" else drawn}
            case "RandomBytes":
                raw = secrets.token_bytes(int(inputs["length"]))
                return {"base64": Secret(base64.b64encode(raw).decode()), "hex": Secret(raw.hex())}
            case "RandomId":
                raw = secrets.token_bytes(int(inputs["byteLength"]))
                text = raw.hex()
                encoded = base64.urlsafe_b64encode(raw).decode().rstrip("=")
                return {
                    "hex": text,
                    "dec": str(int(text, 16)),
                    "b64Url": encoded,
                    "b64Std": base64.b64encode(raw).decode(),
                }
            case "RandomUuid":
                return {"result": identifier}
        raise CloudError("NotImplemented", f"the embedded random provider knows no type {context.token}")

    def force_new(self, token: str) -> frozenset[str]:
        """Everything is drawn anew when an input changes."""
        return frozenset(
            {
                "length",
                "byteLength",
                "keepers",
                "special",
                "upper",
                "lower",
                "numeric",
                "overrideSpecial",
                "prefix",
            }
        )

    def reference(self, text: str) -> bool:
        """Nothing refers to anything here."""
        return False

    def invoke(self, token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Know no data source."""
        raise CloudError("NotImplemented", f"the random provider has no data source {token}")


def _text(inputs: Mapping[str, Any]) -> str:
    groups = {"lower": string.ascii_lowercase, "upper": string.ascii_uppercase, "numeric": string.digits}
    letters = "".join(group for name, group in groups.items() if inputs.get(name, True))
    if inputs.get("special", True):
        letters += inputs.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?"
    return "".join(secrets.choice(letters) for _ in range(int(inputs["length"])))
