"""Downloads official releases and checks them against their publishers' checksums."""

from __future__ import annotations

import hashlib
import io
import platform
import shutil
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from meridian.toolchain.errors import ToolchainError
from meridian.toolchain.tools import TOOLS, Module, shown

_CONNECT_SECONDS = 4.0


class UnreachableError(Exception):
    """Raised when a publisher's host does not answer: the next way is taken."""


@dataclass(frozen=True)
class Release:
    """One file of a publisher; `members` maps a program to its place in a tar file (None: the file is the program)."""

    url: str
    checksums: str
    """Address of the file with the SHA-256, bare or in `sha256sum` format."""
    members: dict[str, str | None]


def releases(module: Module) -> tuple[Release, ...]:
    """Return what must be fetched for a module's programs on this platform; nothing for a program of our own."""
    if module.sources:
        return ()
    system = platform.system().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    version = shown(TOOLS[module.programs[0]].version)
    if module.name == "pulumi":
        arch = {"amd64": "x64"}.get(machine, machine)
        base = f"https://github.com/pulumi/pulumi/releases/download/v{version}"
        members = (
            "pulumi",
            "pulumi-language-python",
            "pulumi-language-python-exec",
            "pulumi-analyzer-policy-python",
        )
        return (
            Release(
                f"https://get.pulumi.com/releases/sdk/pulumi-v{version}-{system}-{arch}.tar.gz",
                f"{base}/pulumi-{version}-checksums.txt",
                {name: f"pulumi/{name}" for name in members},
            ),
        )
    if module.name == "etcd":
        base = f"https://github.com/etcd-io/etcd/releases/download/v{version}"
        stem = f"etcd-v{version}-{system}-{machine}"
        return (Release(f"{base}/{stem}.tar.gz", f"{base}/SHA256SUMS", {"etcd": f"{stem}/etcd"}),)
    if module.name == "kwok":
        base = f"https://github.com/kubernetes-sigs/kwok/releases/download/v{version}"
        return (Release(f"{base}/kwok-{system}-{machine}", f"{base}/checksums.txt", {"kwok": None}),)
    base = f"https://dl.k8s.io/release/v{version}/bin/{system}/{machine}"
    return tuple(Release(f"{base}/{name}", f"{base}/{name}.sha256", {name: None}) for name in module.programs)


def download(module: Module, made: Path, wanted: tuple[Release, ...] | None = None) -> Path:
    """Put the module's programs into the empty folder `made` and return it; removes it when that fails.

    Raises UnreachableError when a host does not answer, ToolchainError when a file is not what its publisher signed off.
    """
    try:
        for release in wanted or releases(module):
            body = _fetch(release.url)
            _verify(release, body)
            for name, member in release.members.items():
                _write(made / name, body if member is None else _extract(body, member, release.url))
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return made


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as answer:  # noqa: S310 - addresses of this module
            body: bytes = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise UnreachableError(f"{url}: {error}") from None
    return body


def _verify(release: Release, body: bytes) -> None:
    file = release.url.rsplit("/", 1)[1]
    expected = None
    for line in _fetch(release.checksums).decode(errors="replace").splitlines():
        words = line.split()
        if (
            words
            and len(words[0]) == 64
            and (len(words) == 1 or words[-1].lstrip("*").rsplit("/", 1)[-1] == file)
        ):
            expected = words[0].lower()
    got = hashlib.sha256(body).hexdigest()
    if expected != got:
        raise ToolchainError(
            f"{release.url} (sha256 {got})",
            f"must have the published checksum {expected or '(none is published for it)'}",
            "do not use it; try again later, or set MERIDIAN_TOOLCHAIN=build",
        )


def _extract(body: bytes, member: str, url: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        try:
            stream = archive.extractfile(member)
        except KeyError:
            stream = None
        if stream is None:
            raise ToolchainError(url, f"must hold {member}", "set MERIDIAN_TOOLCHAIN=build")
        return stream.read()


def _write(target: Path, body: bytes) -> None:
    target.write_bytes(body)
    target.chmod(0o755)
