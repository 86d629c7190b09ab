"""The platform's namespaces, flows, groups, storage and identities agree with each other and fit on the clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from meridian.model.datadog import SITES
from meridian.model.environment import Environment
from meridian.model.problems import Path, Problem

_RESERVED = ("kube-", "gke-", "gmp-", "eks-", "default")
_DATABASE, _PORTAL = "database", "portal"


def namespaces(environment: Environment) -> Iterator[Problem]:
    """A name is not one of the clouds' own; a level below restricted has a reason, and only such a level has one."""
    for name, namespace in environment.platform.namespaces.items():
        path: Path = ("platform", "namespaces", name)
        if name.startswith(_RESERVED):
            yield Problem(path, name, "Kubernetes and the clouds keep this name", "choose another name")
        if namespace.pod_security != "restricted" and namespace.reason is None:
            yield Problem(
                (*path, "pod_security"),
                namespace.pod_security,
                "a level below restricted needs a reason",
                "add `reason:`, or leave the level out",
            )
        if namespace.pod_security == "restricted" and namespace.reason is not None:
            yield Problem(
                (*path, "reason"),
                namespace.reason,
                "a reason excuses a level below restricted, and there is none",
                "remove it",
            )
    for needed in (_DATABASE, _PORTAL):
        if needed not in environment.platform.namespaces:
            yield Problem(
                ("platform", "namespaces"),
                ", ".join(environment.platform.namespaces),
                f"the {needed} has no namespace",
                f"add `{needed}:`",
            )


def flows(environment: Environment) -> Iterator[Problem]:
    """Both ends exist, and at least one of them lies in the cluster."""
    known = environment.platform.namespaces
    for key, flow in environment.platform.flows.items():
        for end in ("source", "target"):
            place = str(getattr(flow, end))
            if not place.startswith("@") and place.split("/")[0] not in known:
                yield Problem(
                    ("platform", "flows", key, end),
                    place,
                    "there is no such namespace",
                    f"choose one of {', '.join(known)}",
                )
        if flow.source.startswith("@") and flow.target.startswith("@"):
            yield Problem(
                ("platform", "flows", key, "source"),
                flow.source,
                "both ends lie outside the cluster, where its policies do not reach",
                "name a namespace at one end",
            )
        if flow.source == "@cloud-identity":
            yield Problem(
                ("platform", "flows", key, "source"),
                flow.source,
                "the credentials' address is asked and never asks",
                "make it the target",
            )


def groups(environment: Environment) -> Iterator[Problem]:
    """Each role has a group of its own: who is in the viewers' group must not hold break-glass with it."""
    seen: dict[str, str] = {}
    for name, role in environment.platform.access.roles().items():
        other = seen.setdefault(role.group.lower(), name)
        if other != name:
            yield Problem(
                ("platform", "access", name.replace("-", "_"), "group"),
                role.group,
                f"is the group of {other} too",
                "give each role a group of its own",
            )


def storage_classes(environment: Environment) -> Iterator[Problem]:
    """One class is the default; the database's is kept, and under the database's key."""
    classes, path = environment.platform.storage_classes, ("platform", "storage_classes")
    defaults = [name for name, storage in classes.items() if storage.default]
    if len(defaults) != 1:
        yield Problem(
            path,
            ", ".join(defaults) or "none",
            "exactly one class is the default",
            "mark one `default: true`",
        )
    own = classes.get(_DATABASE)
    if own is None:
        yield Problem(path, ", ".join(classes), "the database has no storage class", "add `database:`")
        return
    if own.key != "database":
        yield Problem(
            (*path, _DATABASE, "key"),
            own.key,
            "the database's volumes have a key of their own",
            "write `database`",
        )
    if not own.retain:
        yield Problem(
            (*path, _DATABASE, "retain"),
            own.retain,
            "a deleted claim would take the data along",
            "write `true`",
        )


def priority_classes(environment: Environment) -> Iterator[Problem]:
    """No two classes are of the same value, or the order among them would be chance."""
    counted = Counter(item.value for item in environment.platform.priority_classes.values())
    for name, item in environment.platform.priority_classes.items():
        if counted[item.value] > 1:
            yield Problem(
                ("platform", "priority_classes", name, "value"),
                item.value,
                "another class has this value",
                "give each a value of its own",
            )


def identities(environment: Environment) -> Iterator[Problem]:
    """A bound service account lies in a namespace of the platform and is bound once."""
    seen: dict[tuple[str, str], str] = {}
    for key, identity in environment.platform.identities.items():
        path: Path = ("platform", "identities", key)
        if identity.namespace not in environment.platform.namespaces:
            yield Problem(
                (*path, "namespace"),
                identity.namespace,
                "there is no such namespace",
                f"choose one of {', '.join(environment.platform.namespaces)}",
            )
        other = seen.setdefault((identity.namespace, identity.service_account), key)
        if other != key:
            yield Problem(
                (*path, "service_account"),
                identity.service_account,
                f"{other} is bound to this service account",
                "bind each service account once",
            )


def telemetry(environment: Environment) -> Iterator[Problem]:
    """Each residency has a Datadog site that keeps its telemetry in the same jurisdiction."""
    sites = environment.platform.datadog.sites
    for residency in sorted({region.residency for region in environment.regions.values()}):
        site = sites.get(residency)
        if site is None:
            yield Problem(
                ("platform", "datadog", "sites"),
                ", ".join(sites),
                f"regions of residency {residency} have no site",
                f"add `{residency}:`",
            )
        elif residency not in ("other", SITES[site]):
            fitting = [name for name, place in SITES.items() if place == residency]
            yield Problem(
                ("platform", "datadog", "sites", residency),
                site,
                f"keeps telemetry in {SITES[site]}; it names people and must stay in {residency}",
                f"choose {' or '.join(fitting)}",
            )
