"""What the schema promises about rows, on a real PostgreSQL and as the roles themselves."""

import uuid
from typing import Any

import psycopg
import pytest

from meridian.database.handler import Schemas

A, B = (str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in ("a.example", "b.example"))


@pytest.fixture
def people(database: Any) -> Any:
    """Two persons, each with an account, an identity, a document and consents."""
    Schemas().create(database.inputs())
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO legal_texts (purpose, version, body, valid_from) VALUES ('news', 1, 'x', now())"
        )
        for person, country in ((A, "DE"), (B, "US")):
            region = "eu" if country == "DE" else "us"
            connection.execute(
                "INSERT INTO users (id, country, email) VALUES (%s, %s, %s)",
                [person, country, f"{person}@example"],
            )
            connection.execute(
                "INSERT INTO documents (region, user_id, kind, title, body, size_bytes) VALUES (%s, %s, 'record', 't', 'x', 1)",
                [region, person],
            )
            connection.execute(
                "INSERT INTO identities (region, user_id, issuer, subject) VALUES (%s, %s, 'idp', %s)",
                [region, person, person],
            )
            connection.execute(
                "INSERT INTO consents (region, user_id, purpose, version, given) VALUES (%s, %s, 'news', 1, true)",
                [region, person],
            )
            connection.execute(
                "INSERT INTO audit (region, user_id, actor, action) VALUES (%s, %s, 'test', 'made')",
                [region, person],
            )
    return database


def as_person(database: Any, role: str, person: str | None) -> "psycopg.Connection[Any]":
    connection: psycopg.Connection[Any] = database.connect(role)
    if person is not None:
        connection.execute("SELECT set_config('meridian.user_id', %s, false)", [person])
    return connection


def count(connection: "psycopg.Connection[Any]", table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("table", ["users", "documents", "identities", "consents"])
def test_the_portal_sees_the_rows_of_the_signed_in_person_only(people: Any, table: str) -> None:
    column = "id" if table == "users" else "user_id"
    with as_person(people, "app", A) as connection:
        seen = connection.execute(f"SELECT {column}::text FROM {table}".encode()).fetchall()
        assert seen == [(A,)]
        assert connection.execute(f"SELECT 1 FROM {table} WHERE {column} = %s".encode(), [B]).fetchall() == []
    with as_person(people, "app", None) as connection:
        assert count(connection, table) == 0


def test_the_portal_cannot_write_for_somebody_else(people: Any) -> None:
    with as_person(people, "app", A) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO documents (region, user_id, kind, title, body, size_bytes) VALUES ('us', %s, 'record', 't', 'x', 1)",
                [B],
            )
        assert connection.execute("UPDATE documents SET title = 'mine' WHERE user_id = %s", [B]).rowcount == 0
        assert connection.execute("DELETE FROM documents WHERE user_id = %s", [B]).rowcount == 0
        assert connection.execute("UPDATE documents SET title = 'mine'").rowcount == 1


def test_the_owner_is_held_to_the_policies_as_well(people: Any) -> None:
    with people.connect() as connection:
        connection.execute("SET ROLE meridian_owner")
        assert count(connection, "documents") == 0


def test_the_exporter_reads_one_person_and_changes_nothing(people: Any) -> None:
    with as_person(people, "exporter", B) as connection:
        assert [count(connection, table) for table in ("users", "documents", "consents", "audit")] == [
            1,
            1,
            1,
            1,
        ]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM documents")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE users SET email = 'x'")


def test_the_eraser_erases_one_person_with_all_rows_and_the_trail_stays(people: Any) -> None:
    with as_person(people, "eraser", A) as connection:
        assert connection.execute("DELETE FROM users").rowcount == 1
    rest = {
        table: people.rows(f"SELECT DISTINCT {column}::text FROM {table}")
        for table, column in (
            ("users", "id"),
            ("documents", "user_id"),
            ("identities", "user_id"),
            ("consents", "user_id"),
        )
    }
    assert rest == {key: [(B,)] for key in rest}
    assert people.rows("SELECT count(*) FROM audit") == [(2,)]


@pytest.mark.parametrize("user", ["root", "auditor", "app", "eraser"])
def test_nobody_changes_or_deletes_the_audit_trail(people: Any, user: str) -> None:
    with as_person(people, user, A) as connection:
        for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'nobody'"):
            with pytest.raises((psycopg.errors.RaiseException, psycopg.errors.InsufficientPrivilege)):
                connection.execute(statement.encode())
    assert people.rows("SELECT DISTINCT actor FROM audit") == [("test",)]


def test_the_auditor_reads_the_whole_trail_and_nothing_else(people: Any) -> None:
    with as_person(people, "auditor", None) as connection:
        assert count(connection, "audit") == 2
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            count(connection, "users")


def test_the_region_follows_from_the_country_and_no_other_country_is_taken(people: Any) -> None:
    assert people.rows("SELECT country, region FROM users ORDER BY country") == [("DE", "eu"), ("US", "us")]
    with people.connect() as connection, pytest.raises(psycopg.errors.NotNullViolation):
        connection.execute("INSERT INTO users (country, email) VALUES ('ZZ', 'z@example')")


def test_a_row_cannot_lie_elsewhere_than_its_person(people: Any) -> None:
    with people.connect() as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "INSERT INTO documents (region, user_id, kind, title, body, size_bytes) VALUES ('us', %s, 'record', 't', 'x', 1)",
            [A],
        )
