"""Whether the merged plan does what the data says: proofs of the data alone would prove intentions."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.topology import nodes
from meridian.model.units import platform_of
from meridian.plan import UNKNOWN, Plan, PlannedResource
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.sql import Desired, Parameters, desired

SCHEMA = "meridian:sql:Schema"
_CLUSTERS = {"gcp": "gcp:container/cluster:Cluster", "aws": "aws:eks/cluster:Cluster"}
_STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
_MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"


def planned_schema(plan: Plan) -> Desired | None:
    """Return what the plan would make of the database; None when it has no schema, or knows it only after an upstream."""
    for each in plan.of(SCHEMA):
        text = each.get("desired")
        if isinstance(text, str) and text != UNKNOWN:
            return Desired.from_json(text)
    return None


def agreement(environment: Environment, plan: Plan) -> Proof:
    """Prove that clusters, pools, database nodes, schema and monitors of the plan are those of the data."""
    found = [
        *_clusters(environment, plan),
        *_pools(environment, plan),
        *_database(environment, plan),
        *_monitors(environment, plan),
    ]
    return Proof(
        "agreement",
        "each figure of the plan against the same figure of the data; a unit that is not in the plan is not examined",
        {"units": sorted(plan.units)},
        tuple(found),
    )


def _compare(subject: str, claim: str, planned: object, wanted: object) -> Finding:
    same = planned == wanted
    return Finding(
        subject,
        claim,
        Verdict.HOLDS if same else Verdict.FAILS,
        value=str(planned),
        bound=str(wanted),
        counterexample="" if same else f"the plan has {planned}, the data {wanted}",
        required=True,
    )


def _clusters(environment: Environment, plan: Plan) -> Iterator[Finding]:
    for key, region in environment.regions.items():
        if key not in plan.units:
            continue
        for cloud, site in region.sites().items():
            planned = [
                (each.get("name"), plan.region(each))
                for each in plan.of(_CLUSTERS[cloud])
                if each.unit == key
            ]
            yield _compare(
                f"{key} on {cloud}", "the cluster and its region", planned, [(site.cluster.name, site.region)]
            )


def _pools(environment: Environment, plan: Plan) -> Iterator[Finding]:
    for key, region in environment.regions.items():
        if key not in plan.units:
            continue
        wanted = sorted((pool.min_nodes, pool.max_nodes) for pool in region.gcp.cluster.pools.values())
        planned = sorted(
            (each.get("autoscaling", "totalMinNodeCount"), each.get("autoscaling", "totalMaxNodeCount"))
            for each in plan.of("gcp:container/nodePool:NodePool")
            if each.unit == key
        )
        yield _compare(f"{key} on gcp", "least and most nodes of the pools, in total", planned, wanted)
        wanted = sorted((pool.min_nodes, pool.max_nodes) for pool in region.aws.cluster.pools.values())
        planned = sorted(
            (each.get("scalingConfig", "minSize"), each.get("scalingConfig", "maxSize"))
            for each in plan.of("aws:eks/nodeGroup:NodeGroup")
            if each.unit == key
        )
        yield _compare(f"{key} on aws", "least and most nodes of the pools, in total", planned, wanted)


def _database(environment: Environment, plan: Plan) -> Iterator[Finding]:
    for key in environment.regions:
        unit = platform_of(key)
        if unit not in plan.units:
            continue
        planned = sorted(
            str(each.get("metadata", "name"))
            for each in plan.of(_STATEFUL_SET)
            if each.unit == unit and _is_node(each)
        )
        wanted = sorted(node.key for node in nodes(environment) if node.region == key)
        yield _compare(key, "the database's nodes", planned, wanted)
    schema = planned_schema(plan)
    if schema is not None:
        # Buckets and keys are the program's own to name; everything else is the data's.
        wanted_schema = desired(environment, Parameters.model_validate(schema.parameters.model_dump()))
        same = schema == wanted_schema
        yield Finding(
            "database",
            "schema, placement and form",
            Verdict.HOLDS if same else Verdict.FAILS,
            value="as the data says" if same else "another than the data's",
            counterexample="" if same else ", ".join(_differing(schema, wanted_schema)),
            required=True,
        )


def _is_node(resource: PlannedResource) -> bool:
    return "meridian:cockroach" in resource.urn


def _differing(one: Desired, other: Desired) -> list[str]:
    return [name for name in Desired.model_fields if getattr(one, name) != getattr(other, name)]


def _monitors(environment: Environment, plan: Plan) -> Iterator[Finding]:
    monitor = environment.edge.monitor
    names = {
        "interval": monitor.interval,
        "timeout": monitor.timeout,
        "retries": monitor.retries,
        "consecutiveDown": monitor.consecutive_down,
        "consecutiveUp": monitor.consecutive_up,
        "path": monitor.path,
    }
    for each in plan.of(_MONITOR):
        yield _compare(
            f"monitor {each.name}", "how a loss is found", {name: each.get(name) for name in names}, names
        )
