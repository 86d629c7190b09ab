"""Where things lie: what carries a residency lies in it, its backups, keys and logs too; everything is labelled."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from meridian.compliance.rule import Problem, Scene, Scope, Severity, resource_rule, stack_rule
from meridian.model.datadog import SITES
from meridian.model.places import AWS_REGIONS, GCP_REGIONS
from meridian.plan import Plan, PlannedResource
from policies.rules.reading import labels, residency, secret, unknown

_MULTI = {"eu": "eu", "us": "us", "asia": "asia"}
"""Google's multi-regions lie within one jurisdiction."""
_LABELLED = (
    "aws:s3/bucket:Bucket",
    "aws:kms/key:Key",
    "aws:eks/cluster:Cluster",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudtrail/trail:Trail",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/role:Role",
    "gcp:storage/bucket:Bucket",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:container/cluster:Cluster",
)
_WANTED = ("environment", "owner", "residency", "unit")
_WANTED_KUBERNETES = ("meridian.dev/environment", "meridian.dev/residency")


def jurisdiction(region: str) -> str:
    """Return the jurisdiction of a cloud's region or zone; empty for one that the table of places does not know."""
    for table in (GCP_REGIONS, AWS_REGIONS):
        if region in table:
            return table[region].residency
        found = next((place.residency for place in table.values() if region in place.zones), None)
        if found:
            return found
    return _MULTI.get(region, "")


@stack_rule(
    "residency-of-resources",
    "What carries a residency lies in it",
    Severity.CRITICAL,
    "make it with the provider of a region in that jurisdiction",
)
def residency_of_resources(scene: Scene) -> Iterator[Problem]:
    """A resource says its residency by its label, or else its whole unit does."""
    of_unit = {unit: _residency_of(resources) for unit, resources in scene.plan.units.items()}
    for resource in scene.plan:
        claim = residency(resource) or of_unit.get(resource.unit, "")
        if not resource.stays or not resource.custom or claim in ("", "global") or unknown(claim):
            continue
        if resource.type.startswith(("pulumi:", "kubernetes:", "cloudflare:", "aws:iam", "aws:route53")):
            continue
        where = scene.plan.region(resource)
        if not where or unknown(where) or where == "global":
            continue
        found = jurisdiction(where)
        if found != claim:
            yield Problem(
                resource, f"lies in {where} ({found or 'an unknown jurisdiction'})", f"it stays in {claim}"
            )


def _residency_of(resources: tuple[PlannedResource, ...]) -> str:
    claims = {residency(each) for each in resources if each.stays} - {""}
    return claims.pop() if len(claims) == 1 else ""


@stack_rule(
    "residency-of-log-sinks",
    "Logs stay in the jurisdiction of what they tell of; archives of all regions lie in the EU",
    Severity.CRITICAL,
    "name a destination in the jurisdiction: a bucket of the region, the Datadog site of the residency",
    scope=Scope.ESTATE,
)
def residency_of_log_sinks(scene: Scene) -> Iterator[Problem]:
    """Audit logs of all regions name people in the EU too, so they may lie nowhere else."""
    archives = {str(each.get("s3BucketName")) for each in scene.plan.of("aws:cloudtrail/trail:Trail")}
    archives |= {
        str(each.get("destination")).removeprefix("storage.googleapis.com/")
        for each in scene.plan.of("gcp:logging/projectSink:ProjectSink")
    }
    for bucket in scene.plan.of("aws:s3/bucket:Bucket", "gcp:storage/bucket:Bucket"):
        if {bucket.get("bucket"), bucket.get("name")} & archives:
            where = scene.plan.region(bucket)
            if where and not unknown(where) and jurisdiction(where) != "eu":
                yield Problem(bucket, f"lies in {where}", "an archive of all regions' logs lies in the EU")
    for agent in scene.plan.of("kubernetes:datadoghq.com/v2alpha1:DatadogAgent"):
        site, claim = agent.get("spec", "global", "site"), residency(agent)
        if isinstance(site, str) and not unknown(site) and claim in ("eu", "us", "asia"):
            lies = {str(key): value for key, value in SITES.items()}.get(site, "")
            if claim == "eu" and lies != "eu":
                yield Problem(agent, f"site {site}", "telemetry of the EU's clusters goes to an EU site")


@stack_rule(
    "residency-of-backups",
    "Each region's backups and their keys lie in its jurisdiction",
    Severity.CRITICAL,
    "name the region's own bucket and key in the database's parameters",
)
def residency_of_backups(scene: Scene) -> Iterator[Problem]:
    """The place of the bucket counts where the plan holds it; what is written about it otherwise."""
    from policies.rules.database import desired_of

    for schema in scene.plan.of("meridian:sql:Schema"):
        wanted = desired_of(schema)
        if wanted is None:
            continue
        for region, target in sorted(wanted.parameters.backups.items()):
            claim = wanted.residencies.get(region, "")
            lies = _bucket_jurisdiction(scene.plan, target.uri) or target.residency
            if lies != claim:
                yield Problem(schema, f"backups of {region} lie in {lies}", f"they stay in {claim}")


def _bucket_jurisdiction(plan: Plan, uri: str) -> str:
    name = urlsplit(uri).netloc
    for bucket in plan.of("aws:s3/bucket:Bucket", "gcp:storage/bucket:Bucket"):
        if name in (bucket.get("bucket"), bucket.get("name")):
            return jurisdiction(plan.region(bucket))
    return ""


@resource_rule(
    "labels",
    "Everything that can be labelled says environment, owner, residency and unit",
    Severity.LOW,
    "meridian.program.labels gives them; a foreign program sets the same four",
    *_LABELLED,
    "kubernetes:core/v1:Namespace",
)
def labels_present(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Who answers for it and whose data it is must not depend on somebody's memory."""
    wanted = _WANTED_KUBERNETES if resource.type.startswith("kubernetes:") else _WANTED
    have = labels(resource)
    if unknown(resource.get("tags")) or secret(resource.get("labels")):
        return
    missing = [name for name in wanted if not have.get(name)]
    if missing:
        yield Problem(
            resource, f"without {', '.join(missing)}", "owner and residency of everything are known"
        )
