"""`meridian verify`'s checks of the database: as the estate wants it, and with one guard taken off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meridian.database.handler import Schemas
from meridian.verify import rows
from meridian.verify.result import Outcome

SIGHTS = rows.load_sights(Path(__file__).parents[2] / "policies")


def verified(database: Any, *changes: str) -> tuple[Any, Any]:
    Schemas().create(database.inputs())
    with database.connect() as connection:
        for change in changes:
            connection.execute(change.encode())
        isolated, trail = rows.check(connection, "database", database.schema.tables, SIGHTS)
    return isolated, trail


def test_the_schema_keeps_persons_apart_and_nothing_is_left_behind(database: Any) -> None:
    for found in verified(database):
        assert found.outcome is Outcome.PASSED, found
    for table in database.schema.tables.tables:
        assert database.rows(f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("ALTER TABLE documents NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY", "app on documents"),
        ("CREATE POLICY extra ON documents FOR SELECT TO app USING (true)", "app on documents"),
        ("GRANT SELECT ON audit TO operator", "operator on audit"),
        ("REVOKE SELECT ON users FROM signon", "signon on users"),
        ("CREATE POLICY extra ON documents FOR ALL TO eraser USING (true)", "eraser deletes 1 rows"),
    ],
)
def test_a_guard_that_was_taken_off_is_found(database: Any, change: str, says: str) -> None:
    isolated, trail = verified(database, change)
    assert isolated.outcome is Outcome.FAILED and says in isolated.seen, isolated
    assert trail.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("DROP TRIGGER audit_is_append_only ON audit", "the superuser changes"),
        ("REVOKE INSERT ON audit FROM app", "app cannot write to audit"),
    ],
)
def test_a_trail_that_can_be_changed_is_found(database: Any, change: str, says: str) -> None:
    _, trail = verified(database, change)
    assert trail.outcome is Outcome.FAILED and says in trail.seen, trail
