"""Every statement of every environment, in both forms and both ways between them, goes through the real grammar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meridian.model import environments, load_environment
from meridian.paths import Checkout
from meridian.program.sql_parameters import sql_parameters
from meridian.sql import Desired, desired, migration, statements
from meridian.sql.grammar import PROGRAM, GrammarError, grammar_problems, parse
from meridian.toolchain import ensure
from tests.sql.schemas import FORMS, ROOT, edited


@pytest.fixture(scope="session")
def program() -> Path:
    """The program; built by the toolchain when it is not there."""
    return ensure(Checkout(ROOT), [PROGRAM]).path(PROGRAM)


@pytest.mark.parametrize("name", environments(ROOT))
def test_the_grammar_takes_every_statement_and_every_undo(program: Path, name: str) -> None:
    environment = load_environment(ROOT, name)
    forms = [desired(environment, sql_parameters(environment), form=form) for form in FORMS]
    for schema in forms:
        made = statements(schema)
        assert grammar_problems(program, made) == []
        assert grammar_problems(program, [each.undo for each in made if each.undo]) == []
    assert grammar_problems(program, migration(forms[0], forms[1]).statements) == []
    assert grammar_problems(program, migration(forms[1], forms[0]).statements) == []


def test_the_statements_mean_what_their_names_say(program: Path, listed: Desired, by_row: Desired) -> None:
    """`ALTER DATABASE x SET OWNER TO y` parses too, as a session variable: the kind tells them apart."""
    kinds = {
        "table": {"CREATE TABLE"}, "index": {"CREATE INDEX"}, "role": {"CREATE ROLE"}, "policy": {"CREATE POLICY"},
        "setting": {"SET CLUSTER SETTING"}, "zone": {"CONFIGURE ZONE"}, "schedule": {"SCHEDULED BACKUP"},
        "trigger": {"CREATE TRIGGER"}, "function": {"CREATE FUNCTION"}, "licence": {"SET CLUSTER SETTING"},
    }  # fmt: skip
    for schema in (listed, by_row):
        made = statements(schema)
        for each, answer in zip(made, parse(program, [each.for_grammar for each in made]), strict=True):
            if each.kind in kinds:
                assert answer.kind in kinds[each.kind] or each.kind == "zone", (each.text, answer.kind)
            if each.key == "grant:owner":
                assert answer.normalised.endswith("OWNER TO meridian_owner")


def test_a_broken_statement_is_refused_with_its_place_and_reason(program: Path, listed: Desired) -> None:
    broken = edited(
        listed,
        lambda d: d["tables"]["tables"]["documents"]["columns"]["kind"].update(check="kind IN ('a' 'b')"),
    )
    (problem,) = grammar_problems(program, statements(broken))
    assert problem.path == ("sql", "table", "documents")
    line = "  CONSTRAINT documents_kind_check CHECK (kind IN ('a' 'b')),"
    assert (
        f"line 13, column {line.index(chr(39) + 'b') + 1}: " in problem.rule
        and "syntax error" in problem.rule
    )
    assert problem.value == line.strip()
    assert problem.fix == "correct the expression in stacks/tables.yaml"


def test_what_stands_in_a_literal_is_looked_into(program: Path, listed: Desired) -> None:
    made = {each.key: each for each in statements(listed)}
    function = made["function:audit"]
    broken = replace(function, text=function.text.replace("RETURN OLD", "RETRUN OLD"))
    (problem,) = grammar_problems(program, [broken])
    assert "syntax error" in problem.rule
    retention = made["retention:audit"]
    assert retention.embedded == ("SELECT (at + INTERVAL '2192 days') FROM audit",)
    assert grammar_problems(program, [replace(retention, embedded=("SELECT (at + ) FROM audit",))])


def test_two_statements_in_one_text_are_refused(program: Path, listed: Desired) -> None:
    first = replace(statements(listed)[1], text="SELECT 1; DROP TABLE users")
    assert len(grammar_problems(program, [first])) == 1


def test_only_the_part_that_is_newer_than_the_grammar_is_kept_from_it(program: Path, listed: Desired) -> None:
    (schedule,) = [each for each in statements(listed) if each.kind == "schedule"]
    assert [each.key for each in statements(listed) if each.newer] == ["schedule:backup"]
    assert "STRICT STORAGE LOCALITY" in schedule.text
    assert schedule.for_grammar == schedule.text.replace(", STRICT STORAGE LOCALITY", "")
    assert grammar_problems(program, [replace(schedule, newer="")]), "once the grammar knows it, drop `newer`"


def test_statements_with_line_breaks_and_foreign_letters_keep_their_order(program: Path) -> None:
    texts = ["SELECT 'ß\n语'", "SELECT", "SELECT FROM WHERE", "SELECT 2"]
    assert [answer.ok for answer in parse(program, texts)] == [True, True, False, True]


def test_a_missing_program_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match="meridian toolchain --only crdb-grammar"):
        parse(tmp_path / "crdb-grammar", ["SELECT 1"])
