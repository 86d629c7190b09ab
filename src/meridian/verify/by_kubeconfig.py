"""The checks that can be done on any cluster through its API: they read, ask and try without effect, and write nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kubernetes import config
from kubernetes.client.rest import ApiException
from kubernetes.config.config_exception import ConfigException
from yaml import YAMLError  # type: ignore[import-untyped]  # what the client reads the file with

from meridian.model.environment import Environment
from meridian.orchestrator.errors import UsageError
from meridian.verify import access, flows, pods, tls
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
from meridian.wording import unreadable

_NEVER = {
    ENCRYPTION: "etcd is the cloud's own and nobody else reads its bytes; the plan's rule cluster-secrets-encrypted judges the setting",
    SIGN_ON: "only the identity provider signs its tokens; the plan's rule cluster-sign-on-federated judges the setting",
}
_ELSEWHERE = {
    ROWS: ("database", "it would write made-up persons into the real database"),
    TRAIL: ("database", "it would write into the real audit trail"),
    EDGE: ("edge", "the edge is not reached through a kubeconfig"),
}


def clusters(environment: Environment, given: Iterable[str]) -> dict[str, Cluster]:
    """Return the clusters of `FILE` or `CLUSTER=FILE`; raises UsageError with what is wrong of the first that is."""
    found: dict[str, Cluster] = {}
    for each in given:
        name, equals, rest = each.partition("=")
        file = Path(rest if equals else each).expanduser()
        context = _current_context(each, file)
        if not equals:
            # gke_project_region_NAME, arn:...:cluster/NAME or NAME
            name = context.replace("/", "_").rsplit("_", 1)[-1]
        if name not in environment.clusters():
            raise UsageError(
                f"--kubeconfig {each}",
                f"it must be of a cluster of {environment.environment} ({', '.join(environment.clusters())}); "
                f"it names {name}",
                "write CLUSTER=FILE",
            )
        found[name] = Cluster(name, file, environment)
    return found


def tasks(environment: Environment, policies: Path, reached: Mapping[str, Cluster]) -> Iterator[Task]:
    """Yield every check of every cluster of the environment; what cannot be done says why."""
    matrix, wanted = access.load_matrix(policies), flows.load_flows(policies)
    for name in environment.clusters():
        cluster = reached.get(name)
        if cluster is None:
            yield unchecked(OF_CLUSTERS, name, "no kubeconfig was given for it: --kubeconfig CLUSTER=FILE")
            continue
        for check, reason in _NEVER.items():
            yield unchecked((check,), name, reason)
        for checks, do in _looks(cluster, matrix, wanted):
            yield Task(checks, name, _permitted(checks, name, do))
    for check, (subject, reason) in _ELSEWHERE.items():
        yield unchecked((check,), subject, reason)


def _looks(
    cluster: Cluster, matrix: access.Matrix, wanted: flows.Flows
) -> Iterator[tuple[tuple[str, ...], Callable[[], Iterable[Checked]]]]:
    yield (TLS,), lambda: [_tls(cluster)]
    yield (ACCESS,), lambda: [access.check(cluster, matrix)]
    yield (PODS,), lambda: [pods.check(cluster)]
    yield (DENIES, FLOWS), lambda: flows.check(cluster, wanted)


def _tls(cluster: Cluster) -> Checked:
    with cluster.api() as api:
        place = urlsplit(api.configuration.host)
    minimum = cluster.site.cluster.tls_minimum
    return tls.check(cluster.name, str(place.hostname), place.port or 443, minimum)


def _permitted(
    checks: tuple[str, ...], name: str, do: Callable[[], Iterable[Checked]]
) -> Callable[[], Iterable[Checked]]:
    """Return the look; where the kubeconfig's user may not look, that nobody looked."""

    def look() -> Iterator[Checked]:
        try:
            yield from do()
        except ApiException as error:
            if error.status not in (401, 403):
                raise
            for check in checks:
                yield not_checked(check, name, f"the kubeconfig's user may not ask: {_said(error)}")

    return look


def _said(error: ApiException) -> str:
    return " ".join(str(error.body or error.reason).split())[:160]


def _current_context(given: str, file: Path) -> str:
    try:
        return str(config.list_kube_config_contexts(str(file))[1]["name"])
    except (ConfigException, OSError, ValueError, YAMLError, KeyError, TypeError, AttributeError) as error:
        why = unreadable(error) if isinstance(error, (OSError, ValueError)) else "it names no current context"
        raise UsageError(
            f"--kubeconfig {given!r}",
            f"it is no kubeconfig: {'it is no YAML' if isinstance(error, YAMLError) else why}",
            "give a file that kubectl takes, with a current context",
        ) from None
