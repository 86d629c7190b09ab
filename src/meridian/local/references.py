"""What names what: the texts by which a resource is named by others, and those by which it names others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meridian.local.inventory import Inventory, Record
from meridian.protocol.values import strings

# Properties by which other resources name a resource, beside its id.
_HANDLES = (
    *("arn", "selfLink", "email", "keyId", "member"),
    # What AWS makes along with a resource.
    *(
        "associationDefaultRouteTableId",
        "propagationDefaultRouteTableId",
        "mainRouteTableId",
        "defaultRouteTableId",
    ),
)
# What a resource names by a bare name: (type's module/kind, property) -> the type that must exist.
BY_NAME = {
    ("aws:eks/nodeGroup:NodeGroup", "clusterName"): "aws:eks/cluster:Cluster",
    ("aws:eks/addon:Addon", "clusterName"): "aws:eks/cluster:Cluster",
    ("aws:eks/accessEntry:AccessEntry", "clusterName"): "aws:eks/cluster:Cluster",
    ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "clusterName"): "aws:eks/cluster:Cluster",
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role"): "aws:iam/role:Role",
    ("aws:iam/rolePolicy:RolePolicy", "role"): "aws:iam/role:Role",
}
# Texts in which the name of something else may stand without meaning it.
_NO_USE = frozenset(
    {
        "tags",
        "labels",
        "resourceLabels",
        "description",
        "name",
        "displayName",
        "region",
        "location",
        "project",
    }
)


def handles(inventory: Inventory, record: Record) -> list[str]:
    """Return the texts by which others name a resource."""
    owner = inventory.named(record.environment, record.id)
    # A bucket's versioning, policy and the like have the bucket's own id: it names the bucket, not them.
    own_id = [record.id] if owner is None or owner.row == record.row else []
    values = [*own_id, *(record.outputs.get(name) for name in _HANDLES if name not in record.inputs)]
    return [value for value in values if isinstance(value, str) and len(value) > 3]


def uses(inputs: Mapping[str, Any]) -> set[str]:
    """Return the texts by which a resource may name others."""
    # Secrets are wrapped at any depth, and `strings` looks into none: what is used is written down in plain text.
    named = [value for key, value in inputs.items() if key not in _NO_USE]
    return {text for text in strings(named) if len(text) > 3}
