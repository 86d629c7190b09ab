"""What runs on the clusters: pods without power, networks closed, images that cannot change, rights without wildcards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import labels, listed, shown, unknown

PODS = (
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:batch/v1:Job",
    "kubernetes:batch/v1:CronJob",
    "kubernetes:core/v1:Pod",
)
_RBAC = "kubernetes:rbac.authorization.k8s.io/v1:"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_STRANGERS = frozenset(
    {"system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"}
)


def pod_spec(resource: PlannedResource) -> Mapping[str, Any]:
    """Return the pod's specification of whatever makes pods; empty while it is not known."""
    if resource.type.endswith(":Pod"):
        found = resource.get("spec", default={})
    elif resource.type.endswith(":CronJob"):
        found = resource.get("spec", "jobTemplate", "spec", "template", "spec", default={})
    else:
        found = resource.get("spec", "template", "spec", default={})
    return found if isinstance(found, Mapping) else {}


def containers(resource: PlannedResource) -> Iterator[Mapping[str, Any]]:
    """Yield all containers, those that run first included."""
    spec = pod_spec(resource)
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from (each for each in listed(spec.get(key)) if isinstance(each, Mapping))


@resource_rule(
    "namespace-pod-security",
    "Every namespace enforces the restricted pod security standard",
    Severity.HIGH,
    "label it pod-security.kubernetes.io/enforce: restricted",
    "kubernetes:core/v1:Namespace",
)
def namespace_pod_security(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """The API server then refuses what a rule here may have missed (Kubernetes docs, Pod Security Admission, v1.34)."""
    level = labels(resource).get(_ENFORCE)
    if level != "restricted" and not unknown(level):
        yield Problem(resource, f"enforce {shown(level)}", "restricted")


@resource_rule(
    "pod-hardened",
    "Containers run without root, privileges, capabilities and the host",
    Severity.HIGH,
    "set securityContext as the restricted standard asks",
    *PODS,
)
def pod_hardened(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """The restricted standard, said before the API server refuses the pod."""
    spec = pod_spec(resource)
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name) is True:
            yield Problem(resource, f"{name} true", "a pod stays out of its host")
    for volume in listed(spec.get("volumes")):
        if isinstance(volume, Mapping) and "hostPath" in volume:
            yield Problem(resource, f"hostPath {volume.get('name')}", "a pod stays out of its host")
    pod = spec.get("securityContext") or {}
    for container in containers(resource):
        own = container.get("securityContext") or {}
        called = container.get("name")
        if own.get("privileged") is True:
            yield Problem(resource, f"{called}: privileged", "no container is root of its host")
        if own.get("allowPrivilegeEscalation") is not False:
            yield Problem(resource, f"{called}: allowPrivilegeEscalation", "false in every container")
        if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield Problem(resource, f"{called}: runAsNonRoot not set", "no container runs as root")
        if "ALL" not in listed((own.get("capabilities") or {}).get("drop")):
            yield Problem(
                resource, f"{called}: keeps capabilities", "all are dropped, those that are needed added"
            )


@stack_rule(
    "network-policy-per-namespace",
    "Every namespace denies what no network policy allows",
    Severity.HIGH,
    "add a NetworkPolicy with an empty podSelector for Ingress and Egress",
)
def network_policy_per_namespace(scene: Scene) -> Iterator[Problem]:
    """While namespaces have no name yet, each policy counts for the namespace that its logical name tells."""
    denials: dict[tuple[str, str], list[PlannedResource]] = defaultdict(list)
    for policy in scene.plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy"):
        kinds = listed(policy.get("spec", "policyTypes"))
        closed = not policy.get("spec", "ingress") and not policy.get("spec", "egress")
        if not policy.get("spec", "podSelector") and {"Ingress", "Egress"} <= set(kinds) and closed:
            denials[policy.unit, policy.provider].append(policy)
    namespaces = list(scene.plan.of("kubernetes:core/v1:Namespace"))
    # The longest names first: what stands for datadog-operator must not be taken for datadog.
    for namespace in sorted(namespaces, key=lambda each: -len(str(each.get("metadata", "name")))):
        name = str(namespace.get("metadata", "name", default=namespace.name))
        here = denials[namespace.unit, namespace.provider]
        found = next((each for each in here if each.get("metadata", "namespace") == name), None) or next(
            (e for e in here if unknown(e.get("metadata", "namespace")) and f"-{name}-" in f"-{e.name}-"),
            None,
        )
        if found is None:
            yield Problem(namespace, f"{name}: no policy denies by default", "only what is allowed flows")
        else:
            here.remove(found)


@resource_rule(
    "image-by-digest",
    "Images are named by their digest",
    Severity.MEDIUM,
    "write name@sha256:...; `docker buildx imagetools inspect NAME` shows it",
    *PODS,
    advisory_in=("local", "staging"),
)
def image_by_digest(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """A tag can be moved to other content after it was looked at."""
    for container in containers(resource):
        image = container.get("image")
        if isinstance(image, str) and not unknown(image) and "@sha256:" not in image:
            yield Problem(resource, image, "what runs is what was looked at")


@resource_rule(
    "rbac-no-wildcard",
    "No role of a cluster holds a wildcard",
    Severity.HIGH,
    "list verbs, groups and resources",
    f"{_RBAC}Role",
    f"{_RBAC}ClusterRole",
)
def rbac_no_wildcard(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """A wildcard also covers what does not exist yet; reading everything of one named group passes."""
    for rule in listed(resource.get("rules")):
        if not isinstance(rule, Mapping):
            continue
        stars = [field for field in ("apiGroups", "resources", "verbs") if "*" in listed(rule.get(field))]
        reading = set(listed(rule.get("verbs"))) <= {"get", "list", "watch"}
        if "verbs" in stars or "apiGroups" in stars or ("resources" in stars and not reading):
            what = "; ".join(
                f"{field} {', '.join(map(str, listed(rule.get(field))))}"
                for field in ("apiGroups", "resources", "verbs")
            )
            yield Problem(resource, what[:120], "rights are listed")


@resource_rule(
    "rbac-no-administrators",
    "Nobody is administrator of a cluster for good, and strangers get no role",
    Severity.CRITICAL,
    "bind a role of Rbac to a group; administrators come by the cloud's own entries, for a session",
    f"{_RBAC}RoleBinding",
    f"{_RBAC}ClusterRoleBinding",
)
def rbac_no_administrators(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """cluster-admin and groups that everybody is in."""
    if resource.get("roleRef", "name") in ("cluster-admin", "admin") and resource.type.endswith(
        "ClusterRoleBinding"
    ):
        yield Problem(resource, f"roleRef {resource.get('roleRef', 'name')}", "rights are bounded")
    for subject in listed(resource.get("subjects")):
        if isinstance(subject, Mapping) and subject.get("name") in _STRANGERS:
            yield Problem(resource, str(subject.get("name")), "rights are given to those who are named")
