"""A certificate and its key, as one component hands them to another."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """PEM; the key is a secret."""

    certificate: pulumi.Input[str]
    key: pulumi.Input[str]
