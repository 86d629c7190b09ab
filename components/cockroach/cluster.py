"""The database's part of one Kubernetes cluster: its nodes and all that they share there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Service, ServicePortArgs, ServiceSpecArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components.cockroach.certificate import Certificate
from components.cockroach.google import NAME as GOOGLE
from components.cockroach.google import GoogleSignIn, config_data
from components.cockroach.logs import log_config
from components.cockroach.names import PUBLIC
from components.cockroach.network_policies import NetworkPoliciesArgs, database_policies
from components.cockroach.node import SKIP_AWAIT, DatabaseNode, NodeArgs
from components.cockroach.pod import APP, STORE
from components.cockroach.resolver import Resolver, ResolverArgs
from components.cockroach.store_keys import StoreKeys, StoreKeysArgs
from meridian.model.environment import Environment
from meridian.model.topology import (
    NAMESPACE,
    database_ranges,
    host,
    join_addresses,
    nodes,
    nodes_of,
    resolver_addresses,
    resolver_cluster_address,
)


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """The environment holds the topology; the rest is what the cluster's platform and the authority give."""

    environment: Environment
    cluster: str
    namespace: pulumi.Input[str]
    """Resolves when the namespace has its quota and limits."""
    service_account: pulumi.Input[str]
    storage_class: str
    priority_class: str
    authority: pulumi.Input[str]
    """Every trusted authority's certificate, PEM."""
    certificates: Mapping[str, Certificate]
    """By node."""
    google_provider: pulumi.Input[str] | None = None
    """On AWS: full name of the pool's provider by which Google Cloud takes this cluster's tokens."""
    protect: bool


class Database(pulumi.ComponentResource):
    """The nodes of one cluster, their keys, names, services, budget and flows; initialises no cluster."""

    nodes: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cockroach:Database", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        environment, database = args.environment, args.environment.database
        namespace = args.namespace
        region, cloud, cluster = environment.clusters()[args.cluster]
        here = nodes_of(environment, args.cluster)
        config = log_config(database.logs, f"{STORE}/logs")
        logs = ConfigMap(
            f"{name}-config",
            metadata=ObjectMetaArgs(name="cockroachdb", namespace=namespace, labels=APP),
            data={"logs.yaml": config},
            opts=child,
        )
        keys = StoreKeys(
            f"{name}-store-keys",
            StoreKeysArgs(encryption=database.encryption, namespace=namespace, protect=args.protect),
            child,
        )
        sign_in = self._google(name, args, child)
        self._services(name, args, child)
        PodDisruptionBudget(
            f"{name}-budget",
            metadata=ObjectMetaArgs(name="cockroachdb", namespace=namespace, labels=APP),
            spec=PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=LabelSelectorArgs(match_labels=APP)),
            opts=child,
        )
        self._network(name, args, child)
        resolver = resolver_cluster_address(region.sites()[cloud])
        self.nodes = {
            node.key: DatabaseNode(
                f"{name}-{node.key}",
                NodeArgs(
                    node=node,
                    database=database,
                    pool=cluster.pools["database"],
                    advertise=f"{host(environment, node.key)}:{database.sql_port}",
                    join=join_addresses(environment),
                    resolver=resolver,
                    namespace=namespace,
                    service_account=args.service_account,
                    storage_class=args.storage_class,
                    priority_class=args.priority_class,
                    config_map=logs.metadata.name.apply(lambda given: given or "cockroachdb"),
                    config=config,
                    key_secret=keys.secret,
                    authority=args.authority,
                    certificate=args.certificates[node.key],
                    google=sign_in,
                    protect=args.protect,
                ),
                child,
            ).name
            for node in here
        }
        self.register_outputs({"nodes": self.nodes})

    @staticmethod
    def _google(name: str, args: DatabaseArgs, child: pulumi.ResourceOptions) -> GoogleSignIn | None:
        """Add the file by which nodes outside Google Cloud reach the buckets of their backups."""
        if args.google_provider is None:
            return None
        config_map = ConfigMap(
            f"{name}-google",
            metadata=ObjectMetaArgs(name=GOOGLE, namespace=args.namespace, labels=APP),
            data=config_data(args.google_provider),
            opts=child,
        )
        return GoogleSignIn(
            config_map=config_map.metadata.name.apply(lambda given: given or GOOGLE),
            provider=args.google_provider,
        )

    @staticmethod
    def _services(name: str, args: DatabaseArgs, child: pulumi.ResourceOptions) -> None:
        """Add the service of all nodes here by address, and the one that clients of this cluster use."""
        database = args.environment.database
        ports = [
            ServicePortArgs(name="sql", port=database.sql_port, target_port="sql"),
            ServicePortArgs(name="http", port=database.http_port, target_port="http"),
        ]
        Service(
            f"{name}-headless",
            metadata=ObjectMetaArgs(
                name="cockroachdb", namespace=args.namespace, labels=APP, annotations=SKIP_AWAIT
            ),
            spec=ServiceSpecArgs(
                cluster_ip="None", publish_not_ready_addresses=True, selector=APP, ports=ports
            ),
            opts=child,
        )
        Service(
            f"{name}-public",
            metadata=ObjectMetaArgs(
                name=PUBLIC, namespace=args.namespace, labels=APP, annotations=SKIP_AWAIT
            ),
            spec=ServiceSpecArgs(selector=APP, ports=ports),
            opts=child,
        )

    @staticmethod
    def _network(name: str, args: DatabaseArgs, child: pulumi.ResourceOptions) -> None:
        environment, database = args.environment, args.environment.database
        region, cloud, _ = environment.clusters()[args.cluster]
        site = region.sites()[cloud]
        elsewhere = {
            node.key: resolver_addresses(environment.regions[node.region].sites()[node.cloud])
            for node in nodes(environment)
            if node.cluster != args.cluster
        }
        Resolver(
            f"{name}-resolver",
            ResolverArgs(
                database=database,
                cloud=cloud,
                namespace=args.namespace,
                priority_class=args.priority_class,
                own={
                    host(environment, node.key): f"{node.key}.{NAMESPACE}.svc.cluster.local"
                    for node in nodes_of(environment, args.cluster)
                },
                others={host(environment, key): servers for key, servers in elsewhere.items()},
                cluster_address=resolver_cluster_address(site),
                inner_addresses=resolver_addresses(site),
                askers=[str(cidr) for cidr in database_ranges(environment.regions)],
            ),
            child,
        )
        database_policies(
            f"{name}-flows",
            NetworkPoliciesArgs(
                namespace=args.namespace,
                database=database,
                nodes=[str(cidr) for cidr in database_ranges(environment.regions)],
                resolvers=sorted(set(chain.from_iterable(elsewhere.values()))),
                balancers=[f"{address}/32" for address in resolver_addresses(site)],
            ),
            child,
        )
