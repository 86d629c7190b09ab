"""The daemon of the embedded clouds is killed in the middle of a run: what is told of it, and that a second run mends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meridian.local import rendezvous
from meridian.local.client import LocalClouds
from meridian.orchestrator import commands
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.embedded import Daemon
from meridian.orchestrator.events import Diagnostic
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.render import text
from meridian.orchestrator.result import Result, UnitResult
from meridian.orchestrator.session import open_session
from meridian.orchestrator.units import Mark
from meridian.orchestrator.unsaved import Unsaved
from meridian.paths import Checkout

PROGRAM = """
import pulumi
import pulumi_random as random


def run(stack):
    for index in range(4):
        random.RandomPassword(f"pass-{index}", length=12)
"""
URN = "urn:pulumi:local-eu::meridian::aws:ec2/vpc:Vpc::main"


@pytest.fixture
def dead(tmp_path: Path) -> Daemon:
    """A daemon that ran and runs no more."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = rendezvous.started_at(process.pid)
    process.kill()
    process.wait()
    process.communicate()
    return Daemon(tmp_path / ".meridian/local", process.pid, started, {})


def failed(unit: str, *messages: str) -> UnitResult:
    errors = [(order, Diagnostic("error", message, URN, 0)) for order, message in enumerate(messages)]
    return UnitResult(unit, f"local-{unit}", Mark.FAILED, errors=errors)


@pytest.mark.parametrize(
    "said",
    [
        "error reading from server: EOF",
        "error reading from server: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer",
        'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"',
        "aws (resource) plugin [...] did not come alive: failed to handshake: rpc error: code = DeadlineExceeded",
        "server closed the connection unexpectedly",
        "embedded aws: the daemon of the embedded clouds ended before it had answered to `provider`; fix: ...",
    ],
)
def test_a_broken_connection_is_told_as_the_daemons_end_with_what_is_lost_and_the_fix(
    said: str, dead: Daemon, tmp_path: Path
) -> None:
    session = open_session(Checkout(tmp_path), "local", Providers.EMBEDDED)
    units = [failed("eu", said), UnitResult("us", "local-us", Mark.DONE)]
    assert dead.gone
    dead.tell_lost(session, "up", units, Unsaved(session, embedded_clouds=True))
    report = text(Result("local", "up", "embedded", units, 1.0, {}))
    assert f"the daemon of the embedded clouds (process {dead.pid}) ended in the middle of this run" in report
    assert "lost: " in report and "fix: run the same command again" in report
    assert ".meridian/local/daemon.log" in report and said not in report
    # Its state may be behind what the clouds hold: the next run looks before it does anything.
    assert Unsaved(session, embedded_clouds=True).left == {"eu"}


def test_another_failure_stays_as_it_is_and_the_daemons_end_is_noted_beside_it(
    dead: Daemon, tmp_path: Path
) -> None:
    session = open_session(Checkout(tmp_path), "prod", Providers.PLAN)
    (unit,) = units = [failed("eu", "creating main: BucketAlreadyExists: taken")]
    dead.tell_lost(session, "preview", units, Unsaved(session, embedded_clouds=True))
    assert [said.message for _, said in unit.errors] == ["creating main: BucketAlreadyExists: taken"]
    assert [f"process {dead.pid}" in note for note in unit.notes] == [True]
    assert Unsaved(session, embedded_clouds=True).left == frozenset()


def test_a_daemon_that_runs_is_not_gone(tmp_path: Path) -> None:
    assert not Daemon(tmp_path, os.getpid(), rendezvous.started_at(os.getpid()), {}).gone


@pytest.fixture
def small(estate: Estate) -> Iterator[Estate]:
    """One unit of four resources of the embedded cloud `random`."""
    checkout = estate.checkout
    (checkout.root / "program" / "fixture_program.py").write_text(PROGRAM)
    yield replace(estate, graph={"base": ()}, embedded_clouds=True)
    if clouds := LocalClouds.connect(checkout):
        clouds.stop()


def kill_when_it_strikes(checkout: Checkout, operation: str) -> threading.Thread:
    """Let one operation hang in the daemon, and kill the daemon while it does."""
    clouds = LocalClouds.ensure_running(checkout)
    pid = clouds.status()["pid"]
    clouds.fault("add", kind="latency", types="random:*", operation=operation, count=1, seconds=200.0)

    def wait() -> None:
        end = time.monotonic() + 120
        while clouds.fault("list") and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.e2e
def test_an_up_whose_clouds_are_killed_says_so_and_the_next_one_ends_it(small: Estate) -> None:
    killer = kill_when_it_strikes(small.checkout, "create")
    first = commands.run(small, "local", "up")
    killer.join()
    assert first.exit_code == 1 and first.cause is not None
    assert "ended in the middle of this run" in first.cause.message
    assert "fix: run the same command again" in first.cause.message
    assert commands.run(small, "local", "up").ok
    names = sorted(row["name"] for row in LocalClouds.ensure_running(small.checkout).inventory())
    assert names == [f"pass-{index}" for index in range(4)]
    assert commands.run(small, "local", "up").changed == 0
