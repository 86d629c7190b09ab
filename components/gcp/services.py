"""The APIs that a project needs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

SERVICES = (
    "billingbudgets", "binaryauthorization", "cloudkms", "cloudresourcemanager", "compute", "container", "dns", "iam",
    "iamcredentials", "logging", "monitoring", "networkconnectivity", "storage", "sts",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ProjectServicesArgs:
    """The project."""

    project: str


class ProjectServices(pulumi.ComponentResource):
    """Switches APIs on; never off again: something else in the project may use them."""

    def __init__(
        self, name: str, args: ProjectServicesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:ProjectServices", name, None, opts)
        for service in SERVICES:
            projects.Service(
                f"{name}-{service}",
                project=args.project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
