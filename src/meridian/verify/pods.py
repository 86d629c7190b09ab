"""Which pods a cluster's own admission refuses: server-side dry runs, so nothing is ever started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernetes import client
from kubernetes.client.rest import ApiException

from meridian.verify.catalogue import PODS
from meridian.verify.cluster import Cluster
from meridian.verify.result import Checked, judged, some

_HARDENED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_WITHOUT_SECCOMP = {key: value for key, value in _HARDENED.items() if key != "seccompProfile"}

REFUSED: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "privileged": ({**_HARDENED, "privileged": True, "allowPrivilegeEscalation": True}, {}),
    "root": ({**_HARDENED, "runAsNonRoot": False, "runAsUser": 0}, {}),
    "privilege escalation": ({**_HARDENED, "allowPrivilegeEscalation": True}, {}),
    "a capability": ({**_HARDENED, "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}, {}),
    "no seccomp": (_WITHOUT_SECCOMP, {}),
    "host network": (_HARDENED, {"hostNetwork": True}),
    "host processes": (_HARDENED, {"hostPID": True}),
    "host path": (_HARDENED, {"volumes": [{"name": "host", "hostPath": {"path": "/etc"}}]}),
}
"""What the restricted standard forbids: the container's security context and more of the pod's specification."""


def check(cluster: Cluster) -> Checked:
    """Return whether every restricted namespace of the model refuses these pods and takes a hardened one."""
    namespaces = cluster.environment.platform.namespaces
    restricted = [name for name, each in namespaces.items() if each.pod_security == "restricted"]
    others = "; ".join(
        f"not judged: {name} enforces {each.pod_security}, {each.reason}"
        for name, each in namespaces.items()
        if name not in restricted
    )
    wrong = []
    with cluster.api() as api:
        core = client.CoreV1Api(api)
        for namespace in restricted:
            for what, (security, more) in {"hardened": (_HARDENED, {}), **REFUSED}.items():
                answer = _tried(core, namespace, pod(security, more))
                if not answer.startswith("taken" if what == "hardened" else "violates PodSecurity"):
                    wrong.append(f"{namespace}, {what}: {answer}")
    seen = (
        some(wrong) if wrong else f"each refused in {', '.join(restricted)}; the hardened one taken in each"
    )
    return judged(
        PODS,
        cluster.name,
        f"dry runs of a hardened pod and of pods with {', '.join(REFUSED)}",
        "Pod Security refuses all but the hardened one in every restricted namespace",
        f"{seen}; {others}" if others else seen,
        not wrong,
    )


def pod(security: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod with this security context; it asks for next to nothing, so that no quota speaks first."""
    container = {
        "name": "one",
        "image": "registry.invalid/one:1",
        "securityContext": dict(security),
        "resources": {"requests": {"cpu": "1m", "memory": "4Mi"}, "limits": {"memory": "4Mi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "meridian-verify-"},
        "spec": {"containers": [container], "automountServiceAccountToken": False, **more},
    }


def _tried(core: Any, namespace: str, body: dict[str, Any]) -> str:
    """Return `taken`, `violates PodSecurity ...`, or what else the API server said; raises what is no refusal of the pod."""
    try:
        core.create_namespaced_pod(namespace, body, dry_run="All", _preload_content=False)
    except ApiException as error:
        text = str(error.body)
        if "violates PodSecurity" in text:
            return "violates PodSecurity"
        if error.status == 401 or "cannot create resource" in text:
            raise
        return f"{error.status} {text[:160]}"
    return "taken"
