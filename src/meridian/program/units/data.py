"""data: the database comes alive - initialised once, its schema, roles, placement and backups applied as SQL."""

from __future__ import annotations

import pulumi

from components.cockroach.certificate import Certificate
from components.cockroach.database import DatabaseSchema, EmbeddedDatabase, SqlConnection
from components.cockroach.processes import processes
from meridian.model.topology import NAMESPACE, Node, host, nodes
from meridian.program import naming, providers
from meridian.program.context import Context
from meridian.program.refs import Upstream
from meridian.sql import BackupTarget, Desired, Parameters, desired

CLUSTER_DIALECT = "cockroachdb"


def wire(context: Context) -> None:
    """Make the unit; which server takes the schema is the environment's data (`database.access`)."""
    if context.environment.database.access.server == "embedded":
        _on_this_machine(context)
    else:
        _on_the_clusters(context)


def _on_the_clusters(context: Context) -> None:
    environment = context.environment
    database, access = environment.database, environment.database.access
    foundation = Upstream(environment, "foundation")
    root = Certificate(
        certificate=foundation.get("database_certificates", "clients", "root", "certificate"),
        key=foundation.get("database_certificates", "clients", "root", "key"),
    )
    authority = foundation.get("database_certificates", "bundle")
    aim = desired(environment, Parameters(backups=_backups(context), licence=access.licence))
    first = next(node for node in nodes(environment) if node.region == aim.primary_region)
    job = _initialised(context, first, authority, root)
    reached = access.host or host(environment, first.key)
    schema = DatabaseSchema(
        "schema",
        desired=aim,
        dialect=CLUSTER_DIALECT,
        connection=SqlConnection(
            host=reached, port=database.sql_port, user="root", authority=authority, client=root
        ),
        licence=_licence(context) if access.licence else None,
        restored=access.restored,
        opts=pulumi.ResourceOptions(
            provider=providers.own(), depends_on=[job], protect=context.protect, retain_on_delete=True
        ),
    )
    _export(aim, schema, CLUSTER_DIALECT, reached, database.sql_port)


def _on_this_machine(context: Context) -> None:
    import pulumi_random

    environment = context.environment
    on_own = pulumi.ResourceOptions(provider=providers.own())
    on_random = pulumi.ResourceOptions(provider=providers.random())
    aim = desired(environment)
    server = EmbeddedDatabase("database", database=aim.name, processes=processes(environment), opts=on_own)
    # PostgreSQL's build has no TLS, so roles sign in by password (SCRAM); on CockroachDB by certificate, as on the clusters.
    passwords = {
        role: pulumi_random.RandomPassword(
            f"password-{role}", length=32, special=False, opts=on_random
        ).result
        for role, what in environment.tables.roles.items()
        if what.login
    }
    schema = DatabaseSchema(
        "schema",
        desired=aim,
        dialect=server.engine,
        connection=server,
        passwords=passwords,
        opts=on_own,
    )
    _export(aim, schema, server.engine, server.host, server.port)
    pulumi.export("passwords", pulumi.Output.secret(passwords))


def _export(
    aim: Desired,
    schema: DatabaseSchema,
    dialect: pulumi.Input[str],
    reached: pulumi.Input[str],
    port: pulumi.Input[int],
) -> None:
    pulumi.export(
        "database",
        {
            "name": aim.name,
            "form": aim.form,
            "dialect": dialect,
            "host": reached,
            "port": port,
            "schema": schema.digest,
            "only_parsed": schema.parsed,
        },
    )


def _initialised(
    context: Context, node: Node, authority: pulumi.Input[str], root: Certificate
) -> pulumi.Resource:
    from components.cockroach.init import InitJob, InitJobArgs  # only here is the SDK of Kubernetes needed

    region = context.environment.regions[node.region]
    kind = {"gcp": "gke", "aws": "eks"}[node.cloud]
    upstream = Upstream(context.environment, node.region)
    cluster = providers.kubernetes(
        kind,
        upstream.get("clusters", kind, "kubeconfig").apply(str),
        upstream.get("clusters", kind, "id").apply(str),
    )
    return InitJob(
        "init",
        InitJobArgs(
            database=context.environment.database,
            node=node.key,
            namespace=NAMESPACE,
            authority=authority,
            root=root,
            labels={
                "meridian.dev/environment": context.environment.environment,
                "meridian.dev/region": region.key,
                "meridian.dev/residency": region.residency,
            },
        ),
        providers.using(cluster),
    )


def _backups(context: Context) -> dict[str, BackupTarget]:
    """Return each region's bucket and key on Google Cloud; their names are the model's, so a preview knows them."""
    environment = context.environment
    return {
        key: BackupTarget(
            uri=f"gs://{naming.bucket(environment, 'gcp', f'backups-{key}')}?AUTH=implicit",
            kms=f"gs:///projects/{environment.gcp.project}/locations/{region.gcp.region}"
            f"/keyRings/{context.prefix}-{key}/cryptoKeys/backups?AUTH=implicit",
            residency=region.residency,
        )
        for key, region in environment.regions.items()
    }


def _licence(context: Context) -> pulumi.Output[str]:
    """Return the licence from the stack's secret settings; in a preview it may be missing."""
    found = pulumi.Config().get_secret("databaseLicence")
    if found is not None:
        return found
    stack = f"{context.environment.environment}-{context.unit}"
    message = (
        f"database.access.licence is {context.environment.database.access.licence} but stack {stack} has no "
        f"`databaseLicence`; fix: pulumi config set --secret databaseLicence -s {stack}"
    )
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(message)
    pulumi.log.warn(message)
    return pulumi.Output.secret("not set yet")
