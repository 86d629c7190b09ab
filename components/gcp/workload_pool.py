"""Where pods of clusters outside Google Cloud become principals of Google Cloud, without a key."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import iam


@dataclass(frozen=True, kw_only=True)
class WorkloadPoolArgs:
    """The project, and the pool's id, which stays taken for 30 days after it was deleted."""

    project: str
    pool_id: str


class WorkloadPool(pulumi.ComponentResource):
    """An empty pool: each cluster adds itself (components/gcp/cluster_federation.py); grants nothing."""

    id: pulumi.Output[str]
    principals: pulumi.Output[str]
    """What the name of each of the pool's principals begins with."""

    def __init__(self, name: str, args: WorkloadPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:WorkloadPool", name, None, opts)
        pool = iam.WorkloadIdentityPool(
            name,
            project=args.project,
            workload_identity_pool_id=args.pool_id,
            display_name="Pods of other clouds",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = pool.workload_identity_pool_id
        self.principals = pulumi.Output.concat("principal://iam.googleapis.com/", pool.name)
        self.register_outputs({"id": self.id, "principals": self.principals})
