"""The portal on one cluster: pods over all zones, as many as the load asks for, never all away at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, autoscaling, core, policy
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta import v1 as meta

from components.kubernetes.gateway import API, GATEWAY
from components.kubernetes.metadata import APP, metadata
from meridian.model.platform import Portal as PortalModel

PORTAL = "portal"
_SELECTS = {APP: PORTAL}


@dataclass(frozen=True, kw_only=True)
class PortalArgs:
    """The model's portal and what it needs of its cluster."""

    portal: PortalModel
    namespace: pulumi.Input[str]
    service_account: pulumi.Input[str]
    priority_class: str
    hostnames: Sequence[str]
    gateway_namespace: str
    health_path: str
    environment: Mapping[str, str]
    labels: Mapping[str, str]


class Portal(pulumi.ComponentResource):
    """Deployment, service, scaling, budget and route; its image is built and pushed elsewhere."""

    def __init__(self, name: str, args: PortalArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:Portal", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {**args.labels, **_SELECTS}
        about = metadata(PORTAL, labels, args.namespace)
        selector = meta.LabelSelectorArgs(match_labels=_SELECTS)
        deployment = apps.v1.Deployment(
            name,
            metadata=about,
            # No replicas: the autoscaler owns them, and server-side apply would fight it (pulumi-kubernetes 2491).
            spec=apps.v1.DeploymentSpecArgs(
                selector=selector,
                strategy=apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge="25%"),
                ),
                template=core.v1.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(
                        labels={**labels, "admission.datadoghq.com/enabled": "true"}
                    ),
                    spec=_pod(args, selector),
                ),
            ),
            opts=child,
        )
        core.v1.Service(
            name,
            metadata=about,
            spec=core.v1.ServiceSpecArgs(
                selector=_SELECTS,
                ports=[core.v1.ServicePortArgs(name="http", port=80, target_port="http")],
            ),
            opts=child,
        )
        autoscaling.v2.HorizontalPodAutoscaler(
            name,
            metadata=about,
            spec=autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
                scale_target_ref=autoscaling.v2.CrossVersionObjectReferenceArgs(
                    api_version="apps/v1", kind="Deployment", name=PORTAL
                ),
                min_replicas=args.portal.min_replicas,
                max_replicas=args.portal.max_replicas,
                metrics=[
                    autoscaling.v2.MetricSpecArgs(
                        type="Resource",
                        resource=autoscaling.v2.ResourceMetricSourceArgs(
                            name="cpu",
                            target=autoscaling.v2.MetricTargetArgs(
                                type="Utilization", average_utilization=args.portal.target_cpu_percent
                            ),
                        ),
                    )
                ],
                behavior=autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(
                    # Another region's visitors arrive at once, and leave slowly.
                    scale_down=autoscaling.v2.HPAScalingRulesArgs(stabilization_window_seconds=300)
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deployment]),
        )
        policy.v1.PodDisruptionBudget(
            name,
            metadata=about,
            spec=policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable="25%", selector=selector),
            opts=child,
        )
        CustomResource(
            f"{name}-route",
            API,
            "HTTPRoute",
            spec={
                "parentRefs": [{"name": GATEWAY, "namespace": args.gateway_namespace}],
                "hostnames": list(args.hostnames),
                "rules": [{"backendRefs": [{"name": PORTAL, "port": 80}]}],
            },
            metadata=about,
            opts=child,
        )
        self.register_outputs({})


def _pod(args: PortalArgs, selector: meta.LabelSelectorArgs) -> core.v1.PodSpecArgs:
    portal = args.portal
    return core.v1.PodSpecArgs(
        service_account_name=args.service_account,
        automount_service_account_token=False,
        priority_class_name=args.priority_class,
        termination_grace_period_seconds=45,
        security_context=core.v1.PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=10001,
            seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        ),
        topology_spread_constraints=[
            core.v1.TopologySpreadConstraintArgs(
                max_skew=1,
                topology_key="topology.kubernetes.io/zone",
                when_unsatisfiable="ScheduleAnyway",
                label_selector=selector,
            )
        ],
        containers=[
            core.v1.ContainerArgs(
                name=PORTAL,
                image=portal.image,
                ports=[core.v1.ContainerPortArgs(name="http", container_port=portal.port)],
                env=[
                    core.v1.EnvVarArgs(name=key, value=value)
                    for key, value in sorted(args.environment.items())
                ],
                resources=core.v1.ResourceRequirementsArgs(
                    requests={"cpu": f"{portal.cpu_milli}m", "memory": f"{portal.memory_mib}Mi"},
                    limits={"memory": f"{portal.memory_mib}Mi"},
                ),
                security_context=core.v1.SecurityContextArgs(
                    allow_privilege_escalation=False,
                    read_only_root_filesystem=True,
                    capabilities=core.v1.CapabilitiesArgs(drop=["ALL"]),
                ),
                readiness_probe=core.v1.ProbeArgs(
                    http_get=core.v1.HTTPGetActionArgs(path=args.health_path, port="http"),
                    period_seconds=5,
                    failure_threshold=2,
                ),
                # Alive is less than ready: a database that is away must not restart every portal.
                liveness_probe=core.v1.ProbeArgs(
                    tcp_socket=core.v1.TCPSocketActionArgs(port="http"), period_seconds=10
                ),
                lifecycle=core.v1.LifecycleArgs(
                    # The gateway needs seconds to take a stopping pod off its list.
                    pre_stop=core.v1.LifecycleHandlerArgs(sleep=core.v1.SleepActionArgs(seconds=10))
                ),
            )
        ],
    )
