"""`meridian doctor`: what is found, what is missing, and the one command that mends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_machine import Machine

from meridian import cli
from meridian.paths import Checkout
from meridian.toolchain import ensure, inspect
from meridian.toolchain.status import ToolStatus
from meridian.toolchain.tools import TOOLS, shown

SAYS = {name: f"{name} v{shown(tool.version)}" for name, tool in TOOLS.items()}


def states(machine: Machine) -> dict[str, ToolStatus]:
    root = machine.folder / "one"
    checkout = machine.checkout("one") if not root.exists() else Checkout(root)
    return {state.name: state for state in inspect(checkout)}


def place(machine: Machine, name: str, says: str) -> Path:
    folder = machine.folder / "one" / ".meridian" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def test_what_is_missing_is_mended_by_one_command(machine: Machine) -> None:
    found = states(machine)
    for name in TOOLS:
        assert (found[name].ok, found[name].fix) == (False, "meridian toolchain")
        assert found[name].found.startswith("not installed")
    assert (found["python packages"].ok, found["python packages"].fix) == (False, "make setup")
    assert (found["python"].ok, found["go"].ok, found["go"].found) == (True, True, "go1.25.1")


def test_what_lies_on_path_is_told_with_why_it_is_not_used(machine: Machine) -> None:
    machine.install("etcd", "etcd Version: 3.4.0")
    told = states(machine)["etcd"].found
    assert str(machine.path / "etcd") in told and "it is not at least 3.5.0 and below 3.7.0" in told


def test_an_old_program_is_not_well(machine: Machine) -> None:
    machine.checkout("one")
    place(machine, "etcd", "etcd Version: 3.4.0")
    old = states(machine)["etcd"]
    assert (old.ok, old.fix) == (False, "meridian toolchain") and old.found.startswith("3.4.0")


def test_a_program_that_does_not_run_is_not_well(machine: Machine) -> None:
    machine.checkout("one")
    place(machine, "etcd", SAYS["etcd"]).chmod(0o644)
    assert states(machine)["etcd"].ok is False
    (machine.folder / "one/.meridian/bin/kwok").symlink_to("/nowhere/kwok")
    assert states(machine)["kwok"].ok is False


def test_go_is_not_missed_when_nothing_has_to_be_built(machine: Machine) -> None:
    machine.checkout("one")
    for name, says in SAYS.items():
        place(machine, name, says)
    (machine.path / "go").unlink()
    found = states(machine)
    assert found["go"].ok and "not needed" in found["go"].found
    assert all(found[name].ok for name in TOOLS)


def test_an_old_go_is_mended_by_a_newer_one_when_something_must_be_built(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GO_VERSION", "go1.20.1")
    go = states(machine)["go"]
    assert (go.ok, go.fix) == (False, "install Go 1.24 or newer") and "go1.20.1" in go.found


def test_a_program_from_path_is_told_with_its_place(machine: Machine) -> None:
    found = machine.install("etcd", SAYS["etcd"])
    ensure(machine.checkout("one"), ("etcd",))
    assert states(machine)["etcd"].found == f"3.6.4, from PATH, {found}"


def test_doctor_changes_nothing(machine: Machine) -> None:
    states(machine)
    assert not (machine.folder / "one/.meridian").exists() and not machine.cache.exists()


def test_the_command_exits_1_until_all_is_well_and_speaks_json(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout = machine.checkout("one")
    (checkout.root / "Pulumi.yaml").touch()
    checkout.stacks.mkdir()
    monkeypatch.chdir(checkout.root)
    monkeypatch.delenv("MERIDIAN_ROOT", raising=False)
    assert cli.run(["doctor"]) == 1
    assert "meridian toolchain" in capsys.readouterr().out
    assert cli.run(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "ok", "found", "fix"} == set(rows[0])
    assert all(row["ok"] or row["fix"] for row in rows)
    for name, says in SAYS.items():
        place(machine, name, says)
    (checkout.root / ".venv").mkdir()
    (checkout.root / ".venv" / ".meridian-stamp").touch()
    cli.run(["doctor", "--json"])
    well = {row["name"]: row["ok"] for row in json.loads(capsys.readouterr().out)}
    assert all(well[name] for name in (*TOOLS, "python", "python packages", "go"))
