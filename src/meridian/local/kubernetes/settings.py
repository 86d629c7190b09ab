"""The provider's own configuration, as the program gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from meridian.local.errors import LocalError
from meridian.protocol.values import UNKNOWN

# Stands for a kubeconfig that is not known yet, so that the engine asks us, and not only itself, for the plan.
PLANNED = "# known after the cluster is created\n"


@dataclass(frozen=True)
class Settings:
    """One configured provider; `server` is empty when there is no cluster yet."""

    server: str = ""
    authority: str = ""
    """The cluster's certificate authority: PEM in base64, as the kubeconfig has it."""
    cluster: str = ""
    namespace: str = "default"
    server_side_apply: bool = True
    force: bool = False
    upsert: bool = False
    config_map_mutable: bool = False
    secret_mutable: bool = False
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False


def settings(given: Mapping[str, Any]) -> Settings:
    """Return the settings of a Configure request; raises LocalError for what cannot be used."""
    if given.get("renderYamlToDirectory"):
        raise LocalError(
            f"renderYamlToDirectory {given['renderYamlToDirectory']}",
            "the embedded kubernetes provider applies to local clusters and renders nothing",
            "remove it, or use the official plugin",
        )
    document = _document(given.get("kubeconfig"))
    context, cluster = _choose(document, _text(given.get("context")), _text(given.get("cluster")))
    inside = _named(document, "clusters", cluster, "cluster") if cluster else {}
    return Settings(
        server=str(inside.get("server") or ""),
        authority=str(inside.get("certificate-authority-data") or ""),
        cluster=cluster,
        namespace=_text(given.get("namespace")) or str(context.get("namespace") or "default"),
        server_side_apply=_flag(given, "enableServerSideApply", True),
        force=_flag(given, "enablePatchForce"),
        upsert=_flag(given, "upsertExistingObjects"),
        config_map_mutable=_flag(given, "enableConfigMapMutable"),
        secret_mutable=_flag(given, "enableSecretMutable"),
        delete_unreachable=_flag(given, "deleteUnreachable"),
        skip_update_unreachable=_flag(given, "skipUpdateUnreachable"),
    )


def _document(given: Any) -> Mapping[str, Any]:
    text = _text(given)
    if not text or text == PLANNED:
        return {}
    if "\n" not in text and not text.lstrip().startswith("{"):
        path = Path(text).expanduser()
        try:
            text = path.read_text()
        except OSError as error:
            raise LocalError(
                f"kubeconfig {text}", f"it cannot be read ({error.strerror})", "give a file or its content"
            ) from None
    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        place = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        where = f"line {place.line + 1}" if place else "its text"
        raise LocalError("kubeconfig", f"it is no YAML or JSON ({where})", "give a kubeconfig") from None
    if not isinstance(document, Mapping) or not document.get("clusters"):
        raise LocalError("kubeconfig", "it names no cluster", "give a kubeconfig with clusters and contexts")
    return document


def _choose(document: Mapping[str, Any], name: str, cluster: str) -> tuple[Mapping[str, Any], str]:
    """Return the context and the cluster's name; both empty without a kubeconfig."""
    if not document:
        return {}, ""
    wanted = name or str(document.get("current-context") or "")
    context = _named(document, "contexts", wanted, "context") if wanted else {}
    return context, cluster or str(context.get("cluster") or document["clusters"][0].get("name") or "")


def _named(document: Mapping[str, Any], part: str, name: str, inner: str) -> Mapping[str, Any]:
    entries = [each for each in document.get(part) or () if isinstance(each, Mapping)]
    for each in entries:
        if each.get("name") == name:
            return each.get(inner) or {}
    known = ", ".join(str(each.get("name")) for each in entries) or "none"
    raise LocalError(f"{inner} {name}", f"the kubeconfig has no such {inner}", f"choose one of {known}")


def _text(given: Any) -> str:
    return given if isinstance(given, str) else ""


def _flag(given: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """Return a setting; the engine sends booleans as text."""
    value = given.get(name)
    if isinstance(value, str):
        return value.lower() == "true"
    return default if value is None or value is UNKNOWN else bool(value)


def moved(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return the settings whose change means another cluster, so that everything on it is replaced.

    With `clusterIdentifier` only its own change counts; without, the cluster that the kubeconfig's context names.
    """
    then, now = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    if then and now:
        return ["clusterIdentifier"] if then != now and UNKNOWN not in (then, now) else []
    if any(each.get("kubeconfig") in (None, PLANNED, UNKNOWN) for each in (olds, news)):
        return []
    try:
        before, after = settings(olds), settings(news)
    except LocalError:
        return []
    same = (before.cluster, before.server) == (after.cluster, after.server)
    return [] if same else ["kubeconfig"]
