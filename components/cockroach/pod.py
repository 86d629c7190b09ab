"""The pod of one CockroachDB node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    CapabilitiesArgs,
    ConfigMapProjectionArgs,
    ContainerArgs,
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    HTTPGetActionArgs,
    NodeAffinityArgs,
    NodeSelectorArgs,
    NodeSelectorRequirementArgs,
    NodeSelectorTermArgs,
    PodAffinityTermArgs,
    PodAntiAffinityArgs,
    PodDNSConfigArgs,
    PodDNSConfigOptionArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    ProbeArgs,
    ProjectedVolumeSourceArgs,
    ResourceFieldSelectorArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
    SecretProjectionArgs,
    SecurityContextArgs,
    TolerationArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeProjectionArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from components.cockroach import google
from components.cockroach.flags import Runtime, StoreKey, start_flags
from meridian.model.clusters import NodePool
from meridian.model.database import Database
from meridian.model.topology import Node

USER = 1000
APP = {"app.kubernetes.io/name": "cockroachdb"}
CERTIFICATES, CONFIG, KEYS, STORE = (
    "/cockroach/certificates",
    "/cockroach/config",
    "/cockroach/keys",
    "/cockroach/data",
)
GRACE_SECONDS = 300
"""A drain moves leases and waits for clients (CockroachDB v26.2 docs, "Node shutdown", Kubernetes)."""


@dataclass(frozen=True, kw_only=True)
class PodArgs:
    """A node, what it is reached by, and the names of what the pod mounts."""

    node: Node
    database: Database
    pool: NodePool
    advertise: str
    join: Sequence[str]
    resolver: str
    """The cluster's own address of the resolver of nodes' names."""
    config_map: pulumi.Input[str]
    certificate_secret: pulumi.Input[str]
    key_secret: pulumi.Input[str]
    service_account: pulumi.Input[str]
    priority_class: str
    google: google.GoogleSignIn | None = None


def store_key(database: Database) -> StoreKey:
    """Return the key files of the present generation and the one before, which the first does not have."""
    generation = database.encryption.generation
    old = f"{KEYS}/{generation - 1}.key" if generation > 1 else "plain"
    return StoreKey(key=f"{KEYS}/{generation}.key", old_key=old)


def pod_spec(args: PodArgs) -> PodSpecArgs:
    """Return a pod that Pod Security `restricted` admits, on its zone's database machine, one on each machine.

    There is no preStop hook: `cockroach` drains itself on SIGTERM, and a hook would need root's certificate in the pod.
    """
    return PodSpecArgs(
        service_account_name=args.service_account,
        automount_service_account_token=False,
        priority_class_name=args.priority_class,
        termination_grace_period_seconds=GRACE_SECONDS,
        security_context=PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=USER,
            # The key's group must be the process's own, or cockroach refuses a key that its group can read.
            run_as_group=USER,
            fs_group=USER,
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
        ),
        dns_policy="None",
        dns_config=PodDNSConfigArgs(
            nameservers=[args.resolver], options=[PodDNSConfigOptionArgs(name="ndots", value="1")]
        ),
        affinity=_affinity(args.node),
        tolerations=[
            TolerationArgs(key=taint.key, operator="Equal", value=taint.value, effect=taint.effect)
            for taint in args.pool.taints
        ],
        topology_spread_constraints=[
            TopologySpreadConstraintArgs(
                max_skew=1,
                topology_key="topology.kubernetes.io/zone",
                when_unsatisfiable="ScheduleAnyway",
                label_selector=LabelSelectorArgs(match_labels=APP),
            )
        ],
        containers=[_container(args)],
        volumes=[
            VolumeArgs(
                name="certificates",
                projected=ProjectedVolumeSourceArgs(
                    default_mode=0o440,
                    sources=[VolumeProjectionArgs(secret=SecretProjectionArgs(name=args.certificate_secret))],
                ),
            ),
            VolumeArgs(
                name="keys",
                projected=ProjectedVolumeSourceArgs(
                    default_mode=0o440,
                    sources=[VolumeProjectionArgs(secret=SecretProjectionArgs(name=args.key_secret))],
                ),
            ),
            VolumeArgs(
                name="config",
                projected=ProjectedVolumeSourceArgs(
                    sources=[VolumeProjectionArgs(config_map=ConfigMapProjectionArgs(name=args.config_map))]
                ),
            ),
            VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="1Gi")),
            *([google.volume(args.google)] if args.google else []),
        ],
    )


def _container(args: PodArgs) -> ContainerArgs:
    database = args.database
    size = {
        "cpu": str(database.cpu),
        "memory": f"{database.memory_gib}Gi",
        "ephemeral-storage": "2Gi",
    }
    flags = start_flags(
        args.node,
        database,
        Runtime(
            listen=f":{database.sql_port}",
            http=f":{database.http_port}",
            advertise=args.advertise,
            join=args.join,
            store=STORE,
            certificates=CERTIFICATES,
            log_config=f"{CONFIG}/logs.yaml",
            store_key=store_key(database),
        ),
    )
    return ContainerArgs(
        name="cockroachdb",
        image=database.image.reference(),
        image_pull_policy="IfNotPresent",
        command=["/cockroach/cockroach"],
        args=flags,
        env=[
            # Go would count the machine's vCPUs and be throttled.
            EnvVarArgs(
                name="GOMAXPROCS",
                value_from=EnvVarSourceArgs(
                    resource_field_ref=ResourceFieldSelectorArgs(resource="limits.cpu", divisor="1")
                ),
            ),
            EnvVarArgs(name="COCKROACH_CHANNEL", value="kubernetes-multiregion"),
            *([google.variable()] if args.google else []),
        ],
        ports=[
            ContainerPortArgs(name="sql", container_port=database.sql_port),
            ContainerPortArgs(name="http", container_port=database.http_port),
        ],
        # Requests are limits: the memory rule counts on memory that nobody else may take.
        resources=ResourceRequirementsArgs(requests=size, limits=size),
        startup_probe=_probe("/health", period=10, failures=60),
        liveness_probe=_probe("/health", period=10, failures=6),
        readiness_probe=_probe("/health?ready=1", period=5, failures=2),
        security_context=SecurityContextArgs(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=CapabilitiesArgs(drop=["ALL"]),
        ),
        volume_mounts=[
            VolumeMountArgs(name="data", mount_path=STORE),
            VolumeMountArgs(name="certificates", mount_path=CERTIFICATES, read_only=True),
            VolumeMountArgs(name="keys", mount_path=KEYS, read_only=True),
            VolumeMountArgs(name="config", mount_path=CONFIG, read_only=True),
            VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - a mount of the pod's own
            *([google.mount()] if args.google else []),
        ],
    )


def _probe(path: str, period: int, failures: int) -> ProbeArgs:
    return ProbeArgs(
        http_get=HTTPGetActionArgs(path=path, port="http", scheme="HTTPS"),
        period_seconds=period,
        timeout_seconds=5,
        failure_threshold=failures,
    )


def _affinity(node: Node) -> AffinityArgs:
    """Keep a node in the zone of its locality and volume, and no two on one machine."""
    wanted = {"topology.kubernetes.io/zone": node.zone, "meridian.dev/pool": "database"}
    return AffinityArgs(
        node_affinity=NodeAffinityArgs(
            required_during_scheduling_ignored_during_execution=NodeSelectorArgs(
                node_selector_terms=[
                    NodeSelectorTermArgs(
                        match_expressions=[
                            NodeSelectorRequirementArgs(key=key, operator="In", values=[value])
                            for key, value in wanted.items()
                        ]
                    )
                ]
            )
        ),
        pod_anti_affinity=PodAntiAffinityArgs(
            required_during_scheduling_ignored_during_execution=[
                PodAffinityTermArgs(
                    label_selector=LabelSelectorArgs(match_labels=APP), topology_key="kubernetes.io/hostname"
                )
            ]
        ),
    )
