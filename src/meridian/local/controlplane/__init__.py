"""Real Kubernetes control planes on this machine: kube-apiserver over etcd, with simulated nodes."""

from meridian.local.controlplane.manager import ControlPlanes
from meridian.local.controlplane.spec import ControlPlaneSpec, Endpoint, NodePoolSpec, OidcSpec, Taint

__all__ = ["ControlPlaneSpec", "ControlPlanes", "Endpoint", "NodePoolSpec", "OidcSpec", "Taint"]
