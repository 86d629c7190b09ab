"""Who may do what: roles, grants, row-level security, audit."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.tables import Policy, Role, Table
from meridian.sql.desired import Desired
from meridian.sql.statement import Statement
from meridian.sql.text import literal, names, quoted


def roles(desired: Desired) -> Iterator[Statement]:
    """Yield the roles and what they may do beyond tables."""
    for name, role in desired.tables.roles.items():
        yield _role(name, role)
        if role.system:
            yield Statement(
                key=f"grant:system:{name}",
                kind="grant",
                scope="cluster",
                text=f"GRANT SYSTEM {', '.join(role.system)} TO {name}",
                why=role.purpose,
                transactional=True,
                replace=True,
            ).undoing(f"REVOKE SYSTEM {', '.join(role.system)} FROM {name}")
    database = quoted(desired.name)
    yield Statement(
        key="grant:owner",
        kind="grant",
        scope="cluster",
        text=f"ALTER DATABASE {database} OWNER TO {desired.tables.owner}",
        why="the owner is a role that nobody can log in as",
        transactional=True,
        portable=True,
    )
    yield Statement(
        key="grant:public",
        kind="grant",
        scope="cluster",
        text=f"REVOKE ALL ON DATABASE {database} FROM public",
        why="nobody connects who is not named below",
        transactional=True,
        portable=True,
    )
    yield Statement(
        key="grant:schema",
        kind="grant",
        text="REVOKE CREATE ON SCHEMA public FROM public",
        why="nobody but the owner makes tables here",
        transactional=True,
        portable=True,
    )
    for name, role in desired.tables.roles.items():
        if role.database:
            on_postgres = [each for each in role.database if each == "CONNECT"]
            made = Statement(
                key=f"grant:database:{name}",
                kind="grant",
                scope="cluster",
                text=f"GRANT {', '.join(role.database)} ON DATABASE {database} TO {name}",
                why="who may connect",
                transactional=True,
                portable=bool(on_postgres),
                postgres=f"GRANT CONNECT ON DATABASE {database} TO {name}",
                replace=True,
            )
            yield made.undoing(
                f"REVOKE {', '.join(role.database)} ON DATABASE {database} FROM {name}",
                postgres=f"REVOKE ALL ON DATABASE {database} FROM {name}",
            )


def table(desired: Desired, name: str, table: Table) -> Iterator[Statement]:
    """Yield a table's owner, row-level security, policies, grants and audit."""
    yield Statement(
        key=f"grant:{name}",
        kind="grant",
        table=name,
        text=f"ALTER TABLE {name} OWNER TO {desired.tables.owner}",
        why="owned by the role without a login",
        transactional=True,
        portable=True,
    )
    if table.personal or table.policies:
        yield Statement(
            key=f"security:{name}",
            kind="security",
            table=name,
            text=f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            why="no policy, no row; the owner is held to it as well",
            portable=True,
        ).undoing(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
    for key, policy in table.policies.items():
        yield _policy(name, key, policy)
    for role, privileges in table.grants.items():
        yield Statement(
            key=f"grant:{name}:{role}",
            kind="grant",
            table=name,
            text=f"GRANT {', '.join(privileges)} ON TABLE {name} TO {role}",
            why="what each role may do; on which rows, the policies say",
            transactional=True,
            portable=True,
            replace=True,
        ).undoing(f"REVOKE ALL ON TABLE {name} FROM {role}")
    if table.audit:
        yield Statement(
            key=f"audit:{name}",
            kind="audit",
            table=name,
            text=f"ALTER TABLE {name} EXPERIMENTAL_AUDIT SET READ WRITE",
            why="every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it",
        ).undoing(f"ALTER TABLE {name} EXPERIMENTAL_AUDIT SET OFF")


def audited_roles(desired: Desired) -> Iterator[Statement]:
    """Yield the role-based audit: every statement of these roles is logged, also on tables without an audit."""
    lines = [f"{name} ALL" for name, role in desired.tables.roles.items() if role.login and role.audited]
    if lines:
        body = "\n".join(lines)
        yield Statement(
            key="audit:roles",
            kind="audit",
            scope="cluster",
            text=f"SET CLUSTER SETTING sql.log.user_audit = {literal(body)}",
            why="one line per role: all statements of people and programs that log in",
        ).undoing("RESET CLUSTER SETTING sql.log.user_audit")


def _role(name: str, role: Role) -> Statement:
    login = "LOGIN" if role.login else "NOLOGIN"
    return Statement(
        key=f"role:{name}",
        kind="role",
        scope="cluster",
        text=f"CREATE ROLE IF NOT EXISTS {name} WITH {login}",
        why=role.purpose,
        transactional=True,
        portable=True,
        postgres=f"DO $$ BEGIN CREATE ROLE {name} WITH {login}; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    ).undoing(f"DROP ROLE IF EXISTS {name}")


def _policy(table: str, name: str, policy: Policy) -> Statement:
    parts = [f"ON {table} FOR {policy.command.upper()} TO {names(policy.roles)}"]
    if policy.using is not None:
        parts.append(f"USING ({policy.using})")
    if policy.with_check is not None:
        parts.append(f"WITH CHECK ({policy.with_check})")
    body = "\n  ".join(parts)
    drop = f"DROP POLICY IF EXISTS {name} ON {table}"
    return Statement(
        key=f"policy:{table}:{name}",
        kind="policy",
        table=table,
        text=f"CREATE POLICY IF NOT EXISTS {name} {body}",
        why=f"which rows {', '.join(policy.roles)} may {'see and write' if policy.command == 'all' else policy.command}",
        transactional=True,
        portable=True,
        postgres=f"{drop};\nCREATE POLICY {name} {body}",
        replace=True,
    ).undoing(drop)
