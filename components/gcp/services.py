"""The APIs that a project must have switched on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

NEEDED = (
    "artifactregistry",
    "billingbudgets",
    "binaryauthorization",
    "cloudkms",
    "cloudresourcemanager",
    "compute",
    "container",
    "dns",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "networkconnectivity",
    "serviceusage",
    "storage",
    "sts",
)


@dataclass(frozen=True, kw_only=True)
class ProjectServicesArgs:
    """The project, and which APIs."""

    project: pulumi.Input[str]
    services: tuple[str, ...] = NEEDED


class ProjectServices(pulumi.ComponentResource):
    """Switches APIs on and never off: others of the project may use them."""

    enabled: pulumi.Output[list[str]]

    def __init__(
        self, name: str, args: ProjectServicesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:ProjectServices", name, None, opts)
        services = [
            projects.Service(
                f"{name}-{service}",
                project=args.project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for service in args.services
        ]
        self.enabled = pulumi.Output.all(*[service.service for service in services])
        self.register_outputs({"enabled": self.enabled})
