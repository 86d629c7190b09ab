"""What an API server refused, in words that tell value, rule and fix; never a secret's value."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from kubernetes.client.exceptions import ApiException

from meridian.local.kubernetes.objects import PATCH_FORCE
from meridian.protocol.values import Secret

_SHORTEST = 4  # a shorter value would blot out half of every message


def status(error: ApiException) -> dict[str, Any]:
    """Return the API server's own Status; with nothing but a message when there is none."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": body.strip() or str(error.reason)}


def explain(error: ApiException, what: str) -> str:
    """Return a refusal in one text; conflicts name who owns which field and the way out."""
    found = status(error)
    causes = (found.get("details") or {}).get("causes") or []
    if any(cause.get("reason") == "FieldManagerConflict" for cause in causes):
        owned = "; ".join(
            f"{cause.get('field', '').lstrip('.')} is owned by {_manager(cause.get('message', ''))}"
            for cause in causes
        )
        return (
            f"{what}: {owned}, which set another value; fix: leave the field out of the program, make the value the "
            f'same, or take it over with the annotation {PATCH_FORCE}: "true"'
        )
    return f"{what}: {found.get('message') or error.reason}{_fix(found, error.status)}"


def immutable(error: ApiException) -> bool:
    """True when the API server refused because a field can never change."""
    text = str(status(error).get("message"))
    return error.status == 422 and any(
        said in text
        for said in ("field is immutable", "Forbidden: updates to", "may not be changed", "is immutable")
    )


def missing_namespace(error: ApiException) -> bool:
    """True when the object's namespace does not exist."""
    found = status(error)
    return error.status == 404 and (found.get("details") or {}).get("kind") == "namespaces"


def needs_other(error: ApiException) -> bool:
    """True when the object needs another one first, which the same run may be about to make."""
    text = str(status(error).get("message"))
    return error.status == 403 and (
        "no PriorityClass with name" in text or "error looking up service account" in text
    )


def masked(text: str, *inputs: Mapping[str, Any]) -> str:
    """Return a text without the values that are secret in the inputs, plain or in base64."""
    for value in sorted({each for given in inputs for each in _secrets(given)}, key=len, reverse=True):
        for form in (value, base64.b64encode(value.encode()).decode()):
            text = text.replace(form, "[secret]")
    return text


def _secrets(value: Any, inside: bool = False) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _secrets(value.value, True)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets(each, inside)
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each, inside)
    elif inside and isinstance(value, str) and len(value) >= _SHORTEST:
        yield value
        try:
            yield base64.b64decode(value, validate=True).decode()
        except ValueError:
            return


def _manager(message: str) -> str:
    return message.removeprefix("conflict with ") or "somebody else"


def _fix(found: Mapping[str, Any], code: Any) -> str:
    text = str(found.get("message"))
    if "violates PodSecurity" in text:
        return "; fix: change the pod's securityContext, or the namespace's pod-security labels"
    if "exceeded quota" in text:
        return "; fix: ask for less, or raise the ResourceQuota"
    if code == 422 or "unknown field" in text or "field not declared in schema" in text:
        return "; fix: correct the field"
    return ""
