"""One run at a time; dead holders; the file back end read without an engine."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meridian.orchestrator import recover
from meridian.orchestrator.backend import MASK, FileBackend
from meridian.orchestrator.errors import LockedError, OrchestratorError
from meridian.orchestrator.locks import EnvironmentLock, read_holder
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import open_session
from meridian.paths import Checkout

HOLD = """
import sys, time
from pathlib import Path
from meridian.orchestrator.locks import EnvironmentLock
from meridian.paths import Checkout
with EnvironmentLock(Checkout(Path(sys.argv[1])), "local"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder_process(root: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_with_who_since_when_and_how_to_break_it(checkout: Checkout) -> None:
    process = holder_process(checkout.root)
    try:
        with pytest.raises(LockedError) as refused, EnvironmentLock(checkout, "local"):
            pass
    finally:
        process.kill()
        process.wait()
    message = str(refused.value)
    assert f"pid {process.pid}, alive" in message
    assert time.strftime("%Y-%m-%d", time.gmtime()) in message
    assert "meridian unlock local" in message


def test_another_environment_is_free_meanwhile(checkout: Checkout) -> None:
    with EnvironmentLock(checkout, "local"), EnvironmentLock(checkout, "prod"):
        pass


def test_the_lock_of_a_killed_run_is_taken_over_and_told_once(checkout: Checkout) -> None:
    process = holder_process(checkout.root)
    process.kill()
    process.wait()
    said: list[str] = []
    with EnvironmentLock(checkout, "local") as lock:
        # As the preview and the `up` after it do, which hold one lock.
        lock.tell(said.append)
        lock.tell(said.append)
    (told,) = said
    assert f"pid {process.pid}, gone" in told
    assert read_holder(checkout, "local") is None


def test_a_holder_on_another_host_is_not_presumed_dead(checkout: Checkout) -> None:
    with EnvironmentLock(checkout, "local"):
        held = json.loads((checkout.locks / "local.json").read_text())
    (checkout.locks / "local.json").write_text(json.dumps({**held, "host": "elsewhere"}))
    with pytest.raises(LockedError, match="on another host"), EnvironmentLock(checkout, "local"):
        pass
    assert "free again" in recover.unlock(checkout, "local", force=False)
    with EnvironmentLock(checkout, "local"):
        pass


def test_engines_that_outlived_their_run_are_not_disturbed(checkout: Checkout) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "--event-log"])
    try:
        with EnvironmentLock(checkout, "local") as lock:
            lock.engines([orphan.pid])
            held = (checkout.locks / "local.json").read_text()
        (checkout.locks / "local.json").write_text(held)
        with pytest.raises(LockedError, match=f"engines of a dead run still work.*{orphan.pid}"):
            EnvironmentLock(checkout, "local").__enter__()
    finally:
        orphan.kill()
        orphan.wait()
    with EnvironmentLock(checkout, "local"):
        pass


def test_unlocking_a_living_run_needs_force(checkout: Checkout) -> None:
    process = holder_process(checkout.root)
    try:
        with pytest.raises(OrchestratorError, match="must not lose its lock"):
            recover.unlock(checkout, "local", force=False)
        assert process.poll() is None
        recover.unlock(checkout, "local", force=True)
        process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()
    with EnvironmentLock(checkout, "local"):
        pass


def test_unlocking_what_is_not_held_says_so(checkout: Checkout) -> None:
    assert recover.unlock(checkout, "local", force=False) == "local is not held"


def backend_with(tmp_path: Path, latest: dict[str, object]) -> FileBackend:
    backend = FileBackend(tmp_path, "meridian")
    path = backend.checkpoint_path("local-eu")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 3, "checkpoint": {"Stack": "x", "Latest": latest}}))
    return backend


def test_missing_stacks_are_made_once(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path, "meridian")
    assert backend.ensure(["local-eu", "local-us"]) == ["local-eu", "local-us"]
    assert backend.ensure(["local-eu"]) == []
    assert backend.deployment("local-eu") == {}


def test_secrets_in_outputs_are_masked_at_any_depth(tmp_path: Path) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "abc"}
    root = {"type": "pulumi:pulumi:Stack", "outputs": {"a": 1, "b": secret, "c": {"d": [secret]}}}
    backend = backend_with(tmp_path, {"resources": [root, {"type": "x:y:Z"}]})
    assert backend.outputs("local-eu") == {"a": 1, "b": MASK, "c": {"d": [MASK]}}
    assert len(backend.resources("local-eu")) == 1


def test_open_operations_ask_for_a_refresh_first(checkout: Checkout) -> None:
    session = open_session(checkout, "local", Providers.EMBEDDED)
    pending = {"type": "creating", "resource": {"urn": "urn:x"}}
    backend_with(checkout.state, {"pending_operations": [pending]})
    found = recover.examine(session, ["eu", "us"])
    assert found.prepare == {"eu": ["recover"]}
    assert "1 operation of unknown outcome: refreshed first" in found.notes("eu", refreshed=True)[0]
    assert found.notes("eu", refreshed=False) == []


def test_a_lost_creation_in_a_real_cloud_is_left_to_a_person(checkout: Checkout) -> None:
    session = open_session(checkout, "prod", Providers.OFFICIAL, environ={"HOME": str(checkout.root)})
    backend = FileBackend(checkout.state, "meridian")
    path = backend.checkpoint_path("prod-eu")
    path.parent.mkdir(parents=True)
    pending = {"type": "creating", "resource": {"urn": "urn:x"}}
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"pending_operations": [pending]}}}))
    with pytest.raises(OrchestratorError, match=r"urn:x.*pulumi import.*recover prod"):
        recover.examine(session, ["eu"])
    assert recover.examine(session, ["eu"], consent=True).prepare == {"eu": ["recover"]}


def test_only_dead_engines_locks_are_released(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path, "meridian")
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "meridian" / "local-eu"
    folder.mkdir(parents=True)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    base = {"username": "x", "timestamp": "2026-01-01T00:00:00Z"}
    for name, pid, host in (
        ("dead", ended.pid, socket.gethostname()),
        ("alive", os.getpid(), socket.gethostname()),
        ("far", ended.pid, "elsewhere"),
    ):
        (folder / f"{name}.json").write_text(json.dumps({**base, "pid": pid, "hostname": host}))
    assert [lock.pid for lock in backend.release_dead("local-eu")] == [ended.pid]
    assert sorted(path.name for path in folder.iterdir()) == ["alive.json", "far.json"]
