"""`cockroach init`, once in the life of a cluster: a Kubernetes Job that bears being run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import Job, JobSpecArgs
from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    ContainerArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProjectedVolumeSourceArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
    Secret,
    SecretProjectionArgs,
    SecurityContextArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeProjectionArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from components.cockroach.certificate import Certificate
from components.cockroach.pod import APP, USER
from components.kubernetes.metadata import metadata
from meridian.model.database import Database

INIT_APP = {"app.kubernetes.io/name": "cockroachdb-init"}
_CERTIFICATES = "/cockroach/certificates"
_DEADLINE_SECONDS = 600
# The service of the node in the job's own namespace: its certificate names it, and the cluster's own DNS knows it.
# A cluster that is initialised already is what is wanted. The command has no other way to say so than this sentence.
_SCRIPT = """
said=$(/cockroach/cockroach init --certs-dir={certs} --host={host} --cluster-name={name} 2>&1) && echo "$said" && exit 0
echo "$said"
case "$said" in *"already been initialized"*) exit 0 ;; esac
exit 1
""".strip()


@dataclass(frozen=True, kw_only=True)
class InitJobArgs:
    """The node that is told, on whose cluster the job runs, and root's certificate."""

    database: Database
    node: str
    namespace: pulumi.Input[str]
    authority: pulumi.Input[str]
    root: Certificate
    labels: Mapping[str, str]


class InitJob(pulumi.ComponentResource):
    """The job with root's certificate, which no other pod holds, and its one flow; a change of the pod makes a new job."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: InitJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cockroach:InitJob", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = Secret(
            f"{name}-root",
            metadata=metadata("cockroachdb-root", args.labels, args.namespace),
            type="Opaque",
            string_data={
                "ca.crt": args.authority,
                "client.root.crt": args.root.certificate,
                "client.root.key": args.root.key,
            },
            opts=child,
        )
        flows = self._flows(name, args, child)
        job = Job(
            name,
            # Without a name of its own: a job cannot be changed, so a new one must be able to stand beside the old.
            metadata=ObjectMetaArgs(namespace=args.namespace, labels={**args.labels, **INIT_APP}),
            spec=JobSpecArgs(
                backoff_limit=10,
                active_deadline_seconds=_DEADLINE_SECONDS,
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels={**args.labels, **INIT_APP}),
                    spec=_pod(args, secret.metadata.name.apply(str)),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=flows),
        )
        self.name = job.metadata.name.apply(str)
        self.register_outputs({"name": self.name})

    @staticmethod
    def _flows(name: str, args: InitJobArgs, child: pulumi.ResourceOptions) -> Sequence[NetworkPolicy]:
        port = NetworkPolicyPortArgs(protocol="TCP", port=args.database.sql_port)
        domain = [NetworkPolicyPortArgs(protocol=kind, port=53) for kind in ("UDP", "TCP")]
        dns = NetworkPolicyPeerArgs(
            namespace_selector=LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": "kube-system"})
        )

        def pods(labels: Mapping[str, str]) -> NetworkPolicyPeerArgs:
            return NetworkPolicyPeerArgs(pod_selector=LabelSelectorArgs(match_labels=labels))

        return [
            NetworkPolicy(
                f"{name}-out",
                metadata=metadata("cockroachdb-init", args.labels, args.namespace),
                spec=NetworkPolicySpecArgs(
                    pod_selector=LabelSelectorArgs(match_labels=INIT_APP),
                    policy_types=["Egress"],
                    egress=[
                        NetworkPolicyEgressRuleArgs(to=[pods(APP)], ports=[port]),
                        NetworkPolicyEgressRuleArgs(to=[dns], ports=domain),
                    ],
                ),
                opts=child,
            ),
            NetworkPolicy(
                f"{name}-in",
                metadata=metadata("cockroachdb-from-init", args.labels, args.namespace),
                spec=NetworkPolicySpecArgs(
                    pod_selector=LabelSelectorArgs(match_labels=APP),
                    policy_types=["Ingress"],
                    ingress=[NetworkPolicyIngressRuleArgs(from_=[pods(INIT_APP)], ports=[port])],
                ),
                opts=child,
            ),
        ]


def _pod(args: InitJobArgs, secret: pulumi.Input[str]) -> PodSpecArgs:
    host = f"{args.node}:{args.database.sql_port}"
    script = _SCRIPT.format(certs=_CERTIFICATES, host=host, name=args.database.name)
    return PodSpecArgs(
        restart_policy="OnFailure",
        automount_service_account_token=False,
        security_context=PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=USER,
            run_as_group=USER,
            fs_group=USER,
            seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
        ),
        containers=[
            ContainerArgs(
                name="init",
                image=args.database.image.reference(),
                command=["/bin/bash", "-c", script],
                resources=ResourceRequirementsArgs(
                    requests={"cpu": "100m", "memory": "128Mi"}, limits={"cpu": "500m", "memory": "256Mi"}
                ),
                security_context=SecurityContextArgs(
                    allow_privilege_escalation=False,
                    read_only_root_filesystem=True,
                    capabilities=CapabilitiesArgs(drop=["ALL"]),
                ),
                volume_mounts=[
                    VolumeMountArgs(name="certificates", mount_path=_CERTIFICATES, read_only=True)
                ],
            )
        ],
        volumes=[
            VolumeArgs(
                name="certificates",
                projected=ProjectedVolumeSourceArgs(
                    default_mode=0o440,
                    sources=[VolumeProjectionArgs(secret=SecretProjectionArgs(name=secret))],
                ),
            )
        ],
    )
