"""The schema's resource on a real PostgreSQL: applied whole, changed, resumed, drifted, mended."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr, ValidationError

from meridian.database.connection import Connection
from meridian.database.handler import Schemas
from meridian.database.ledger import Ledger
from meridian.model.placement import Form
from meridian.provider.errors import ProviderError
from meridian.sql import Desired, migration

Edited = Callable[[Desired, Callable[[dict[str, Any]], Any]], Desired]


def tables(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["tables"]["tables"]
    return found


def ledger(database: Any) -> list[str]:
    return [row[0] for row in database.rows("SELECT key FROM meridian.ledger ORDER BY number")]


def test_the_whole_schema_comes_up_and_says_what_was_only_parsed(database: Any) -> None:
    made = Schemas().create(database.inputs())
    names = {row[0] for row in database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert names == set(database.schema.tables.tables)
    assert made.outputs["statements"] == len(ledger(database))
    assert any(key.startswith(("partition:", "zone:")) for key in made.outputs["parsed"])
    assert not any(key.startswith(("table:", "policy:", "role:")) for key in made.outputs["parsed"])


def test_making_it_again_runs_nothing(database: Any) -> None:
    Schemas().create(database.inputs())
    before = ledger(database)
    Schemas().create(database.inputs())
    assert ledger(database) == before


def test_a_plan_shows_every_statement_and_needs_no_database(database: Any) -> None:
    nowhere = Connection(host="127.0.0.1", port=1, user="root")
    plan = Schemas().plan(None, database.inputs().model_copy(update={"connection": nowhere}), {})
    text = "\n".join(plan.lines)
    assert "CREATE TABLE IF NOT EXISTS users (" in text
    assert "only parsed: postgresql has no such thing" in text
    on_cockroach = database.inputs().model_copy(update={"dialect": "cockroachdb", "connection": nowhere})
    text = "\n".join(Schemas().plan(None, on_cockroach, {}).lines)
    assert "PARTITION BY LIST (region)" in text
    assert "only parsed" not in text


def test_a_statement_that_does_not_parse_is_refused_before_anything_runs(
    database: Any, edited: Edited
) -> None:
    broken = edited(
        database.schema, lambda d: tables(d)["users"]["columns"]["locale"].update(default="'en' ||")
    )
    failures = Schemas().check(database.inputs(broken))
    assert [
        failure for failure in failures if "grammar" in failure.reason and "table.users" in failure.reason
    ]
    with pytest.raises(ProviderError, match=r"table\.users.*grammar"):
        Schemas().plan(None, database.inputs(broken), {})


def test_a_new_column_is_named_in_the_diff_shown_and_added(database: Any, edited: Edited) -> None:
    Schemas().create(database.inputs())
    new = edited(
        database.schema,
        lambda d: tables(d)["users"]["columns"].update(phone={"type": "text", "nullable": True}),
    )
    old, wanted = database.inputs(), database.inputs(new)
    assert list(Schemas().diff(old, wanted, {}).changed) == ['desired["column:users:phone"]']
    assert (
        "ALTER TABLE users ADD COLUMN IF NOT EXISTS phone TEXT NULL;" in Schemas().plan(old, wanted, {}).lines
    )
    Schemas().update("x", old, wanted, {})
    assert database.rows("SELECT phone FROM users") == []


def test_a_column_is_dropped_only_when_the_data_approves_it(database: Any, edited: Edited) -> None:
    Schemas().create(database.inputs())
    gone = edited(database.schema, lambda d: tables(d)["users"]["columns"].pop("locale"))
    old, wanted = database.inputs(), database.inputs(gone)
    for refused in (
        lambda: Schemas().plan(old, wanted, {}),
        lambda: Schemas().update("x", old, wanted, {}),
    ):
        with pytest.raises(ProviderError, match="approved_drops"):
            refused()
    database.rows("SELECT locale FROM users")
    approved = edited(gone, lambda d: d["tables"].update(approved_drops=["users.locale"]))
    wanted = database.inputs(approved)
    assert any("LOSES DATA, approved" in line for line in Schemas().plan(old, wanted, {}).lines)
    Schemas().update("x", old, wanted, {})
    with pytest.raises(psycopg.errors.UndefinedColumn):
        database.rows("SELECT locale FROM users")


def test_a_refused_statement_stops_there_and_the_next_run_goes_on_with_it(database: Any) -> None:
    with database.connect() as connection:
        # In the way of the last table: what comes before it is done, it and what follows are not.
        connection.execute("CREATE TYPE audit AS ENUM ('a')")
    with pytest.raises(ProviderError, match="goes on with this statement"):
        Schemas().create(database.inputs())
    first = ledger(database)
    assert first and "index:audit:audit_at_idx" not in first
    with database.connect() as connection:
        connection.execute("DROP TYPE audit")
    Schemas().create(database.inputs())
    after = ledger(database)
    assert after[: len(first)] == first
    assert len(after) == len(set(after)) == Schemas().plan(None, database.inputs(), {}).outputs["statements"]


def test_something_else_of_the_same_name_is_not_taken_for_ours(database: Any) -> None:
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE legal_texts (purpose text, version int8, PRIMARY KEY (purpose, version))"
        )
    with pytest.raises(ProviderError, match=r"column legal_texts\.body.*in the way"):
        Schemas().create(database.inputs())


def test_a_killed_run_goes_on_where_it_was_and_repeats_nothing(database: Any, tmp_path: Path) -> None:
    """The run waits for a lock in the middle of its statements and is killed there, engine, plugin and all."""
    inputs = tmp_path / "inputs.json"
    connection = {**database.address, "password": database.password}
    plain = {
        "desired": database.inputs().desired,
        "dialect": "postgresql",
        "connection": {name: connection[name] for name in ("host", "port", "user", "password")},
    }
    inputs.write_text(json.dumps(plain))
    program = (
        "import sys; from meridian.database.handler import SchemaInputs, Schemas\n"
        "Schemas().create(SchemaInputs.model_validate_json(open(sys.argv[1]).read()))"
    )
    with database.connect() as blocker:
        # Until the end of this transaction nobody knows whether a table may be called so: its creation waits.
        blocker.execute("BEGIN; CREATE TYPE audit AS ENUM ('a')")
        process = subprocess.Popen([sys.executable, "-c", program, str(inputs)])
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'meridian'"
        )
        _wait(lambda: process.poll() is not None or database.rows(waiting))
        process.kill()
        process.wait()
        blocker.execute("ROLLBACK")
    before = ledger(database)
    whole = Schemas().plan(None, database.inputs(), {}).outputs["statements"]
    assert 0 < len(before) < whole, "it was not in the middle"
    assert database.rows("SELECT state FROM meridian.target") == [("applying",)]
    Schemas().create(database.inputs())
    after = ledger(database)
    assert after[: len(before)] == before
    assert (len(after), len(set(after))) == (whole, whole)
    assert database.rows("SELECT state FROM meridian.target") == [("done",)]


def _wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def test_another_aim_after_an_interruption_first_finishes_what_was_begun(
    database: Any, edited: Edited
) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TYPE audit AS ENUM ('a')")
    with pytest.raises(ProviderError):
        Schemas().create(database.inputs())
    with database.connect() as connection:
        connection.execute("DROP TYPE audit")
    new = edited(
        database.schema,
        lambda d: tables(d)["users"]["columns"].update(phone={"type": "text", "nullable": True}),
    )
    Schemas().create(database.inputs(new))
    assert ledger(database)[-1] == "column:users:phone"
    database.rows("SELECT id FROM audit")


def test_there_and_back_and_there_again(database: Any, edited: Edited) -> None:
    wider = edited(
        database.schema,
        lambda d: tables(d)["users"]["indexes"].update(users_at={"columns": ["region", "created_at"]}),
    )
    back = edited(database.schema, lambda d: d["tables"].update(approved_drops=["users.users_at"]))
    for schema in (database.schema, wider, back, wider, back):
        Schemas().create(database.inputs(schema))
    assert ledger(database)[-4:] == ["index:users:users_at"] * 4


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        ("DROP POLICY users_own ON users", "policy users.users_own"),
        ("DROP INDEX sessions_user_idx", "index sessions.sessions_user_idx"),
        ("ALTER TABLE documents NO FORCE ROW LEVEL SECURITY", "security:documents"),
        ("ALTER TABLE documents DISABLE ROW LEVEL SECURITY", "security:documents"),
        ("DROP TRIGGER audit_is_append_only ON audit", "trigger:audit"),
        ("DROP TABLE sessions", "table sessions"),
        ("ALTER TABLE users DROP COLUMN display_name", "column users.display_name"),
        (
            "ALTER TABLE identities DROP CONSTRAINT identities_user_fkey",
            "foreign key identities.identities_user_fkey",
        ),
    ],
)
def test_drift_is_found_and_mended(database: Any, damage: str, name: str) -> None:
    handler, inputs = Schemas(), database.inputs()
    handler.create(inputs)
    with database.connect() as connection:
        connection.execute(damage.encode())
    found = handler.read("x", inputs, {})
    assert found is not None and found.inputs is not None
    assert name in found.outputs["missing"]
    assert handler.diff(found.inputs, inputs, found.outputs).changed
    handler.update("x", found.inputs, inputs, found.outputs)
    again = handler.read("x", inputs, {})
    assert again is not None and again.inputs is not None
    assert (again.outputs["missing"], again.inputs.schema_ == inputs.schema_) == ([], True)
    assert not handler.diff(again.inputs, inputs, again.outputs).changed


def test_a_policy_that_nobody_asked_for_is_drift_and_goes(database: Any) -> None:
    handler, inputs = Schemas(), database.inputs()
    handler.create(inputs)
    with database.connect() as connection:
        connection.execute('CREATE POLICY "let me in" ON users TO app USING (true)')
    found = handler.read("x", inputs, {})
    assert found is not None
    assert found.outputs["unexpected"] == ["policy:users:let me in"]
    handler.update("x", inputs, inputs, found.outputs)
    assert database.rows("SELECT count(*) FROM pg_policies WHERE policyname = 'let me in'") == [(0,)]


def test_a_changed_ledger_is_noticed(database: Any) -> None:
    handler, inputs = Schemas(), database.inputs()
    handler.create(inputs)
    with database.connect() as connection:
        connection.execute("UPDATE meridian.ledger SET statement = 'SELECT 1' WHERE number = 3")
    with pytest.raises(ProviderError, match=r"entry 3.*somebody changed the ledger"):
        handler.read("x", inputs, {})


@pytest.mark.parametrize(
    ("damage", "key"),
    [
        ("ALTER POLICY users_own ON users USING (true)", "policy:users:users_own"),
        ("ALTER POLICY users_own ON users TO public", "policy:users:users_own"),
        ("GRANT DELETE ON users TO app", "grant:users:app"),
        ("REVOKE SELECT ON users FROM app", "grant:users:app"),
        ("REVOKE ALL ON users FROM app", "grant:users:app"),
        ("GRANT SELECT ON users TO PUBLIC", "grant:users:PUBLIC"),
        ("GRANT DELETE, REFERENCES (email) ON users TO app", "grant:users:app"),
        ("GRANT SELECT (email) ON users TO operator", "grant:users:operator"),
        ("GRANT UPDATE (email) ON users TO PUBLIC", "grant:users:PUBLIC"),
    ],
)
def test_a_changed_policy_or_right_is_drift_and_is_put_back(database: Any, damage: str, key: str) -> None:
    handler, inputs = Schemas(), database.inputs()
    made = handler.create(inputs).outputs
    with database.connect() as connection:
        connection.execute(damage.encode())
    found = handler.read("x", inputs, made)
    assert found is not None and found.inputs is not None
    assert found.outputs["changed"] == [key]
    assert f'desired["{key}"]' in handler.diff(found.inputs, inputs, found.outputs).changed
    mended = handler.update("x", found.inputs, inputs, found.outputs)
    assert mended["definitions"] == made["definitions"]
    again = handler.read("x", inputs, mended)
    assert again is not None and again.outputs["changed"] == []


@pytest.mark.parametrize(
    ("damage", "key"),
    [
        ("ALTER TABLE users ALTER COLUMN locale DROP NOT NULL", "column:users:locale"),
        ("ALTER TABLE users ALTER COLUMN locale SET DEFAULT 'de'", "column:users:locale"),
        ("ALTER TABLE users ALTER COLUMN locale TYPE varchar(5)", "column:users:locale"),
        (
            "DROP INDEX identities_user_idx; CREATE INDEX identities_user_idx ON identities (user_id)",
            "index:identities:identities_user_idx",
        ),
        ("ALTER ROLE app WITH BYPASSRLS", "role:app"),
    ],
)
def test_a_changed_definition_that_rows_depend_on_is_drift_and_left_to_people(
    database: Any, damage: str, key: str
) -> None:
    handler, inputs = Schemas(), database.inputs()
    made = handler.create(inputs).outputs
    try:
        with database.connect() as connection:
            connection.execute(damage.encode())
        found = handler.read("x", inputs, made)
        assert found is not None and key in found.outputs["changed"]
        before = ledger(database)
        with pytest.raises(ProviderError, match=rf"{key}.*changed by hand"):
            handler.update("x", inputs, inputs, found.outputs)
        assert ledger(database) == before, "nothing runs"
    finally:
        with database.connect() as connection:
            connection.execute("ALTER ROLE app WITH NOBYPASSRLS")


def test_a_change_by_hand_that_the_data_takes_over_is_no_drift_any_more(
    database: Any, edited: Edited
) -> None:
    handler, inputs = Schemas(), database.inputs()
    made = handler.create(inputs).outputs
    with database.connect() as connection:
        connection.execute("ALTER TABLE users ALTER COLUMN locale DROP NOT NULL")
    taken = edited(database.schema, lambda d: tables(d)["users"]["columns"]["locale"].update(nullable=True))
    updated = handler.update("x", inputs, database.inputs(taken), made)
    found = handler.read("x", database.inputs(taken), updated)
    assert found is not None and found.outputs["changed"] == []


def test_definitions_of_another_server_version_are_not_compared(database: Any) -> None:
    handler, inputs = Schemas(), database.inputs()
    made = {**handler.create(inputs).outputs, "server": "an older one"}
    with database.connect() as connection:
        connection.execute("GRANT DELETE ON users TO app")
    found = handler.read("x", inputs, made)
    assert found is not None and found.outputs["changed"] == []


@pytest.mark.parametrize(
    "cut", ["DELETE FROM meridian.ledger WHERE number > 3", "DELETE FROM meridian.ledger"]
)
def test_a_ledger_that_was_cut_off_is_noticed_by_what_the_state_has_seen(database: Any, cut: str) -> None:
    handler, inputs = Schemas(), database.inputs()
    made = handler.create(inputs).outputs
    with database.connect() as connection:
        connection.execute(cut.encode())
    for run in (lambda: handler.read("x", inputs, made), lambda: handler.update("x", inputs, inputs, made)):
        with pytest.raises(ProviderError, match=r"cut off, or a backup restored.*access\.restored"):
            run()


def test_after_a_restore_that_the_data_names_the_older_ledger_goes_on(database: Any) -> None:
    handler, inputs = Schemas(), database.inputs()
    made = handler.create(inputs).outputs
    with database.connect() as connection:
        connection.execute("DELETE FROM meridian.ledger WHERE number > 3")
    restored = database.inputs(restored="2026-11-24")
    assert "restored" in handler.diff(inputs, restored, made).changed
    updated = handler.update("x", inputs, restored, made)
    assert updated["ledger"].startswith("3:")
    assert handler.read("x", restored, updated) is not None


def test_a_database_without_a_ledger_is_no_schema(database: Any) -> None:
    assert Schemas().read("x", database.inputs(), {}) is None


def test_deleting_the_resource_drops_nothing(database: Any) -> None:
    Schemas().create(database.inputs())
    Schemas().delete("x", database.inputs(), {})
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


def test_a_change_of_form_is_refused_by_preview_and_up_with_its_steps_and_the_command(database: Any) -> None:
    handler, before = Schemas(), database.inputs()
    handler.create(before)
    other: Form = "regional-by-row" if database.schema.form == "partition-by-list" else "partition-by-list"
    after = database.inputs(database.schema.model_copy(update={"form": other}))
    was = ledger(database)
    steps = migration(before.schema_, after.schema_)
    assert steps.planned
    for run in (lambda: handler.plan(before, after, {}), lambda: handler.update("x", before, after, {})):
        with pytest.raises(ProviderError) as refused:
            run()
        told = str(refused.value)
        assert f"{database.schema.form} -> {other}" in told
        assert f"{len(steps.statements)} steps" in told and "copy" in told
        assert f"meridian sql ENV --migrate-to {other}" in told
    assert ledger(database) == was, "nothing runs"


def test_a_password_is_never_in_the_ledger_nor_in_the_servers_log(database: Any, server: Any) -> None:
    Schemas().create(database.inputs())
    log = Path(server.status()["log"]).read_text()
    kept = str(database.rows("SELECT * FROM meridian.ledger")) + str(
        database.rows("SELECT * FROM meridian.target")
    )
    for password in (*database.passwords.values(), database.password):
        assert password not in log
        assert password not in kept
    assert database.rows("SELECT current_user", user="app") == [("app",)]


def test_another_machine_is_only_reached_with_its_authority() -> None:
    with pytest.raises(ValidationError, match="would not be verified"):
        Connection(host="db.example", port=26257, user="root")
    with pytest.raises(ValidationError, match="belong together"):
        Connection(host="127.0.0.1", port=26257, user="root", key=SecretStr("x"))


def test_nobody_at_the_address_is_told_without_the_password(database: Any) -> None:
    gone = database.inputs().connection.model_copy(update={"port": 1})
    with pytest.raises(ProviderError, match="does not let us in") as error:
        Schemas().create(database.inputs().model_copy(update={"connection": gone}))
    assert database.password not in str(error.value)


def test_entries_are_chained(database: Any) -> None:
    Schemas().create(database.inputs())
    with database.connect() as connection:
        entries = Ledger(connection).entries()
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
