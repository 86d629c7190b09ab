"""The database's share of a platform: what the foundation signed, put where the model places it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.cockroach.certificate import Certificate
from components.cockroach.cluster import Database, DatabaseArgs
from meridian.model.topology import NAMESPACE, Node, node_identity, nodes_of
from meridian.program import providers
from meridian.program.context import Context
from meridian.program.refs import Upstream

STORAGE_CLASS = "database"
PRIORITY_CLASS = "meridian-database"


class DatabasePlacement:
    """Puts the database on one cluster after another; reads the foundation once and draws keys by one provider."""

    def __init__(self, context: Context) -> None:
        _require_digests(context)
        self._context = context
        self._foundation = Upstream(context.environment, "foundation")
        self._random = providers.random()

    def place(
        self,
        kind: str,
        cluster: str,
        provider: pulumi.ProviderResource,
        namespaces: Mapping[str, pulumi.Input[str]],
        accounts: Mapping[str, pulumi.Input[str]],
        google_provider: pulumi.Input[str] | None,
    ) -> Database | None:
        """Make the nodes of a cluster, or nothing where the model places none; accounts are by identity."""
        environment = self._context.environment
        here = nodes_of(environment, cluster)
        if not here:
            return None
        account = node_identity(environment)
        assert account is not None, "refused with the data"
        return Database(
            f"{kind}-database",
            DatabaseArgs(
                environment=environment,
                cluster=cluster,
                namespace=namespaces[NAMESPACE],
                service_account=accounts[account],
                storage_class=STORAGE_CLASS,
                priority_class=PRIORITY_CLASS,
                authority=self._told("bundle"),
                certificates={node.key: self._certificate(node) for node in here},
                google_provider=google_provider,
                protect=self._context.protect,
            ),
            providers.using(provider, self._random),
        )

    def _certificate(self, node: Node) -> Certificate:
        return Certificate(
            certificate=self._told("nodes", node.key, "certificate"),
            key=pulumi.Output.secret(self._told("nodes", node.key, "key")),
        )

    def _told(self, *path: str) -> pulumi.Output[str]:
        return self._foundation.get("database_certificates", *path).apply(str)


def _require_digests(context: Context) -> None:
    """Refuse to run an image that nobody has checked; a preview only warns, and simulated nodes run no image."""
    database = context.environment.database
    for field, image in (("image", database.image), ("resolver_image", database.resolver_image)):
        if image.digest or not context.protect:
            continue
        told = (
            f"database.{field}.digest is not set: {image.reference()} may be another image tomorrow; "
            f'fix: write the digest that you checked (docs/cockroachdb.md, "The image")'
        )
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(told)
        pulumi.log.warn(told)
