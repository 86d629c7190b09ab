"""Reads manifests for the SDK's components that run in the program (kubernetes.yaml.ConfigFile and ConfigGroup)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from meridian.local.errors import LocalError


def decode_yaml(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a text, lists taken apart, with the default namespace where none is given."""
    try:
        documents = list(YAML(typ="safe", pure=True).load_all(str(arguments.get("text") or "")))
    except YAMLError as error:
        place = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        where = f"line {place.line + 1}, column {place.column + 1}" if place else "its text"
        raise LocalError(f"manifest, {where}", "it is no YAML", "correct it") from None
    found: list[dict[str, Any]] = []
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict) or not document.get("kind"):
            raise LocalError("manifest", "an object needs apiVersion and kind", "give both")
        found += (
            document["items"]
            if str(document["kind"]).endswith("List") and "items" in document
            else [document]
        )
    namespace = arguments.get("defaultNamespace")
    for each in found:
        named = each.setdefault("metadata", {})
        if namespace and not named.get("namespace"):
            named["namespace"] = namespace
    return found
