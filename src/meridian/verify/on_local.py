"""The checks of what runs on this machine."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from meridian.local.client import ClusterInfo, LocalClouds
from meridian.local.database import reach
from meridian.local.issuer import Signer
from meridian.model.environment import Environment
from meridian.paths import Checkout
from meridian.verify import access, encryption, flows, pods, rows, sign_on, tls
from meridian.verify.catalogue import (
    ACCESS,
    DENIES,
    EDGE,
    ENCRYPTION,
    FLOWS,
    OF_CLUSTERS,
    PODS,
    ROWS,
    SIGN_ON,
    TLS,
    TRAIL,
)
from meridian.verify.cluster import Cluster
from meridian.verify.result import Checked, not_checked
from meridian.verify.run import Task, unchecked

Connect = Callable[[], LocalClouds]
"""A connection of its own for every check: one connection answers one question at a time."""


def tasks(
    checkout: Checkout,
    environment: Environment,
    policies: Path,
    connect: Connect,
    clusters: Sequence[ClusterInfo],
) -> Iterator[Task]:
    """Yield every check of these clusters, of the database and of the edge; raises ModelErrors for wrong data."""
    matrix, wanted = access.load_matrix(policies), flows.load_flows(policies)
    sights = rows.load_sights(policies)
    for info in clusters:
        yield from _of_cluster(
            info, Cluster(info.name, info.kubeconfig, environment), checkout, connect, matrix, wanted
        )
    for name in environment.clusters().keys() - {info.name for info in clusters}:
        yield unchecked(OF_CLUSTERS, name, "it does not exist on this machine: `meridian up local`")
    yield Task((ROWS, TRAIL), "database", lambda: _of_database(environment, connect(), sights))
    yield Task((EDGE,), "edge", lambda: [_of_edge(environment, connect())])


def _of_cluster(
    info: ClusterInfo,
    cluster: Cluster,
    checkout: Checkout,
    connect: Connect,
    matrix: access.Matrix,
    wanted: flows.Flows,
) -> Iterator[Task]:
    def task(name: str, do: Callable[[], Checked]) -> Task:
        return Task((name,), info.name, lambda: [do()])

    place = urlsplit(info.endpoint)
    minimum = cluster.site.cluster.tls_minimum
    yield task(
        ENCRYPTION,
        lambda: encryption.check(
            info.name, info.kubeconfig, lambda prefix: connect().stored(info.name, prefix)
        ),
    )
    yield task(TLS, lambda: tls.check(info.name, str(place.hostname), place.port or 443, minimum))
    yield task(SIGN_ON, lambda: _sign_on(info, checkout, connect()))
    yield task(ACCESS, lambda: access.check(cluster, matrix))
    yield task(PODS, lambda: pods.check(cluster))
    yield Task((DENIES, FLOWS), info.name, lambda: flows.check(cluster, wanted))


def _sign_on(info: ClusterInfo, checkout: Checkout, clouds: LocalClouds) -> Checked:
    cluster = json.loads(info.kubeconfig.read_text())["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    trust = clouds.sign_on(info.name)
    with tempfile.TemporaryDirectory() as folder:
        signer, stranger = Signer(checkout.local / "issuer"), Signer(Path(folder))
        return sign_on.check(info.name, info.endpoint, authority, trust, signer.token, stranger.token)


def _of_database(environment: Environment, clouds: LocalClouds, sights: rows.Sights) -> Iterator[Checked]:
    names = clouds.database()["databases"]
    if not names:
        for check in (ROWS, TRAIL):
            yield not_checked(check, "database", "no database runs on this machine: `meridian up local`")
    for name in names:
        address = clouds.database("find", name)
        with psycopg.connect(reach.settings(address), autocommit=True) as connection:
            yield from rows.check(connection, f"{name} ({address['engine']})", environment.tables, sights)


def _of_edge(environment: Environment, clouds: LocalClouds) -> Checked:
    router = clouds.router()
    if router is None:
        return not_checked(EDGE, "edge", "no router runs: no load balancer exists in the embedded clouds")
    port = router.status().listeners["ANY"]
    minimum = environment.edge.protection.tls.minimum
    return tls.check("local router, simulates Cloudflare's edge", "127.0.0.1", port, minimum, EDGE)
