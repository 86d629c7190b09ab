"""Where data of people in the EU may lie, under every failover: each store, key, log, backup and route of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.datadog import SITES
from meridian.model.edge_paths import leaks
from meridian.model.environment import Environment
from meridian.model.steering import balancers, pools
from meridian.model.units import platform_of
from meridian.plan import Plan, PlannedResource
from meridian.proofs.ranges import ranges
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.sql import Desired
from meridian.wording import counted

EU = "eu"
KINDS = {
    "gcp:storage/bucket:Bucket": "store",
    "aws:s3/bucket:Bucket": "store",
    "aws:cloudwatch/logGroup:LogGroup": "log",
    "gcp:container/cluster:Cluster": "cluster, with its secrets and volumes",
    "aws:eks/cluster:Cluster": "cluster, with its secrets and volumes",
    "gcp:kms/keyRing:KeyRing": "key ring",
    "aws:kms/key:Key": "key",
    "gcp:compute/disk:Disk": "volume",
    "aws:ebs/volume:Volume": "volume",
}
"""What lies in one region and can hold such data, or what such data is read with."""
_AUDIT = ("audit", "archive")
_UNAVOIDABLE = (
    "keys of rows at range boundaries stand in the meta ranges, which lie anywhere: region and random UUIDs only, by the schema",
    "system tables (statistics, jobs, statements) lie anywhere: histograms and diagnostics are off by the cluster settings",
    "a node that is started with a false locality is believed: the StatefulSets write it from the model",
    "a proxied request passes Cloudflare's places outside the EU unless the name is a regional one: EU visitors have their own",
)


def residency(environment: Environment, desired: Desired, plan: Plan) -> Proof:
    """Prove that everything that can hold data of people in the EU lies there; what the database cannot exclude is listed."""
    inside = frozenset(
        site.region
        for region in environment.regions.values()
        if region.residency == EU
        for site in region.sites().values()
    ) | {"eu", "europe"}
    found = [
        *_resources(environment, plan, inside),
        *_rows(environment, desired),
        *_backups(environment, desired),
        *_telemetry(environment),
        *_routes(environment),
    ]
    return Proof(
        "residency",
        "each resource of a unit that serves the EU, or that archives what names its people, against the EU's regions; "
        "each partition's constraint; each path of each load balancer, fallback included",
        {"regions in the EU": sorted(inside - {"eu", "europe"}), "resources": plan.count},
        tuple(found),
        (
            "a provider keeps what lies in a region in that region",
            "labels are written by the program, from the model",
        ),
        (
            "GDPR art. 44-49",
            "CockroachDB v26.2 docs, Data domiciling",
            "Cloudflare docs, Data Localization, 2026-11",
        ),
        {
            "where it may lie": [
                {
                    "what": finding.subject,
                    "claim": finding.claim,
                    "where": finding.value,
                    "verdict": finding.verdict.value,
                }
                for finding in found
            ],
            "what the products cannot exclude": [{"exception": text} for text in _UNAVOIDABLE],
        },
    )


def _finding(subject: str, claim: str, where: str, inside: bool, why: str = "") -> Finding:
    verdict = Verdict.HOLDS if inside else Verdict.FAILS
    return Finding(
        subject,
        claim,
        verdict,
        where or "nowhere",
        counterexample="" if inside else why or where,
        required=True,
    )


def _resources(environment: Environment, plan: Plan, inside: frozenset[str]) -> Iterator[Finding]:
    serving = {
        name
        for key, region in environment.regions.items()
        if region.residency == EU
        for name in (key, platform_of(key))
    }
    for each in plan:
        kind = KINDS.get(each.type)
        if kind is None or not each.stays or not (each.unit in serving or _labelled(each) or _audits(each)):
            continue
        where = plan.region(each)
        yield _finding(
            f"{each.unit}: {each.name}",
            f"a {kind} lies in the EU",
            where,
            where in inside,
            f"{each.type} would lie in {where}",
        )


def _labelled(resource: PlannedResource) -> bool:
    labels = resource.get("tags") or resource.get("labels") or resource.get("resourceLabels") or {}
    return isinstance(labels, dict) and labels.get("residency") == EU


def _audits(resource: PlannedResource) -> bool:
    """True for archives of audit logs: they name people of every region."""
    return (
        resource.unit == "foundation"
        and KINDS[resource.type] == "store"
        and any(w in resource.name for w in _AUDIT)
    )


def _rows(environment: Environment, desired: Desired) -> Iterator[Finding]:
    eu = {key for key, region in environment.regions.items() if region.residency == EU}
    for group in ranges(desired):
        if not group.personal:
            continue
        if group.home is None:
            yield _finding(
                group.name, "rows with personal data have a home", "anywhere", False, "no partition"
            )
        elif group.home in eu:
            within = group.demand.within
            where = ", ".join(sorted(within)) if within else "any region"
            yield _finding(
                f"{group.name} with {counted(len(group.parts) - 1, 'index', 'indexes')}",
                "all replicas stay in the EU under every failover",
                where,
                within is not None and within <= eu,
                f"voters may lie in {where}",
            )


def _backups(environment: Environment, desired: Desired) -> Iterator[Finding]:
    for region, target in sorted(desired.parameters.backups.items()):
        if environment.regions[region].residency == EU:
            yield _finding(
                f"backups of {region}",
                "backups lie in the EU",
                target.residency,
                target.residency == EU,
                target.uri,
            )


def _telemetry(environment: Environment) -> Iterator[Finding]:
    for residency, site in environment.platform.datadog.sites.items():
        if residency == EU:
            inside = SITES[site] == EU
            yield _finding(
                "Datadog of the EU's clusters",
                "logs and traces go to an EU site",
                site,
                inside,
                f"{site} is no EU site",
            )
    for region in environment.regions:
        if environment.regions[region].residency == EU:
            where = environment.edge.logs.destination(region)
            inside = environment.regions[where].residency == EU
            yield _finding(
                f"request logs of {region}'s visitors", "the edge's logs lie in the EU", where, inside
            )


def _routes(environment: Environment) -> Iterator[Finding]:
    known = pools(environment)
    origins = {key: (pool.origin,) for key, pool in known.items()}
    inside = [pool.origin for pool in known.values() if pool.residency == EU]
    for key, balancer in balancers(environment).items():
        inputs = {
            "default_pools": balancer.default_pools,
            "fallback_pool": balancer.fallback_pool,
            "region_pools": balancer.region_pools,
            "country_pools": balancer.country_pools,
        }
        out = leaks(inputs, origins, inside, only_eu_visitors=key == "eu")
        yield _finding(
            balancer.hostname,
            "no path leads a visitor from the EU out of it",
            f"{len(origins)} pools, every list and the fallback",
            not out,
            "; ".join(f"{path.by} leads to {path.pool}" for path in out[:3]),
        )
