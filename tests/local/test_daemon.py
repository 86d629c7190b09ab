"""The daemon's life: started once however many ask, found again, replaced when dead, ended whole."""

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from meridian.local import drift, plugins, rendezvous
from meridian.local.client import DaemonError, LocalClouds
from meridian.local.errors import UnknownNameError
from meridian.local.inventory import Inventory, Record
from meridian.local.rendezvous import UsageError
from meridian.paths import Checkout
from meridian.protocol.values import encode

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path)
    plugins.install(made)
    yield made
    clouds = LocalClouds.connect(made)
    if clouds:
        clouds.stop()


def launch(checkout: Checkout, cloud: str = "random", **variables: str) -> subprocess.Popen[str]:
    path = next((checkout.pulumi_home / "plugins").glob(f"resource-{cloud}-v*/pulumi-resource-{cloud}"))
    environment = {**os.environ, **variables}
    return subprocess.Popen(
        [str(path), "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def port(launcher: "subprocess.Popen[str]") -> int:
    assert launcher.stdout is not None
    return int(launcher.stdout.readline())


def end(launchers: list["subprocess.Popen[str]"]) -> None:
    for each in launchers:
        each.kill()
        each.communicate()


def daemons(checkout: Checkout) -> list[psutil.Process]:
    wanted = ["-m", "meridian.local.daemon", str(checkout.root)]
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [])[-3:] == wanted:
            found.append(process)
    return found


def kill_daemon(checkout: Checkout) -> None:
    """Kill it and wait until it is gone: one that dies still takes connections."""
    (daemon,) = daemons(checkout)
    daemon.kill()
    psutil.wait_procs([daemon], timeout=20)


def announced(checkout: Checkout) -> tuple[str, str]:
    """Start the daemon and return its port and token."""
    LocalClouds.ensure_running(checkout)
    found = json.loads((checkout.local / "daemon.json").read_text())
    return str(found["port"]), found["token"]


def test_ten_launchers_at_once_start_one_daemon(checkout: Checkout) -> None:
    launchers = [launch(checkout) for _ in range(10)]
    try:
        assert len({port(each) for each in launchers}) == 10
        assert len(daemons(checkout)) == 1
    finally:
        end(launchers)


def test_a_launcher_that_knows_the_daemon_asks_it_at_once(checkout: Checkout, tmp_path: Path) -> None:
    known = announced(checkout)
    # What the other way would read tells of no daemon: it would start a second one.
    (checkout.local / "daemon.json").rename(tmp_path / "aside.json")
    launcher = launch(checkout, MERIDIAN_DAEMON=" ".join(known))
    assert port(launcher) > 0
    (tmp_path / "aside.json").rename(checkout.local / "daemon.json")
    assert len(daemons(checkout)) == 1
    kill_daemon(checkout)
    assert launcher.wait(20) == 0
    assert launcher.communicate()[1] == ""


@pytest.mark.parametrize(
    "known", ["1 {token}", "{port} wrong", "{port}", "no port", '{port} "', "{port} \\", ""]
)
def test_a_launcher_that_knows_wrongly_finds_the_daemon_by_itself(checkout: Checkout, known: str) -> None:
    port_, token = announced(checkout)
    launcher = launch(checkout, MERIDIAN_DAEMON=known.format(port=port_, token=token))
    try:
        assert port(launcher) > 0
        assert len(daemons(checkout)) == 1
    finally:
        end([launcher])


def test_a_launcher_ends_with_an_engine_that_is_killed(checkout: Checkout) -> None:
    path = next((checkout.pulumi_home / "plugins").glob("resource-random-v*/pulumi-resource-random"))
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True, start_new_session=True)\n"
        "print(child.pid, child.stdout.readline().strip(), flush=True)\n"
        "time.sleep(600)"
    )
    engine = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    served = psutil.Process(int(engine.stdout.readline().split()[0]))
    engine.kill()
    engine.communicate()
    assert psutil.wait_procs([served], timeout=30)[1] == []


def test_a_launcher_ends_with_the_daemon_and_says_nothing(checkout: Checkout) -> None:
    launcher = launch(checkout)
    port(launcher)
    kill_daemon(checkout)
    assert launcher.wait(20) == 0
    assert launcher.communicate()[1] == ""


def test_an_instance_ends_with_its_launcher(checkout: Checkout) -> None:
    launcher = launch(checkout)
    port(launcher)
    clouds = LocalClouds.ensure_running(checkout)
    assert clouds.status()["instances"] == 1
    end([launcher])
    for _ in range(200):
        if clouds.status()["instances"] == 0:
            break
        signal.sigtimedwait([], 0.02)
    assert clouds.status()["instances"] == 0


def test_what_exists_outlives_a_killed_daemon(checkout: Checkout) -> None:
    token, urn = "aws:ec2/vpc:Vpc", "urn:pulumi:local-us::meridian::aws:ec2/vpc:Vpc::v"
    launcher = launch(checkout, "aws", MERIDIAN_ENVIRONMENT="local")
    with grpc.insecure_channel(f"127.0.0.1:{port(launcher)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(pb.ConfigureRequest(args=encode({"region": "us-east-1"})))
        made = stub.Create(pb.CreateRequest(urn=urn, properties=encode({"cidrBlock": "10.0.0.0/16"})))
    kill_daemon(checkout)
    launcher.wait(20)
    launcher.communicate()
    assert LocalClouds.connect(checkout) is None
    rows = LocalClouds.ensure_running(checkout).inventory()
    assert [(row["type"], row["id"]) for row in rows] == [(token, made.id)]


@pytest.mark.parametrize("said", [b"", b'{"result": '])
def test_a_daemon_that_ends_before_it_has_answered_is_told_with_what_was_asked(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        link = rendezvous.Link(server.getsockname()[1], "token")
        with pytest.raises(
            DaemonError, match=r"ended before it had answered to `status`; fix: run the command"
        ):
            link.call("status")
        thread.join()
        link.close()


def test_a_stale_announcement_is_no_daemon(checkout: Checkout) -> None:
    checkout.local.mkdir(parents=True)
    # This test's own process number, but not its start: as after a reboot.
    stale = {"pid": os.getpid(), "started": "1", "port": 9, "token": "x", "code": rendezvous.code_digest()}
    (checkout.local / "daemon.json").write_text(json.dumps(stale))
    assert LocalClouds.connect(checkout) is None
    assert LocalClouds.ensure_running(checkout).status()["resources"] == 0


def test_a_daemon_that_nobody_can_find_any_more_ends_by_itself(checkout: Checkout) -> None:
    LocalClouds.ensure_running(checkout)
    (lost,) = daemons(checkout)
    (checkout.local / "daemon.json").write_text("overwritten")
    assert LocalClouds.ensure_running(checkout).status()["pid"] != lost.pid
    lost.wait(timeout=30)
    assert len(daemons(checkout)) == 1


def modules_of_ours(entry: str) -> set[Path]:
    """Return the files of Meridian that a module imports, also inside functions and through others."""
    found: dict[str, Path] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        file = ROOT / "src" / name.replace(".", "/")
        file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
        if name in found or not file.is_file():
            continue
        found[name] = file
        if name != "meridian":
            waiting.append(name.rsplit(".", 1)[0])
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.If)
                and isinstance(node.test, ast.Name)
                and node.test.id == "TYPE_CHECKING"
            ):
                node.body = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                waiting += [each.name for each in node.names if each.name.startswith("meridian")]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("meridian"):
                waiting += [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
    return set(found.values())


@pytest.mark.parametrize("entry", ["daemon", "router.server", "origin.server"])
def test_the_digest_of_the_code_covers_all_that_the_daemon_and_its_processes_import(entry: str) -> None:
    covered = {Path(file) for file in rendezvous.code_files()}
    imported = modules_of_ours(f"meridian.local.{entry}")
    assert len(imported) > 3 and imported - covered == set()


def test_what_a_running_daemon_has_loaded_is_covered_by_the_digest_of_its_code() -> None:
    """The walk over imports above could be blind to a module that is loaded by its name."""
    script = (
        "import sys, meridian.local.daemon, meridian.local.router.server, meridian.local.origin.server\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'meridian'), sep='\\n')"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert len(said.split()) > 50 and set(said.splitlines()) - set(rendezvous.code_files()) == set()


def test_every_change_of_a_covered_file_changes_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "meridian"
    shutil.copytree(ROOT / "src/meridian/local", package / "local")
    shutil.copytree(ROOT / "src/meridian/protocol", package / "protocol")
    shutil.copy(ROOT / "src/meridian/files.py", package)
    monkeypatch.setattr(rendezvous, "_PACKAGE", package)
    seen = {rendezvous.code_digest()}
    for name in ("files.py", "protocol/values.py", "local/router/server.py"):
        with (package / name).open("a") as stream:
            stream.write("\n")
        seen.add(rendezvous.code_digest())
    assert len(seen) == 4


def test_an_idle_daemon_of_older_code_is_replaced(checkout: Checkout) -> None:
    first = LocalClouds.ensure_running(checkout).status()["pid"]
    file = checkout.local / "daemon.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "code": "older"}))
    assert LocalClouds.ensure_running(checkout).status()["pid"] != first
    assert len(daemons(checkout)) == 1


def test_the_announcement_is_for_its_owner_only_and_the_token_is_needed(checkout: Checkout) -> None:
    LocalClouds.ensure_running(checkout)
    file = checkout.local / "daemon.json"
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(DaemonError, match="token"):
        rendezvous.Link(json.loads(file.read_text())["port"], "guessed").call("status")


def test_stop_ends_the_daemon_and_leaves_no_announcement(checkout: Checkout) -> None:
    LocalClouds.ensure_running(checkout).stop()
    assert daemons(checkout) == []
    assert not (checkout.local / "daemon.json").exists()


def test_an_unknown_mode_is_refused_plainly(checkout: Checkout) -> None:
    launcher = launch(checkout, MERIDIAN_LOCAL_MODE="dream")
    out, errors = launcher.communicate(timeout=60)
    assert (out, launcher.returncode) == ("", 1)
    assert "MERIDIAN_LOCAL_MODE=dream" in errors
    assert "Traceback" not in errors


def test_drift_of_nothing_is_refused_with_the_fix(checkout: Checkout) -> None:
    with pytest.raises(UsageError, match="inventory"):
        LocalClouds.ensure_running(checkout).drift("none", "tags.a", "b")


def test_a_name_of_several_lists_what_tells_each_of_them_apart(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    for kind in ("bucket:Bucket", "bucketVersioning:BucketVersioning"):
        token, urn = f"aws:s3/{kind}", f"urn:pulumi:local-eu::meridian::aws:s3/{kind}::backups"
        inventory.add(Record(0, "aws", "local", token, "backups", "one-id", urn, {}, {}, True), "", [], [])
    with pytest.raises(UnknownNameError) as refused:
        drift.find(inventory, "backups")
    assert "answer to it, and only one can be meant; fix: name one as it is written here:\n" in str(
        refused.value
    )
    for record in inventory.all():
        assert str(refused.value).count(record.urn) == 1
        assert drift.find(inventory, record.urn) == record
    inventory.close()


def test_launchers_name_this_interpreter(checkout: Checkout) -> None:
    names = {path.name for path in (checkout.pulumi_home / "plugins").iterdir()}
    assert {name.split("-v")[0] for name in names} >= {
        "resource-gcp",
        "resource-aws",
        "resource-random",
        "resource-tls",
    }
    assert (
        sys.executable in next((checkout.pulumi_home / "plugins").glob("*/pulumi-resource-gcp")).read_text()
    )
