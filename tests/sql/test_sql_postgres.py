"""The portable part on a real PostgreSQL: it runs, rows follow their person's country, and nobody sees another's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from meridian.local.database.postgres import SUPERUSER, Postgres
from meridian.model import Environment
from meridian.model.placement import Form
from meridian.sql import desired, migration, statements
from tests.sql.schemas import FORMS, edited, parameters

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of this module's own."""
    folder = tmp_path_factory.mktemp("postgres")
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)
    made = Postgres(folder)
    made.ensure()
    yield made
    made.remove()


@pytest.fixture(scope="module", params=FORMS)
def database(request: pytest.FixtureRequest, server: Postgres) -> Iterator[Connection]:
    """A connection to a fresh `app` with the schema of one form, rendered for PostgreSQL."""
    from meridian.model import load_environment
    from tests.sql.schemas import ROOT

    with connect(server, "postgres") as admin:
        admin.execute('DROP DATABASE IF EXISTS "app" WITH (FORCE)')
        admin.execute('CREATE DATABASE "app"')
    environment = load_environment(ROOT, "prod")
    form: Form = request.param
    with connect(server, "app") as made:
        for statement in statements(desired(environment, parameters(environment), form=form)):
            if statement.on_postgres:
                made.execute(statement.on_postgres)
        yield made


def connect(server: Postgres, name: str) -> Connection:
    return psycopg.connect(
        host="127.0.0.1", port=server.port, dbname=name, user=SUPERUSER,
        password=server.password_file.read_text(), autocommit=True,
    )  # fmt: skip


def sign_up(database: Connection, country: str) -> tuple[str, str]:
    """Return region and id of a new person, as the sign-on role makes them."""
    with database.transaction():
        database.execute("SET LOCAL ROLE signon")
        row = database.execute(
            "INSERT INTO users (country, email) VALUES (%s, %s) RETURNING region, id::text",
            (country, f"{uuid.uuid4()}@example.org"),
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def seen(database: Connection, role: str, person: str, query: str) -> list[Any]:
    with database.transaction():
        database.execute(f"SET LOCAL ROLE {role}")
        database.execute("SELECT set_config('meridian.user_id', %s, true)", (person,))
        return database.execute(query).fetchall()


def test_most_of_the_schema_is_portable(prod: Environment) -> None:
    for form in FORMS:
        made = statements(desired(prod, parameters(prod), form=form))
        alone = {each.kind for each in made if not each.portable}
        assert alone <= {"licence", "setting", "database", "region", "zone", "partition", "audit", "retention",
                         "schedule", "grant"}  # fmt: skip
        assert all(
            each.portable for each in made if each.kind in {"table", "index", "policy", "security", "trigger"}
        )


@pytest.mark.parametrize(("country", "region"), [("DE", "eu"), ("NO", "eu"), ("US", "us"), ("JP", "asia")])
def test_a_person_s_rows_lie_where_the_country_says(database: Connection, country: str, region: str) -> None:
    assert sign_up(database, country)[0] == region


def test_a_country_that_is_in_no_list_is_refused_rather_than_placed_by_chance(database: Connection) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation, match="region"):
        sign_up(database, "QQ")


def test_nobody_sees_another_person_and_without_a_person_nobody_is_seen(database: Connection) -> None:
    (_, one), (_, other) = sign_up(database, "FR"), sign_up(database, "FR")
    assert seen(database, "app", one, "SELECT id::text FROM users") == [(one,)]
    assert seen(database, "exporter", other, "SELECT id::text FROM users") == [(other,)]
    assert seen(database, "app", "", "SELECT id FROM users") == []
    assert seen(database, "meridian_owner", one, "SELECT id FROM users") == [], "forced on the owner too"


def test_a_child_row_cannot_lie_elsewhere_than_its_person_and_moves_with_them(database: Connection) -> None:
    region, person = sign_up(database, "DE")
    insert = "INSERT INTO documents (region, user_id, kind, title, body, size_bytes) VALUES (%s, %s, 'letter', 'x', '', 0)"
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute(insert, ("us", person))
    database.execute(insert, (region, person))
    database.execute("UPDATE users SET country = 'US' WHERE id = %s", (person,))
    rows = database.execute("SELECT region FROM documents WHERE user_id = %s", (person,)).fetchall()
    assert rows == [("us",)]


def test_an_erased_person_takes_all_rows_along_but_the_audit_stays(database: Connection) -> None:
    region, person = sign_up(database, "IT")
    database.execute(
        "INSERT INTO identities (region, user_id, issuer, subject) VALUES (%s, %s, 'idp', %s)",
        (region, person, person),
    )
    database.execute(
        "INSERT INTO audit (region, user_id, actor, action) VALUES (%s, %s, 'x', 'y')", (region, person)
    )
    seen(database, "eraser", person, "DELETE FROM users RETURNING 1")
    left = {
        table: database.execute(f"SELECT count(*) FROM {table} WHERE user_id = %s", (person,)).fetchone()
        for table in ("identities", "audit")
    }
    assert left == {"identities": (0,), "audit": (1,)}


def test_the_audit_trail_is_append_only_even_for_the_superuser(database: Connection) -> None:
    database.execute("INSERT INTO audit (region, actor, action) VALUES ('eu', 'a', 'b')")
    for change in ("UPDATE audit SET action = 'c'", "DELETE FROM audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            database.execute(change)
    database.execute(
        "INSERT INTO audit (region, actor, action, at) VALUES ('eu', 'old', 'b', now() - INTERVAL '2193 days')"
    )
    gone = database.execute("DELETE FROM audit WHERE actor = 'old' RETURNING 1").fetchall()
    assert gone == [(1,)], "what is past its retention may go"


@pytest.mark.parametrize(
    ("role", "query"),
    [
        ("auditor", "SELECT * FROM users"),
        ("operator", "SELECT * FROM documents"),
        ("backup", "SELECT * FROM users"),
        ("app", "DELETE FROM users RETURNING 1"),
        ("exporter", "UPDATE users SET locale = 'de' RETURNING 1"),
        ("app", "CREATE TABLE mine (id int)"),
    ],
)
def test_a_role_does_only_what_it_is_for(database: Connection, role: str, query: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        seen(database, role, str(uuid.uuid4()), query)


CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
    "WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
    "policies": "SELECT tablename, policyname, cmd, roles::text, qual, with_check FROM pg_policies",
    "grants": "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants "
    "WHERE table_schema = 'public'",
    "security": "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "AND relkind = 'r'",
    "triggers": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def catalogue(database: Connection) -> dict[str, set[Any]]:
    return {name: set(database.execute(query).fetchall()) for name, query in CATALOGUE.items()}


def change_everything(data: dict[str, Any]) -> None:
    tables = data["tables"]["tables"]
    users = tables["users"]
    users["columns"]["phone"] = {"type": "text", "nullable": True, "data": "contact"}
    users["columns"]["locale"].update(default=None, check="length(locale) = 2")
    users["columns"]["display_name"].update(nullable=False, default="'somebody'")
    users["policies"]["users_sign_on"].update(using="false")
    users["grants"]["app"] = ["SELECT"]
    users["indexes"]["users_created_idx"] = {"columns": ["region", "created_at"], "storing": ["locale"]}
    tables["documents"]["columns"]["kind"].update(check="kind IN ('record', 'letter')")
    tables["documents"]["columns"].pop("size_bytes")
    tables["audit"]["retention"].update(days=3000)
    tables["audit"]["indexes"].pop("audit_at_idx")
    tables["consents"]["foreign_keys"].pop("consents_text_fkey")
    tables["sessions"]["policies"].pop("sessions_own")
    tables["sessions"]["grants"] = {"signon": ["SELECT", "INSERT"]}
    tables.pop("identities")
    tables["notes"] = tables["documents"] | {"indexes": {}, "foreign_keys": {}, "policies": {}, "grants": {}}
    data["tables"]["approved_drops"] = ["identities", "documents.size_bytes", "audit.audit_at_idx"]


@pytest.mark.parametrize("form", FORMS)
def test_a_migrated_database_is_the_same_as_a_fresh_one(
    server: Postgres, prod: Environment, form: Form
) -> None:
    old = desired(prod, parameters(prod), form=form)
    new = edited(old, change_everything)
    found = []
    ways = ((*statements(old), *migration(old, new).checked().statements), statements(new))
    for way in ways:
        with connect(server, "postgres") as admin:
            admin.execute('DROP DATABASE IF EXISTS "app" WITH (FORCE)')
            admin.execute('CREATE DATABASE "app"')
        with connect(server, "app") as database:
            for statement in way:
                if statement.on_postgres:
                    database.execute(statement.on_postgres)
            found.append(catalogue(database))
    migrated, fresh = found
    for part, rows in fresh.items():
        assert migrated[part] == rows, part
