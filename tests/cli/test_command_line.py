"""The command line: exit codes, what goes to which stream, what is asked before a real environment is touched."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meridian import cli
from meridian.orchestrator import commands
from meridian.orchestrator.errors import InvalidEstateError, LockedError
from meridian.orchestrator.locks import EnvironmentLock
from meridian.orchestrator.result import Result, UnitResult
from meridian.orchestrator.units import Mark
from meridian.paths import Checkout

GRAPH = {"foundation": (), "eu": ("foundation",), "us": ("foundation",), "mesh": ("eu", "us")}
CREDENTIALS = {"GOOGLE_APPLICATION_CREDENTIALS": "/key.json", "AWS_PROFILE": "estate"}


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout without an engine; nothing here starts one."""
    for environment in ("local", "prod"):
        (tmp_path / "stacks" / environment).mkdir(parents=True)
        (tmp_path / "stacks" / environment / "estate.yaml").touch()
    (tmp_path / "Pulumi.yaml").touch()
    for name in [name for name in os.environ if name.startswith(("PULUMI_", "MERIDIAN_", "AWS_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "program_graph", lambda *_: dict(GRAPH))
    return Checkout(tmp_path)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, tuple[str, ...]]]:
    """What would have been run: (environment, operation, units)."""
    seen: list[tuple[str, str, tuple[str, ...]]] = []

    def run(estate: Any, environment: str, operation: str, **options: Any) -> Result:
        seen.append((environment, operation, tuple(options.get("units", ()))))
        print("progress", file=sys.stderr)
        unit = UnitResult("eu", f"{environment}-eu", Mark.DONE)
        return Result(environment, operation, "plan", [unit], 0.1, {})

    monkeypatch.setattr(commands, "run", run)
    return seen


def test_the_help_of_a_command_says_what_its_arguments_take(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["local", "fault", "add", "--help"]) == 0
    assert "lost-reply" in capsys.readouterr().out


def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["up"]) == 2
    assert cli.run(["no-such-command"]) == 2
    assert cli.run(["preview", "prod", "--no-such-option"]) == 2
    assert capsys.readouterr().out == ""


def test_an_unknown_environment_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["preview", "moon"]) == 2
    assert "local, prod" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    ["prove moon", "sql moon", "drill list moon", "runbook moon region-lost", "validate moon", "drift moon"],
)
def test_every_command_takes_an_unknown_environment_for_wrong_usage(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(command.split()) == 2
    assert "local, prod" in capsys.readouterr().err


def test_an_unknown_unit_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["preview", "local", "--unit", "attic"]) == 2
    assert "foundation, eu, us, mesh" in capsys.readouterr().err


def test_a_missing_engine_is_an_error_with_its_fix_not_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["preview", "local"]) == 1
    told = capsys.readouterr().err
    assert "meridian toolchain" in told
    assert "Traceback" not in told


def test_up_of_a_real_environment_without_credentials_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["up", "prod", "--yes"]) == 2
    told = capsys.readouterr().err
    assert "no credentials of GCP and AWS found" in told
    assert "meridian up local" in told


def test_up_of_a_real_environment_without_a_terminal_needs_yes(
    ran: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(commands, "_backend_wish", lambda *_: None)
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123
    assert cli.run(["up", "prod"]) == 2
    assert "without a terminal" in capsys.readouterr().err
    assert ran == []
    assert cli.run(["up", "prod", "--yes"]) == 0
    assert ran == [("prod", "up", ())]


def test_local_is_never_asked_about(ran: list[Any]) -> None:
    for operation in ("refresh", "destroy"):
        assert cli.run([operation, "local", "-u", "eu", "-u", "us"]) == 0
    assert ran == [("local", "refresh", ("eu", "us")), ("local", "destroy", ("eu", "us"))]


def test_json_puts_one_document_and_nothing_else_on_standard_output(
    ran: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["preview", "prod", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["units"][0]["stack"] == "prod-eu"
    assert told.err == "progress\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LockedError("local is held by x", "one at a time", "wait"), 1),
        (InvalidEstateError("stacks/local/eu.yaml:3:5: bad cidr"), 1),
        (KeyboardInterrupt(), 130),
        (RuntimeError("a surprise"), 1),
    ],
)
def test_an_error_is_one_message_on_standard_error(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: Any, **__: Any) -> Result:
        raise error

    monkeypatch.setattr(commands, "run", run)
    assert cli.run(["preview", "local"]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    assert str(error) in told.err


def test_the_shell_settings_of_prod_are_those_of_a_plan(
    capsys: pytest.CaptureFixture[str], checkout: Checkout
) -> None:
    assert cli.run(["env", "prod"]) == 0
    shell = f'{capsys.readouterr().out}\necho "$PULUMI_BACKEND_URL|$MERIDIAN_LOCAL_MODE|$PULUMI_HOME|${{PATH%%:*}}"'
    said = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout.strip()
    assert said == f"file://{checkout.plan_state}|plan|{checkout.pulumi_home}|{checkout.bin}"
    assert checkout.passphrase.stat().st_mode & 0o777 == 0o600
    made = {path.name for path in (checkout.plan_state / ".pulumi" / "stacks" / "meridian").glob("*.json")}
    assert made == {f"prod-{unit}.json" for unit in GRAPH}


def test_the_shell_settings_never_hold_the_passphrase(
    capsys: pytest.CaptureFixture[str], checkout: Checkout
) -> None:
    assert cli.run(["env", "local"]) == 0
    assert checkout.passphrase.read_text() not in capsys.readouterr().out


def test_going_from_prod_to_local_unsets_the_plan_mode(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERIDIAN_LOCAL_MODE", "plan")
    assert cli.run(["env", "local"]) == 0
    assert "unset MERIDIAN_LOCAL_MODE" in capsys.readouterr().out.splitlines()


def test_the_graph_is_printed_with_what_each_unit_depends_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["graph", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mesh"] == ["eu", "us"]


def test_the_status_of_nothing_says_so_and_names_the_holder(
    capsys: pytest.CaptureFixture[str], checkout: Checkout
) -> None:
    with EnvironmentLock(checkout, "local"):
        assert cli.run(["status", "local"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "foundation: not brought up"
    assert lines[-1].startswith("held by ")
    assert cli.run(["status", "local", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_by"] is None


def test_down_with_nothing_running_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["down"]) == 0
    assert capsys.readouterr().out == "nothing to stop\n"


def test_the_help_imports_nothing_heavy() -> None:
    heavy = "{'pulumi', 'grpc', 'pydantic', 'networkx', 'kubernetes', 'psutil', 'rich.live'}"
    script = (
        "import sys\nfrom meridian import cli\ncode = cli.run(['--help'])\n"
        f"print(code, sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"
    for command in (
        "preview",
        "up",
        "refresh",
        "destroy",
        "outputs",
        "status",
        "env",
        "toolchain",
        "validate",
    ):
        assert command in done.stdout
