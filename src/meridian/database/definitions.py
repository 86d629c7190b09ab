"""What each managed object is, in the server's own words: compared with its words when `up` was done, a change shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from meridian.sql import Statement
from meridian.sql.text import quoted

# Each yields an object's key and its definition as the catalogue writes it: that needs no parser of ours, and a
# server never spells the same thing in two ways. A grant is one row for each privilege, so rows of a key are joined.
_QUERIES = (
    "SELECT 'column:' || table_name || ':' || column_name, data_type || ' ' || udt_name || ' ' || is_nullable "
    "|| ' ' || COALESCE(column_default, '') || ' ' || COALESCE(generation_expression, '') "
    "FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT 'index:' || tablename || ':' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT 'constraint:' || c.relname || ':' || o.conname, pg_get_constraintdef(o.oid) FROM pg_constraint o "
    "JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'public'",
    "SELECT 'policy:' || tablename || ':' || policyname, permissive || ' ' || cmd || ' ' || roles::TEXT || ' ' "
    "|| COALESCE(qual, '') || ' / ' || COALESCE(with_check, '') FROM pg_policies WHERE schemaname = 'public'",
    "SELECT 'grant:' || table_name || ':' || grantee, privilege_type || ' ' || COALESCE(is_grantable, '') "
    "FROM information_schema.table_privileges WHERE table_schema = 'public'",
    "SELECT 'role:' || rolname, concat_ws(' ', rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin) "
    "FROM pg_roles",
)
# Under the same keys as rights on the whole table, for a REVOKE on the table takes them too. CockroachDB has none.
_RIGHTS_ON_COLUMNS = (
    "SELECT 'grant:' || c.relname || ':' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, "
    "x.privilege_type || ' ' || a.attname || ' ' || x.is_grantable "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "CROSS JOIN LATERAL aclexplode(a.attacl) x WHERE n.nspname = 'public'"
)


def version(connection: psycopg.Connection[Any]) -> str:
    """Return the server's version: another one may write the same definition differently."""
    row = connection.execute("SELECT version()").fetchone()
    return str(row[0]) if row else ""


def read(connection: psycopg.Connection[Any], tables: Iterable[str], roles: Iterable[str]) -> dict[str, str]:
    """Return a digest of each definition by key, of these tables and roles only."""
    ours, known = set(tables), set(roles)
    found: dict[str, list[str]] = {}
    on_columns = [] if version(connection).startswith("CockroachDB") else [_RIGHTS_ON_COLUMNS]
    for query in (*_QUERIES, *on_columns):
        for key, text in connection.execute(query.encode()).fetchall():
            kind, name, *_ = str(key).split(":")
            if name in (known if kind == "role" else ours):
                found.setdefault(str(key), []).append(str(text))
    return {
        key: hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]
        for key, texts in sorted(found.items())
    }


def changed(agreed: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the keys of what is not as it was agreed on: changed, or a right that was given or taken by hand.

    What is gone or new otherwise is found by name (`live`).
    """
    return [
        key
        for key in sorted({*agreed, *now})
        if agreed.get(key) != now.get(key) and ((key in agreed and key in now) or key.startswith("grant:"))
    ]


def mended(keys: Iterable[str], statements: Iterable[Statement]) -> tuple[list[Statement], list[str]]:
    """Return what puts policies and rights back, and the keys of what people must judge: rows may depend on it."""
    known = {each.key: each for each in statements}
    mend: list[Statement] = []
    left: list[str] = []
    for key in keys:
        statement = known.get(key)
        if statement is not None and statement.kind in ("policy", "grant") and statement.undo is not None:
            mend += [statement.undo, statement]
        elif statement is None and key.startswith("grant:"):
            _, table, role = key.split(":", 2)
            grantee = "public" if role == "PUBLIC" else quoted(role)
            mend.append(
                Statement(
                    key=key,
                    kind="grant",
                    table=table,
                    text=f"REVOKE ALL ON TABLE {table} FROM {grantee}",
                    why="a right on our table that the data does not give",
                    portable=True,
                )
            )
        else:
            left.append(key)
    return mend, left
