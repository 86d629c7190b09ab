"""Kubeconfigs without a secret in them: an exec plugin fetches a short-lived token."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

EXEC_API = "client.authentication.k8s.io/v1beta1"


def gke_kubeconfig(name: str, endpoint: str, ca_certificate: str) -> str:
    """Return a kubeconfig (JSON, hence YAML) that runs gke-gcloud-auth-plugin; `ca_certificate` is base64."""
    plugin = {
        "apiVersion": EXEC_API,
        "command": "gke-gcloud-auth-plugin",
        "installHint": "gcloud components install gke-gcloud-auth-plugin",
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": True,
    }
    return _render(name, endpoint, ca_certificate, plugin)


def eks_kubeconfig(
    name: str, endpoint: str, ca_certificate: str, region: str, role_arn: str | None = None
) -> str:
    """Return a kubeconfig (JSON, hence YAML) that runs `aws eks get-token`; `ca_certificate` is base64."""
    arguments: Sequence[str] = ["--region", region, "eks", "get-token", "--cluster-name", name]
    plugin = {
        "apiVersion": EXEC_API,
        "command": "aws",
        "args": [*arguments, "--output", "json", *(["--role-arn", role_arn] if role_arn else [])],
        "interactiveMode": "IfAvailable",
    }
    return _render(name, endpoint, ca_certificate, plugin)


def _render(name: str, endpoint: str, ca_certificate: str, plugin: dict[str, Any]) -> str:
    server = endpoint if "://" in endpoint else f"https://{endpoint}"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": ca_certificate}}
        ],
        "users": [{"name": name, "user": {"exec": plugin}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(document, sort_keys=True)
