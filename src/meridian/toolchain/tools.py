"""Every program that the project runs, with its pinned version and what else is compatible."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, int, int]

KUBERNETES: Version = (1, 34, 0)


@dataclass(frozen=True)
class Module:
    """One Go module of the project's own (`toolchain/go/<name>`) from which programs are built."""

    name: str
    packages: tuple[str, ...]
    """Import paths of the main packages; the programs are called after the tools in the same order."""
    programs: tuple[str, ...]
    ldflags: str
    sources: tuple[str, ...] = ()
    """Files of our own beside go.mod, for a program that is ours; nobody publishes a release of it."""


@dataclass(frozen=True)
class Tool:
    """One program."""

    name: str
    version: Version
    version_args: tuple[str, ...]
    at_least: Version
    below: Version
    """A program on PATH is used when `at_least <= its version < below`."""


def _kubernetes_flags() -> str:
    version = ".".join(map(str, KUBERNETES))
    values = {
        "gitVersion": f"v{version}",
        "gitMajor": KUBERNETES[0],
        "gitMinor": KUBERNETES[1],
        "gitTreeState": "clean",
    }
    places = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return "-s -w " + " ".join(
        f"-X {place}.{key}={value}" for place in places for key, value in values.items()
    )


_KUBE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")

MODULES = (
    Module(
        "pulumi",
        ("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
        ("pulumi",),
        "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.200.0",
    ),
    Module("etcd", ("go.etcd.io/etcd/server/v3",), ("etcd",), "-s -w"),
    Module("kwok", ("sigs.k8s.io/kwok/cmd/kwok",), ("kwok",), "-s -w"),
    Module(
        "kubernetes", tuple(f"k8s.io/kubernetes/cmd/{name}" for name in _KUBE), _KUBE, _kubernetes_flags()
    ),
    Module("crdb-grammar", (".",), ("crdb-grammar",), "-s -w", ("main.go",)),
)

# Many previews in one process. No tool by itself: it goes with an engine that was built, never with one of another version; and
# by then most of it is compiled.
PREVIEWS = Module("pulumi-previews", (".",), ("pulumi-previews",), MODULES[0].ldflags, ("main.go",))

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("pulumi", (3, 200, 0), ("version",), (3, 200, 0), (4, 0, 0)),
        Tool("etcd", (3, 6, 4), ("--version",), (3, 5, 0), (3, 7, 0)),
        Tool("kube-apiserver", KUBERNETES, ("--version",), KUBERNETES, (1, 35, 0)),
        Tool("kube-controller-manager", KUBERNETES, ("--version",), KUBERNETES, (1, 35, 0)),
        Tool("kube-scheduler", KUBERNETES, ("--version",), KUBERNETES, (1, 35, 0)),
        # kubectl may differ from its server by one minor version (Kubernetes "Version Skew Policy", 2026-11).
        Tool("kubectl", KUBERNETES, ("version", "--client"), (1, 33, 0), (1, 36, 0)),
        Tool("kwok", (0, 7, 0), ("--version",), (0, 7, 0), (0, 8, 0)),
        # CockroachDB's grammar of v25.2, the newest that is published as a module.
        Tool("crdb-grammar", (0, 25, 2), ("--version",), (0, 25, 2), (0, 26, 0)),
    )
}

ALL_TOOLS: tuple[str, ...] = tuple(TOOLS)


def parse_version(text: str) -> Version | None:
    """Return the first `x.y.z` of a program's own words; None for none and for development builds."""
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)(-[\w.]+)?", text)
    if found is None or (found.group(4) or "").startswith("-dev"):
        return None
    return int(found.group(1)), int(found.group(2)), int(found.group(3))


def shown(version: Version | None) -> str:
    """Return a version as `1.34.0`."""
    return ".".join(map(str, version)) if version else "unknown"
