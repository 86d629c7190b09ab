"""`meridian sql`: what goes to which stream, what is refused, and that nothing is printed that was not parsed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from meridian import cli

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own whose data a test may break; programs come from the shared cache."""
    for name in ("stacks", "toolchain"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path / "Pulumi.yaml")
    monkeypatch.setenv("MERIDIAN_ROOT", str(tmp_path))
    return tmp_path


def test_it_prints_the_chosen_form_and_says_that_it_was_parsed(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sql", "prod"]) == 0
    first = capsys.readouterr()
    assert first.out == (ROOT / "tests/sql/golden/prod.partition-by-list.sql").read_text()
    assert "each parsed by CockroachDB's grammar (v25.2)" in first.err
    assert cli.run(["sql", "prod", "--form", "regional-by-row"]) == 0
    assert "LOCALITY REGIONAL BY ROW AS region" in capsys.readouterr().out


def test_json_is_one_document_with_the_order_and_what_a_runner_needs(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sql", "prod", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["form"] == "partition-by-list" and not said["planned"]
    assert said["statements"][0]["parameters"] == ["licence"]
    assert {"key", "kind", "text", "why", "scope", "postgres", "destructive", "transactional"} <= set(
        said["statements"][0]
    )


def test_for_postgres_only_what_runs_there_is_shown(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sql", "local", "--postgres"]) == 0
    said = capsys.readouterr()
    assert "CREATE TABLE IF NOT EXISTS users" in said.out
    for word in (
        "CLUSTER SETTING",
        "CONFIGURE ZONE",
        "PARTITION BY LIST",
        "crdb_internal_region",
        "EXPERIMENTAL_AUDIT",
    ):
        assert word not in said.out
    assert "run on PostgreSQL" in said.err


def test_an_expression_that_does_not_parse_is_refused_and_nothing_is_printed(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkout / "stacks/tables.yaml"
    file.write_text(file.read_text().replace("default: now()", "default: now((", 1))
    assert cli.run(["sql", "prod"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "sql.table.legal_texts" in said.err and "syntax error" in said.err and "fix:" in said.err


def test_a_form_that_does_not_exist_is_wrong_usage(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sql", "prod", "--form", "sharded"]) == 2
    assert "partition-by-list, regional-by-row" in " ".join(capsys.readouterr().err.replace("│", " ").split())
