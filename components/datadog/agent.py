"""The Datadog agents of one cluster: a DatadogAgent that the operator turns into node agents and a cluster agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.kubernetes.metadata import metadata
from meridian.model.datadog import Agent

API = "datadoghq.com/v2alpha1"
_ALL_NODES = [{"operator": "Exists"}]
"""Database nodes are tainted, and unobserved is the last thing they may be."""


@dataclass(frozen=True, kw_only=True)
class DatadogAgentArgs:
    """The model's agent and where it runs; the keys' secret holds `api-key` and `app-key`."""

    agent: Agent
    cluster: pulumi.Input[str]
    environment: str
    region: str
    residency: str
    cloud: str
    namespace: pulumi.Input[str]
    priority_class: str
    labels: Mapping[str, str]


class DatadogAgent(pulumi.ComponentResource):
    """The custom resource alone: monitors, dashboards and pipelines are the observability unit's."""

    def __init__(self, name: str, args: DatadogAgentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:datadog:DatadogAgent", name, None, opts)
        CustomResource(
            name,
            API,
            "DatadogAgent",
            spec={"global": _global(args), "features": features(args.agent), "override": _override(args)},
            metadata=metadata("datadog", args.labels, args.namespace),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def features(agent: Agent) -> dict[str, Any]:
    """Return what is collected; every feature is written out, for the operator's defaults change between versions."""
    # Pod Security `restricted` forbids host paths, so applications reach the agent by its service, not by a socket.
    no_socket = {"unixDomainSocketConfig": {"enabled": False}, "hostPortConfig": {"enabled": False}}
    return {
        "logCollection": {
            "enabled": agent.logs.enabled,
            "containerCollectAll": agent.logs.all_containers,
            "autoMultiLineDetection": True,
        },
        "apm": {"enabled": agent.traces.enabled, **no_socket, "instrumentation": {"enabled": False}},
        "liveProcessCollection": {
            "enabled": agent.processes.enabled,
            "scrubProcessArguments": agent.processes.scrub_arguments,
            "stripProcessArguments": False,
        },
        "liveContainerCollection": {"enabled": True},
        "processDiscovery": {"enabled": True},
        "dogstatsd": {
            "originDetectionEnabled": agent.metrics.origin_detection,
            "tagCardinality": agent.metrics.cardinality,
            "nonLocalTraffic": True,
            **no_socket,
        },
        "npm": {"enabled": agent.security.network, "collectDNSStats": True, "enableConntrack": True},
        "usm": {"enabled": agent.security.network},
        "cws": {
            "enabled": agent.security.workload_threats,
            "syscallMonitorEnabled": True,
            "network": {"enabled": True},
            "securityProfiles": {"enabled": True},
        },
        "cspm": {"enabled": agent.security.posture, "hostBenchmarks": {"enabled": True}},
        # Pods ask by label; validation and mutation never stop a pod when the cluster agent is away.
        "admissionController": {
            "enabled": True,
            "mutateUnlabelled": False,
            "agentCommunicationMode": "service",
            "failurePolicy": "Ignore",
        },
        "clusterChecks": {"enabled": True, "useClusterChecksRunners": False},
        "eventCollection": {"collectKubernetesEvents": True},
        "kubeStateMetricsCore": {"enabled": True},
        "orchestratorExplorer": {"enabled": True, "scrubContainers": True},
    }


def _global(args: DatadogAgentArgs) -> dict[str, Any]:
    keys = args.agent.keys_from
    return {
        "clusterName": args.cluster,
        "site": args.agent.sites[args.residency],
        "credentials": {
            "apiSecret": {"secretName": keys, "keyName": "api-key"},
            "appSecret": {"secretName": keys, "keyName": "app-key"},
        },
        "tags": [
            f"env:{args.environment}",
            f"region:{args.region}",
            f"residency:{args.residency}",
            f"cloud:{args.cloud}",
        ],
        "env": [
            # A team's own words for what must not leave the node, beside Datadog's.
            {
                "name": "DD_CUSTOM_SENSITIVE_WORDS",
                "value": "password,passwd,token,secret,apikey,sslkey,authorization",
            },
        ],
        "checksTagCardinality": "orchestrator",
        "podLabelsAsTags": {"app.kubernetes.io/name": "service"},
        # Policies are the platform's own: the operator's would open more than the flows of the model.
        "networkPolicy": {"create": False},
    }


def _override(args: DatadogAgentArgs) -> dict[str, Any]:
    return {
        "nodeAgent": {
            "tolerations": _ALL_NODES,
            "priorityClassName": args.priority_class,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        },
        "clusterAgent": {
            "replicas": 2,
            "priorityClassName": args.priority_class,
            "createPodDisruptionBudget": True,
        },
    }
