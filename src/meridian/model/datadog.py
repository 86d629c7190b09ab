"""The Datadog agents of every cluster: what they collect and where it goes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Model

Site = Literal["datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com"]

SITES: dict[Site, str] = {
    "datadoghq.com": "us",
    "us3.datadoghq.com": "us",
    "us5.datadoghq.com": "us",
    "datadoghq.eu": "eu",
    "ap1.datadoghq.com": "asia",
}
"""Jurisdiction in which each site keeps what it gets (Datadog docs, "Getting started with Datadog sites", 2026-11)."""


class Logs(Model):
    """Container logs."""

    enabled: bool = True
    all_containers: bool = True
    """False: only of pods that ask for it by annotation."""


class Traces(Model):
    """APM."""

    enabled: bool = True


class Processes(Model):
    """Live processes."""

    enabled: bool = True
    scrub_arguments: bool = True
    """Blank out passwords and tokens of command lines before they leave the node."""


class Metrics(Model):
    """DogStatsD: the application's own metrics."""

    origin_detection: bool = True
    cardinality: Literal["low", "orchestrator", "high"] = "low"
    """Which tags of the origin a metric gets; `high` adds the container's id and with it a series per restart."""


class Security(Model):
    """What watches networks and workloads."""

    network: bool = True
    workload_threats: bool = True
    posture: bool = True


class Agent(Model):
    """One DatadogAgent per cluster, the same on both clouds."""

    sites: Annotated[dict[str, Site], Field(min_length=1)]
    """Site by residency: telemetry names people, so it stays where their data stays."""
    keys_from: str = "datadog-keys"
    """The Kubernetes Secret that external-secrets fills from the cloud's store; no key passes through Pulumi."""
    logs: Logs = Logs()
    traces: Traces = Traces()
    processes: Processes = Processes()
    metrics: Metrics = Metrics()
    security: Security = Security()
