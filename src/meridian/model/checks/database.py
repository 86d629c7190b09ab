"""The database's machines, memory, volumes, join list and authority (CockroachDB v26.2 docs, "Production checklist")."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.database import GIB
from meridian.model.environment import Environment
from meridian.model.machines import MACHINES, Machine
from meridian.model.problems import Path, Problem, shown
from meridian.model.regions import Cloud
from meridian.model.topology import JOIN_PER_REGION, NAMESPACE, join_nodes, node_identity, nodes_of

LEAST_CPU = 8
MEMORY_PER_CPU_GIB = 4
POD_MEMORY_PER_CPU_GIB = 3
"""What is left of the machine's 4 GiB per vCPU when system and agents have taken theirs."""
IOPS_PER_CPU, MIB_PER_CPU = 500, 30
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def machines(environment: Environment) -> Iterator[Problem]:
    """A database machine has at least 8 vCPUs and 4 GiB for each, and its vCPUs are whole ones."""
    for path, name, machine, _ in _machines(environment):
        if machine.burstable:
            yield Problem(
                path, name, "is burstable: its vCPUs run out under load", "choose a type with whole vCPUs"
            )
        if machine.cpu < LEAST_CPU or machine.memory_gib < MEMORY_PER_CPU_GIB * machine.cpu:
            yield Problem(
                path,
                name,
                f"has {machine.cpu} vCPU and {machine.memory_gib:g} GiB; a node's machine has at least "
                f"{LEAST_CPU} vCPU and {MEMORY_PER_CPU_GIB} GiB for each",
                "choose n2-standard-8 or m6i.2xlarge, or larger",
            )


def memory_rule(environment: Environment) -> Iterator[Problem]:
    """`2 x SQL memory + cache` stays within 80 % of the pod's memory, and there is enough memory for the vCPUs."""
    database = environment.database
    cache, sql_memory = database.memory_split()
    if 2 * sql_memory + cache > 0.8 * database.memory_gib * GIB:
        field = "cache_mib" if database.cache_mib else "sql_memory_mib"
        yield Problem(
            ("database", field),
            getattr(database, field),
            f"2 x {sql_memory} MiB of SQL memory + {cache} MiB of cache are above 80 % of {database.memory_gib} GiB",
            "lower it, or leave it out: a quarter of the memory each",
        )
    if database.memory_gib < POD_MEMORY_PER_CPU_GIB * database.cpu:
        yield Problem(
            ("database", "memory_gib"),
            database.memory_gib,
            f"is below {POD_MEMORY_PER_CPU_GIB} GiB for each of {database.cpu} vCPU",
            f"give at least {POD_MEMORY_PER_CPU_GIB * database.cpu} GiB or fewer vCPUs",
        )


def volume_rule(environment: Environment) -> Iterator[Problem]:
    """The volume delivers what the machine's vCPUs need, and the cloud's disk of this size delivers the volume."""
    volume, size = environment.database.volume, environment.database.storage_gib
    cpu = max((machine.cpu for _, _, machine, _ in _machines(environment)), default=0)
    for field, have, each in (
        ("iops", volume.iops, IOPS_PER_CPU),
        ("throughput_mib", volume.throughput_mib, MIB_PER_CPU),
    ):
        if have < each * cpu:
            yield Problem(
                ("database", "volume", field),
                have,
                f"is below {each} for each of the machine's {cpu} vCPU",
                f"give at least {each * cpu}",
            )
    # pd-ssd: 6,000 IOPS and 240 MiB/s, and 30 and 0.48 more for each GiB (Persistent Disk docs, "Performance", 2026-11);
    # gp3: at most 500 IOPS for each GiB, and a quarter of a MiB/s for each IOPS (Amazon EBS docs, "gp3", 2026-11).
    limits: dict[Cloud, tuple[float, float]] = {
        "gcp": (6000 + 30 * size, 240 + 0.48 * size),
        "aws": (min(16000, 500 * size), min(1000, 0.25 * volume.iops)),
    }
    for cloud in sorted({cloud for _, _, _, cloud in _machines(environment)}):
        iops, throughput = limits[cloud]
        if volume.iops > iops or volume.throughput_mib > throughput:
            yield Problem(
                ("database", "volume"),
                f"{volume.iops} IOPS, {volume.throughput_mib} MiB/s",
                f"{cloud}'s disk of {size} GiB delivers at most {iops:.0f} and {throughput:.0f}",
                "raise storage_gib or lower the volume's figures",
            )


def join_list(environment: Environment) -> Iterator[Problem]:
    """Every region gives more than one address to join, so that a node finds the cluster when one is down."""
    for name, region in environment.regions.items():
        found = sum(node.region == name for node in join_nodes(environment))
        if found < JOIN_PER_REGION:
            yield Problem(
                ("regions", name, "database"),
                sorted(region.database),
                f"the join list takes {JOIN_PER_REGION} nodes of each region",
                f"place at least {JOIN_PER_REGION} nodes here",
            )


def authorities(environment: Environment) -> Iterator[Problem]:
    """What signs is trusted; two trusted generations follow each other."""
    certificates = environment.database.certificates
    path: Path = ("database", "certificates")
    if certificates.signing not in certificates.trusted:
        yield Problem(
            (*path, "signing"),
            certificates.signing,
            f"is not among the trusted generations {shown(certificates.trusted)}: no node would believe another",
            "first trust both generations, then sign with the new one, then drop the old one",
        )
    trusted = certificates.trusted
    if len(trusted) == 2 and trusted[1] != trusted[0] + 1:
        yield Problem(
            (*path, "trusted"),
            list(trusted),
            "an overlap joins a generation and the one after it, in this order",
            f"write [{trusted[0]}, {trusted[0] + 1}]",
        )


def renewal(environment: Environment) -> Iterator[Problem]:
    """A certificate is renewed within its life."""
    certificates = environment.database.certificates
    shortest = min(certificates.node_days, certificates.client_days)
    if certificates.renew_days >= shortest:
        yield Problem(
            ("database", "certificates", "renew_days"),
            certificates.renew_days,
            f"certificates live {shortest} days: each `up` would sign anew",
            f"choose fewer than {shortest}",
        )


def clients(environment: Environment) -> Iterator[Problem]:
    """`root` has a certificate, since a secure cluster is initialised with it; `node` is no client's name."""
    names = environment.database.certificates.clients
    path: Path = ("database", "certificates", "clients")
    if "root" not in names.values():
        yield Problem(path, sorted(names.values()), "root initialises a secure cluster", "add {root: root}")
    for key, name in names.items():
        if name == "node":
            yield Problem(
                (*path, key), name, "a client with this name would be a node", "choose another name"
            )


def names(environment: Environment) -> Iterator[Problem]:
    """The nodes' names are answered in every cluster: two pods more than nodes, and a load balancer for the others."""
    own = environment.platform.namespaces.get(NAMESPACE)
    if own is None:
        return
    path: Path = ("platform", "namespaces", NAMESPACE, "quota")
    most = max(len(nodes_of(environment, cluster)) for cluster in environment.clusters())
    if own.quota.load_balancers < 1:
        yield Problem(
            (*path, "load_balancers"),
            own.quota.load_balancers,
            "the other clusters ask for the nodes' names at an inner load balancer",
            "give 1",
        )
    # A pod more while the resolver's Deployment is replaced.
    if own.quota.pods < most + 3:
        yield Problem(
            (*path, "pods"),
            own.quota.pods,
            f"{most} database nodes and the resolver of their names are {most + 3} pods",
            f"give at least {most + 3}",
        )


def account(environment: Environment) -> Iterator[Problem]:
    """The nodes run under a service account of their namespace, by which they write backups."""
    if node_identity(environment) is None:
        yield Problem(
            ("platform", "identities"),
            sorted(environment.platform.identities),
            f"none in namespace {NAMESPACE} takes backups: the database's nodes have no service account for them",
            "add one with `access: backups`",
        )


def upgrades_apart(environment: Environment) -> Iterator[Problem]:
    """No two clusters that hold database nodes are upgraded at the same hours.

    A disruption budget ends at its cluster: drained side by side, the clusters of several regions would take several
    replicas of one system range at once.
    """
    seen: list[tuple[set[int], str]] = []
    for name, (region, cloud, cluster) in sorted(environment.clusters().items()):
        if not nodes_of(environment, name):
            continue
        window = cluster.maintenance
        first = _DAYS.index(window.day) * 24 + int(window.start[:2])
        hours = {(first + hour) % 168 for hour in range(window.hours + (window.start[3:] != "00"))}
        other = next((found for taken, found in seen if taken & hours), None)
        if other:
            yield Problem(
                ("regions", region.key, cloud, "cluster", "maintenance"),
                f"{window.day} {window.start}, {window.hours} h",
                f"{other} holds database nodes too and is upgraded at the same hours",
                "choose hours that no other cluster has",
            )
        seen.append((hours, name))


def _machines(environment: Environment) -> Iterator[tuple[Path, str, Machine, Cloud]]:
    for name, region in environment.regions.items():
        for cloud in sorted({node.cloud for node in region.database.values()}):
            pool = region.sites()[cloud].cluster.pools.get("database")
            machine = MACHINES[cloud].get(pool.machine_type) if pool else None
            if pool and machine:
                path: Path = ("regions", name, cloud, "cluster", "pools", "database", "machine_type")
                yield path, pool.machine_type, machine, cloud
