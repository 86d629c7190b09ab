"""Where programs come from: PATH, publisher, cache or build - and what never happens on the way."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fake_machine import Machine

from meridian.paths import Checkout
from meridian.toolchain import ALL_TOOLS, download, ensure
from meridian.toolchain.errors import ToolchainError

MODULES_BUILT = ["crdb-grammar", "etcd", "kubernetes", "kwok", "pulumi", "pulumi-previews"]
OFFICIAL = {"pulumi": "v3.215.0", "pulumi-language-python": "v3.215.0"}


def bring(
    machine: Machine, name: str, said: list[str] | None = None, tools: tuple[str, ...] = ALL_TOOLS
) -> Path:
    root = machine.folder / name
    checkout = machine.checkout(name) if not root.exists() else Checkout(root)
    ensure(
        checkout, tools, report=lambda who, what: (said if said is not None else []).append(f"{who}: {what}")
    )
    return checkout.bin


def test_with_no_publisher_in_reach_everything_is_built(machine: Machine, said: list[str]) -> None:
    programs = bring(machine, "one", said)
    assert sorted(machine.builds()) == MODULES_BUILT
    assert {*ALL_TOOLS} <= {file.name for file in programs.iterdir()}
    assert any("the publisher cannot be reached; building from Go modules" in line for line in said)
    # The engine built from modules gets the two small programs that it lacks.
    assert {"pulumi-language-python", "pulumi-analyzer-policy-python"} <= {f.name for f in programs.iterdir()}


def test_a_build_cannot_change_what_go_sum_proves(machine: Machine) -> None:
    bring(machine, "one")
    assert all(
        "-mod=readonly" in line and "-trimpath" in line for line in machine.log.read_text().splitlines()
    )


def test_a_second_checkout_builds_nothing(machine: Machine, said: list[str]) -> None:
    bring(machine, "one")
    machine.log.unlink()
    second = bring(machine, "two", said)
    assert machine.builds() == []
    assert "kubernetes: in the shared cache" in said
    assert second.joinpath("etcd").samefile(machine.folder / "one/.meridian/bin/etcd")


def test_other_sources_or_another_go_make_other_programs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(machine, "one", tools=("etcd",))
    machine.checkout("two")
    (machine.folder / "two/toolchain/go/etcd/go.sum").write_text("another proof\n")
    bring(machine, "two", tools=("etcd",))
    monkeypatch.setenv("FAKE_GO_VERSION", "go1.25.2")
    bring(machine, "one", tools=("etcd",))
    assert machine.builds() == ["etcd", "etcd", "etcd"]


def test_a_program_of_our_own_is_built_again_when_its_source_changes_and_never_asked_of_a_publisher(
    machine: Machine, said: list[str]
) -> None:
    bring(machine, "one", said, tools=("crdb-grammar",))
    machine.checkout("two")
    (machine.folder / "two/toolchain/go/crdb-grammar/main.go").write_text("package main // changed\n")
    bring(machine, "two", said, tools=("crdb-grammar",))
    assert machine.builds() == ["crdb-grammar", "crdb-grammar"]
    assert not [line for line in said if "publisher" in line]


def test_a_damaged_program_in_the_cache_is_built_again(machine: Machine, said: list[str]) -> None:
    bring(machine, "one", tools=("etcd",))
    (cached,) = machine.cache.glob("etcd-*/etcd")
    cached.write_text("#!/bin/sh\nrm -rf /\n")
    bring(machine, "one", said, tools=("etcd",))
    assert machine.builds() == ["etcd", "etcd"]
    assert "etcd: the cached programs are damaged; building them again" in said
    assert (machine.folder / "one/.meridian/bin/etcd").read_text() == "#!/bin/sh\necho made by go\n"


def test_a_build_that_fails_leaves_nothing_and_tells_what_go_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS", "1")
    with pytest.raises(ToolchainError, match=r"go build of (.|\n)*disk quota exceeded(.|\n)*fix: "):
        bring(machine, "one")
    assert machine.leftovers() == [] and not list(machine.cache.glob("*/manifest.json"))
    assert not list((machine.folder / "one/.meridian/bin").glob("*"))
    monkeypatch.delenv("FAKE_GO_FAILS")
    bring(machine, "one")
    assert {*ALL_TOOLS} <= {file.name for file in (machine.folder / "one/.meridian/bin").iterdir()}


COMMAND = """
import sys
from pathlib import Path
from meridian.paths import Checkout
from meridian.toolchain import ensure, download
def unreachable(url):
    raise download.UnreachableError(url)
download._fetch = unreachable
ensure(Checkout(Path(sys.argv[1])), tuple(sys.argv[2:]))
"""


def command(machine: Machine, name: str, *tools: str, seconds: float) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "FAKE_GO_SECONDS": str(seconds)}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(machine.folder / name), *tools], env=environment
    )


def test_two_checkouts_at_once_build_once(machine: Machine) -> None:
    machine.checkout("one")
    machine.checkout("two")
    runs = [command(machine, name, "etcd", "kwok", seconds=1) for name in ("one", "two")]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert sorted(machine.builds()) == ["etcd", "kwok"]
    for name in ("one", "two"):
        assert (machine.folder / name / ".meridian/bin/etcd").exists()


def test_a_killed_build_bars_nobody_and_its_half_is_never_used(machine: Machine) -> None:
    machine.checkout("one")
    run = command(machine, "one", "etcd", seconds=30)
    deadline = time.monotonic() + 30
    while not machine.builds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.kill()
    run.wait()
    bring(machine, "two", tools=("etcd",))
    assert machine.builds() == ["etcd", "etcd"]
    assert machine.leftovers() == [], "what the killed build left is swept by the next"


def test_modules_are_built_side_by_side_but_not_more_than_two(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from meridian.toolchain import build

    now, most, lock = 0, 0, threading.Lock()
    original = build._go

    def counted(arguments: list[str], sources: Path, module: object) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.2)
        original(arguments, sources, module)  # type: ignore[arg-type]
        with lock:
            now -= 1

    monkeypatch.setattr(build, "_go", counted)
    bring(machine, "one")
    assert most == 2


# --- PATH


def test_a_compatible_program_on_path_is_used(machine: Machine, said: list[str]) -> None:
    found = machine.install("etcd", "etcd Version: 3.6.1")
    programs = bring(machine, "one", said, tools=("etcd",))
    assert (programs / "etcd").readlink() == found
    assert machine.builds() == [] and f"etcd: found {found} (3.6.1)" in said


@pytest.mark.parametrize(
    ("tool", "says", "why"),
    [
        ("etcd", "etcd Version: 3.4.9", "it is not at least 3.5.0 and below 3.7.0"),
        ("etcd", "etcd Version: 3.7.0", "it is not at least 3.5.0 and below 3.7.0"),
        ("kube-apiserver", "Kubernetes v1.33.4", "it is not at least 1.34.0 and below 1.35.0"),
        ("kwok", "kwok of yesterday", "it does not tell a released version"),
        ("pulumi", "v3.215.0-dev.7", "it does not tell a released version"),
        ("pulumi", "v2.25.0", "it is not at least 3.200.0 and below 4.0.0"),
        ("pulumi", "v3.215.0", "pulumi-language-python is not beside it"),
    ],
)
def test_a_program_on_path_that_does_not_fit_is_named_with_the_reason(
    machine: Machine, said: list[str], tool: str, says: str, why: str
) -> None:
    machine.install(tool, says)
    programs = bring(machine, "one", said, tools=(tool,))
    assert any(line.startswith(f"{tool}: ") and line.endswith(f"is not used: {why}") for line in said), said
    assert not (programs / tool).is_symlink()


def test_an_official_engine_on_path_brings_its_own_language_host_and_plans_alone(machine: Machine) -> None:
    assert (bring(machine, "one", tools=("pulumi",)) / "pulumi-previews").exists()
    for name, says in OFFICIAL.items():
        machine.install(name, says)
    programs = bring(machine, "one", tools=("pulumi",))
    assert (programs / "pulumi").is_symlink() and not (programs / "pulumi-language-python").exists()
    # Of another version, it might read a state that this engine has written otherwise.
    assert not (programs / "pulumi-previews").exists()


def test_a_program_that_never_answers_is_left_aside(
    machine: Machine, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("etcd", 20)

    machine.install("etcd", "etcd Version: 3.6.1")
    from meridian.toolchain import search_path
    from meridian.toolchain.tools import TOOLS

    monkeypatch.setattr(subprocess, "run", silent)
    assert search_path.version_of(TOOLS["etcd"], machine.path / "etcd") is None


def test_path_only_never_builds(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERIDIAN_TOOLCHAIN", "path")
    with pytest.raises(ToolchainError, match="etcd: not found on PATH in a compatible version; fix: "):
        bring(machine, "one", tools=("etcd",))
    assert machine.builds() == []


@pytest.mark.parametrize(
    ("version", "told"), [("go1.21.3", "is older than 1.24"), ("", "is older than 1.24")]
)
def test_an_old_go_is_refused_with_what_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, version: str, told: str
) -> None:
    monkeypatch.setenv("FAKE_GO_VERSION", version)
    with pytest.raises(ToolchainError, match=rf"{told}; fix: install Go 1\.24 or newer"):
        bring(machine, "one", tools=("etcd",))


def test_without_go_and_publishers_it_says_what_is_missing(machine: Machine) -> None:
    (machine.path / "go").unlink()
    os.environ["PATH"] = str(machine.path)
    with pytest.raises(ToolchainError, match="go: is not on PATH, and something must be built; fix: "):
        bring(machine, "one", tools=("etcd",))


# --- publishers


def kwok_checksums(monkeypatch: pytest.MonkeyPatch, body: bytes, digest: str) -> list[str]:
    from meridian.toolchain.tools import MODULES

    (release,) = download.releases(next(module for module in MODULES if module.name == "kwok"))
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return f"{digest}  {release.url.rsplit('/', 1)[1]}\n".encode() if url == release.checksums else body

    monkeypatch.setattr(download, "_fetch", fetch)
    return asked


def test_a_release_with_its_published_checksum_is_used_and_kept(
    machine: Machine, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"#!/bin/sh\necho official\n"
    asked = kwok_checksums(monkeypatch, body, hashlib.sha256(body).hexdigest())
    programs = bring(machine, "one", said, tools=("kwok",))
    assert (programs / "kwok").read_bytes() == body and os.access(programs / "kwok", os.X_OK)
    assert machine.builds() == [] and len(asked) == 2
    bring(machine, "two", said, tools=("kwok",))
    assert len(asked) == 2 and "kwok: in the shared cache (official release)" in said


@pytest.mark.parametrize("digest", ["0" * 64, "", "not a checksum"])
def test_a_release_without_its_published_checksum_is_refused_and_not_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, digest: str
) -> None:
    kwok_checksums(monkeypatch, b"#!/bin/sh\necho evil\n", digest)
    with pytest.raises(ToolchainError, match=r"must have the published checksum .*; fix: do not use it"):
        bring(machine, "one", tools=("kwok",))
    assert machine.builds() == [], "a forged release is no reason to go on in silence"
    assert machine.leftovers() == [] and not list(machine.cache.glob("*/kwok"))
    assert not (machine.folder / "one/.meridian/bin/kwok").exists()


def test_download_only_says_that_the_publisher_cannot_be_reached(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERIDIAN_TOOLCHAIN", "download")
    with pytest.raises(
        ToolchainError, match="the publisher cannot be reached; fix: set MERIDIAN_TOOLCHAIN=build"
    ):
        bring(machine, "one", tools=("kwok",))
    assert machine.builds() == []


def test_what_is_built_already_is_not_asked_of_a_publisher(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(machine, "one", tools=("kwok",))
    asked = kwok_checksums(monkeypatch, b"", "0" * 64)
    bring(machine, "two", tools=("kwok",))
    assert asked == []
