"""One cluster as a check sees it: its API through a kubeconfig, its place in the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config

from meridian.model.environment import Environment
from meridian.model.regions import AwsSite, GcpSite


@dataclass(frozen=True)
class Cluster:
    """A cluster of the environment that a kubeconfig reaches."""

    name: str
    kubeconfig: Path
    environment: Environment

    @property
    def site(self) -> GcpSite | AwsSite:
        """Return the side of the region on which it lies."""
        region, cloud, _ = self.environment.clusters()[self.name]
        return region.sites()[cloud]

    @property
    def cloud(self) -> str:
        """Return gcp or aws."""
        return self.environment.clusters()[self.name][1]

    @contextmanager
    def api(self) -> Iterator[client.ApiClient]:
        """Open its API."""
        with config.new_client_from_config(str(self.kubeconfig)) as api:
            yield api


def raw(response: Any) -> dict[str, Any]:
    """Return an answer that was asked for with _preload_content=False as the API server wrote it."""
    content: dict[str, Any] = json.loads(response.data)
    return content
