"""Every command with names that nothing has, wrong types, empty words and files that are something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meridian import cli
from meridian.local.errors import LocalError
from meridian.local.faults import Fault, Faults
from meridian.model import ModelErrors
from meridian.paths import Checkout
from meridian.pricing.refresh import refresh

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """This repository's data, with files beside it that are not what a command wants; nothing runs."""
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("Pulumi.*.yaml"))
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name, content in (("broken", "{"), ("list", "[1]"), ("object", "{}"), ("old", '{"format": 99}')):
        (tmp_path / name).write_text(content)
    for name in ("MERIDIAN_ROOT", "GITHUB_TOKEN", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    return Checkout(tmp_path)


def told(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail with a message and nothing on standard output; return the message."""
    assert cli.run(arguments) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "fix: " in said.err or "Usage: " in said.err
    for word in ("Traceback", "meridian: unexpected", "Errno", "codec", "Decode", "KeyError", "TypeError"):
        assert word not in said.err
    return said.err


WRONG_USAGE = [
    ("preview prod -u ''", "--unit ''"),
    ("preview prod --json -u moon", "--unit 'moon'"),
    ("preview prod --providers ''", "--providers ''"),
    ("up local --plan ''", "'--plan': it is empty"),
    ("preview local --report out --baseline ''", "'--baseline': it is empty"),
    ("policy check prod --plan ''", "'--plan': it is empty"),
    ("prove prod residency --plan ''", "'--plan': it is empty"),
    ("evidence prod --framework soc2 --out x --sign-key ''", "'--sign-key': it is empty"),
    ("evidence verify ''", "'DIR': it is empty"),
    ("evidence verify folder --public-key ''", "'--public-key': it is empty"),
    ("comment '' --number 1", "it is empty"),
    ("comment object --number 0", "0 is not in the range"),
    ("validate moon", "environment 'moon': there is no such environment"),
    ("validate moon --json", "environment 'moon': there is no such environment"),
    ("validate ''", "environment '': there is no such environment"),
    ("sql ''", "environment '': there is no such environment"),
    ("runbook prod ''", "runbook ''"),
    ("drill failover local --lose ''", "--lose ''"),
    ("local logs -n -1", "-1 is not in the range"),
    ("local logs -n 0", "0 is not in the range"),
    ("local fault add throttle --type ''", "--type"),
    ("local fault add throttle --count 0", "0 is not in the range"),
    ("verify prod --kubeconfig none", "--kubeconfig 'none'"),
    ("verify prod --kubeconfig folder", "it is no kubeconfig: is a directory"),
    ("verify prod --kubeconfig bytes", "it is no kubeconfig: it is no text in UTF-8"),
    ("verify prod --kubeconfig broken", "it is no kubeconfig: it is no YAML"),
    ("verify prod --kubeconfig list", "it is no kubeconfig: it names no current context"),
    ("verify prod --kubeconfig moon=object", "it is no kubeconfig: it names no current context"),
]


@pytest.mark.parametrize(("line", "named"), WRONG_USAGE)
def test_wrong_usage_names_the_value_and_exits_2(
    line: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.strip("'") for word in line.split()]
    assert named in told(words, 2, capsys)


FILES = [
    ("none", "it cannot be read (no such file or directory)"),
    ("folder", "it cannot be read (is a directory)"),
    ("bytes", "it cannot be read (it is no text in UTF-8)"),
    ("broken", "it is no JSON, from line 1, column 2; a plan is what `meridian preview` wrote"),
    ("list", "it is JSON, but no plan"),
    ("object", "it is JSON, but no plan"),
    ("old", "format 99: this version reads format"),
]


@pytest.mark.parametrize(("file", "rule"), FILES)
@pytest.mark.parametrize(
    "command",
    ["up local", "policy check prod", "prove prod residency", "evidence prod --framework soc2 --out x"],
)
def test_a_file_that_is_no_plan_is_told_by_its_name(
    command: str, file: str, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"meridian: --plan {file}: {rule}" in told([*command.split(), "--plan", file], 1, capsys)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("none", "there is no such file"),
        ("folder", "is a directory"),
        ("bytes", "it is no text in UTF-8"),
        ("broken", "it is no JSON, from line 1"),
        ("list", "it holds no proofs"),
        ("object", "it holds no proofs"),
    ],
)
def test_a_file_that_is_no_baseline_is_told_by_its_name(
    file: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(["preview", "prod", "--report", "out", "--baseline", file], 1, capsys)
    assert f"--baseline {file}" in said and why in said


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("comment none --number 1", "none: it cannot be read (no such file or directory)"),
        ("comment bytes --number 1", "bytes: it cannot be read (it is no text in UTF-8)"),
        (
            "comment object --number 1 --repository moon",
            "--repository 'moon': a repository is written owner/name",
        ),
        ("local logs", "there is no log: no daemon ran here yet"),
        ("local status --json", "the embedded clouds of this checkout do not run"),
    ],
)
def test_what_is_not_there_is_told_with_what_to_do(
    line: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named in told(line.split(), 1, capsys)


def test_nothing_to_check_is_no_success(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("prod", "staging", "local"):
        shutil.rmtree(checkout.stacks / name)
    for arguments in (["validate"], ["validate", "--json"]):
        assert "no folder holds an estate.yaml" in told(arguments, 1, capsys)


def test_a_place_that_is_taken_by_a_file_and_one_that_is_gone_have_other_fixes(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.work.touch()
    assert "not a directory; fix: move away what stands there" in told(["env", "local"], 1, capsys)
    checkout.work.unlink()
    assert "no such file or directory; fix: put it back" in told(["toolchain", "--only", "etcd"], 1, capsys)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("- a\n", "the file must be a mapping"),
        ("prices: [a", "the file must be valid YAML"),
        ("prices: {m5.large: [a]}\n", "a mapping is needed here"),
        (None, "there is no such file"),
    ],
)
def test_prices_that_are_wrong_already_are_told_by_their_line_before_any_list_is_read(
    content: str | None, rule: str, checkout: Checkout
) -> None:
    file = checkout.stacks / "assumptions/prices.yaml"
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises(ModelErrors, match=rule) as caught:
        refresh(file, aws_address="http://127.0.0.1:9")
    assert "stacks/assumptions/prices.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "told_"),
    [
        (Fault("latency", seconds=float("nan")), "seconds nan: a latency lasts 0 to 300 seconds"),
        (Fault("latency", seconds=-1.0), "seconds -1: a latency lasts"),
        (Fault("throttle", count=0), "count 0: a fault strikes once or more"),
        (Fault(""), "'': there is no such fault"),
        (Fault("throttle", operation=""), "'': there is no such operation"),
    ],
)
def test_a_fault_that_cannot_be_names_the_one_value_that_is_wrong(fault: Fault, told_: str) -> None:
    with pytest.raises(LocalError) as caught:
        Faults().add(fault)
    assert str(caught.value).startswith(told_) and "fix: " in str(caught.value)
