"""What a careless or hostile user gives the command line: always a message with its fix, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meridian.paths import Checkout

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with a space in its path and this repository's data; nothing runs in it."""
    root = tmp_path / "a checkout"
    root.mkdir()
    shutil.copytree(ROOT / "stacks", root / "stacks", ignore=shutil.ignore_patterns("Pulumi.*.yaml"))
    shutil.copy(ROOT / "Pulumi.yaml", root)
    return Checkout(root)


def meridian(
    checkout: Checkout, *arguments: str, folder: Path | None = None, **variables: str | None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own; a variable of None is unset."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PULUMI_", "MERIDIAN_", "AWS_", "GOOGLE_"))
        and variables.get(name, "") is not None
    }
    done = subprocess.run(
        [sys.executable, "-m", "meridian.cli", *arguments],
        cwd=folder or checkout.root,
        env={**kept, **{name: value for name, value in variables.items() if value is not None}},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("name", ["", "moon", "../../etc", "a\nb", "--help", "prod-eu"])
@pytest.mark.parametrize("command", ["preview", "status", "outputs", "env", "graph", "unlock", "validate"])
def test_an_environment_that_is_none_is_wrong_usage(
    command: str,
    name: str,
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from meridian import cli

    monkeypatch.chdir(checkout.root)
    monkeypatch.delenv("MERIDIAN_ROOT", raising=False)
    assert cli.run([command, "--", name]) == 2
    told = capsys.readouterr()
    assert told.out == "" and "fix: " in told.err and "Traceback" not in told.err


def test_the_checkout_is_found_from_any_folder_inside_it(checkout: Checkout) -> None:
    done = meridian(checkout, "validate", "prod", folder=checkout.stacks / "prod")
    assert (done.returncode, done.stdout) == (0, "prod: valid (3 regions, 6 clusters)\n")


def test_outside_a_checkout_it_says_where_to_go(checkout: Checkout, tmp_path: Path) -> None:
    for variables in ({}, {"MERIDIAN_ROOT": str(tmp_path / "nowhere")}):
        done = meridian(checkout, "validate", folder=tmp_path, **variables)
        assert done.returncode == 1 and "is not inside a Meridian checkout" in done.stderr


def test_without_a_home_the_data_is_still_checked(checkout: Checkout) -> None:
    assert meridian(checkout, "validate", HOME=None).returncode == 0
    assert meridian(checkout, "status", "local", HOME="/nonexistent").returncode == 0


@pytest.mark.parametrize("columns", ["1", "20", "200"])
def test_any_width_of_the_terminal_will_do(columns: str, checkout: Checkout) -> None:
    done = meridian(checkout, "doctor", COLUMNS=columns, NO_COLOR="1", TERM="dumb")
    assert done.returncode == 1 and "\x1b[" not in done.stdout
    assert meridian(checkout, "preview", "--help", COLUMNS=columns).returncode == 0


@pytest.mark.parametrize("value", ["abc", "-1", "nan", "inf"])
def test_a_wrong_time_of_the_worker_is_refused_with_the_rule(value: str, checkout: Checkout) -> None:
    checkout.bin.mkdir(parents=True)
    (checkout.bin / "pulumi").touch(0o755)
    done = meridian(checkout, "preview", "local", MERIDIAN_WORKER_IDLE_SECONDS=value)
    assert done.returncode == 2 and "MERIDIAN_WORKER_IDLE_SECONDS=" in done.stderr and "fix: " in done.stderr


def test_a_cache_that_cannot_be_is_named(checkout: Checkout) -> None:
    shutil.copytree(ROOT / "toolchain", checkout.root / "toolchain")
    file = checkout.root / "file"
    file.touch()
    done = meridian(checkout, "toolchain", "--only", "etcd", MERIDIAN_CACHE=str(file / "cache"), PATH="")
    assert done.returncode == 1 and "fix: " in done.stderr


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0", "1e9", "", "fast"])
def test_a_wrong_time_scale_is_told_where_it_was_given(
    value: str, checkout: Checkout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from meridian import cli
    from meridian.local.client import DaemonError, LocalClouds

    monkeypatch.chdir(checkout.root)
    monkeypatch.delenv("MERIDIAN_ROOT", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    for command, named in (
        (["drill", "failover", "local", "--scale", value], "'--scale'"),
        (["local", "time-scale", "--", value], "'FACTOR'"),
    ):
        assert cli.run(command) == 2
        told = capsys.readouterr().err
        assert f"{named}: {value!r}: a time scale is a number from 0.01" in told and "fix: " in told
        assert "MERIDIAN_TIME_SCALE" not in told
    if value:
        monkeypatch.setenv("MERIDIAN_TIME_SCALE", value)
        with pytest.raises(DaemonError, match=f"^MERIDIAN_TIME_SCALE={value!r}: .*fix: "):
            LocalClouds.ensure_running(checkout)
        assert not checkout.local.exists()


@pytest.mark.parametrize(
    "command",
    [
        "preview local --report",
        "drill failover local --report",
        "runbook prod --write",
        "evidence prod --framework soc2 --out",
    ],
)
def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    command: str,
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from meridian import cli
    from meridian.orchestrator import commands

    def run(*_: object, **__: object) -> None:
        raise AssertionError("it began to work")

    monkeypatch.setattr(commands, "run", run)
    monkeypatch.chdir(checkout.root)
    monkeypatch.delenv("MERIDIAN_ROOT", raising=False)
    (checkout.root / "file").touch()
    (checkout.root / "dangling").symlink_to("nowhere/at all")
    for folder in ("file", "file/x", "dangling"):
        assert cli.run([*command.split(), folder]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert f"{command.split()[-1]} {folder}: it cannot be written to" in told.err and "fix: " in told.err
    assert cli.run([*command.split(), ""]) == 2
    assert "it is empty" in capsys.readouterr().err


def test_a_look_at_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    from meridian.cli.named_paths import OutFolder

    assert OutFolder().convert(str(tmp_path / "a/b"), None, None) == tmp_path / "a/b"
    assert list(tmp_path.iterdir()) == []


def test_a_baseline_that_is_none_is_told_before_the_preview_runs(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from meridian import cli

    monkeypatch.chdir(checkout.root)
    monkeypatch.delenv("MERIDIAN_ROOT", raising=False)
    # There is no engine here: a preview that began would speak of it.
    assert cli.run(["preview", "local", "--report", "out", "--baseline", "none.json"]) == 1
    assert "--baseline none.json: there is no such file" in capsys.readouterr().err
    assert cli.run(["preview", "local", "--baseline", "none.json"]) == 2
    assert cli.run(["up", "local", "--approve", "bucket"]) == 2
    assert not (checkout.root / "out").exists()


@pytest.mark.parametrize(
    "broken", ["", "x", "[]", "{}", '{"pid": "a"}', '{"pid": 1}', '{"pid": null, "started": 3}']
)
def test_broken_notes_of_running_processes_count_as_nothing_running(broken: str, checkout: Checkout) -> None:
    checkout.local.mkdir(parents=True)
    (checkout.work / "worker.json").write_text(broken)
    (checkout.local / "daemon.json").write_text(broken)
    assert meridian(checkout, "down").stdout == "nothing to stop\n"


def test_notes_that_name_a_strangers_process_leave_it_alone(checkout: Checkout) -> None:
    """After a reboot the number of a process belongs to somebody else."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        checkout.local.mkdir(parents=True)
        note = {"pid": stranger.pid, "started": "1", "port": 1, "token": "t", "digest": "d", "code": "c"}
        (checkout.work / "worker.json").write_text(json.dumps(note))
        (checkout.local / "daemon.json").write_text(json.dumps(note))
        assert meridian(checkout, "down").stdout == "nothing to stop\n"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_damaged_inventory_is_named_without_the_daemons_traceback(checkout: Checkout) -> None:
    from meridian.local import rendezvous

    for name, content in (("inventory.db", b"garbage " * 100), ("inventory.key", b"short")):
        shutil.rmtree(checkout.local, ignore_errors=True)
        checkout.local.mkdir(parents=True)
        (checkout.local / name).write_bytes(content)
        with pytest.raises(rendezvous.DaemonError) as caught:
            rendezvous.ensure(checkout.root, sys.executable)
        told = str(caught.value)
        assert name in told and "fix: put back a copy" in told and "\n" not in told


@pytest.mark.parametrize("broken", ["", "x", "[]", "{}", '{"pid": "a"}'])
def test_a_broken_note_of_a_holder_holds_nothing(broken: str, checkout: Checkout) -> None:
    checkout.locks.mkdir(parents=True)
    (checkout.locks / "local.json").write_text(broken)
    assert meridian(checkout, "status", "local").stdout.endswith("not held\n")
    assert meridian(checkout, "unlock", "local").stdout == "local is not held\n"


@pytest.mark.parametrize(
    "broken", ["", "x", "[]", '{"checkpoint": 3}', '{"version": 3, "checkpoint": {"latest": [3]}}']
)
def test_a_broken_state_is_named_with_what_to_do(broken: str, checkout: Checkout) -> None:
    file = checkout.state / ".pulumi" / "stacks" / "meridian" / "local-eu.json"
    file.parent.mkdir(parents=True)
    file.write_text(broken)
    for command in ("status", "outputs"):
        done = meridian(checkout, command, "local")
        assert done.returncode == 1, done.stdout
        assert "local-eu.json" in done.stderr and "fix: " in done.stderr
