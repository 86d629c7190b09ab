"""IAM policy documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def document(*statements: dict[str, Any]) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def statement(
    actions: Sequence[str], resources: Sequence[str], *, effect: str = "Allow", sid: str = "", **more: Any
) -> dict[str, Any]:
    """Return one statement; `more` adds Principal or Condition."""
    return {
        **({"Sid": sid} if sid else {}),
        "Effect": effect,
        "Action": list(actions),
        "Resource": list(resources),
        **more,
    }


def allow(actions: Sequence[str], resources: Sequence[str]) -> str:
    """Return a policy that allows actions on resources."""
    return document(statement(actions, resources))


def trust(service: str, actions: Sequence[str] = ("sts:AssumeRole",)) -> str:
    """Return who may take a role: one service."""
    return document({"Effect": "Allow", "Action": list(actions), "Principal": {"Service": service}})
