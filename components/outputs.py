"""What a cluster tells everything downstream: the same words for GKE and EKS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pulumi


@dataclass(frozen=True, kw_only=True)
class ClusterOutputs:
    """One cluster, blind to its cloud; holds no secret: the kubeconfig asks an exec plugin for its token."""

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """URL of the control plane, with its scheme."""
    ca_certificate: pulumi.Output[str]
    """The control plane's certificate authority, PEM in base64."""
    kubeconfig: pulumi.Output[str]
    workload_identity: pulumi.Output[str]
    """GKE: the workload pool; EKS: the OIDC issuer's URL."""
    cloud: str
    region: str
    network_id: pulumi.Output[str]
    id: pulumi.Output[str]

    def as_exports(self) -> dict[str, Any]:
        """Return every field by its name, for `pulumi.export`."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def as_outputs(self) -> Mapping[str, pulumi.Output[Any]]:
        """Return every field as an Output, for `register_outputs`."""
        return {name: pulumi.Output.from_input(value) for name, value in self.as_exports().items()}
