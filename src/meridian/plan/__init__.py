"""The merged plan of all units as data: what proofs, policies, reports and approvals look at. Pure: runs nothing."""

from meridian.plan.merged import Plan
from meridian.plan.resource import UNKNOWN, PlannedResource

__all__ = ["UNKNOWN", "Plan", "PlannedResource"]
