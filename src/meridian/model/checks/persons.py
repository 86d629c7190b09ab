"""Persons' rows: behind row-level security, logged, with a basis; and roles that may do only what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.problems import Path, Problem
from meridian.model.tables import Tables


def rows(tables: Tables) -> Iterator[Problem]:
    """A table that tells something of a person has policies, a basis, a subject, an audit, and stays in its region."""
    for name, table in tables.tables.items():
        path: Path = ("tables", "tables", name)
        if not table.personal:
            continue
        if table.placement == "everywhere":
            yield Problem(
                (*path, "placement"),
                table.placement,
                "personal data would be copied to every region",
                "place the table by-row",
            )
        if not table.policies:
            yield Problem(
                (*path, "policies"),
                {},
                "holds personal data without a row-level security policy",
                "add a policy per role",
            )
        if table.basis == "none":
            yield Problem(
                (*path, "basis"), "none", "personal data needs a lawful basis (GDPR art. 6)", "name it"
            )
        if table.subject is None:
            yield Problem(
                (*path, "subject"),
                "missing",
                "nobody could export or erase a person's rows without the column that names the person",
                "name it",
            )
        if not table.audit:
            yield Problem(
                (*path, "audit"),
                False,
                "access to personal data is logged (HIPAA 164.312(b))",
                "write `audit: true`",
            )
        for key, column in table.columns.items():
            if column.data == "credential" and column.export:
                yield Problem(
                    (*path, "columns", key, "export"),
                    True,
                    "a credential is never exported",
                    "write `export: false`",
                )
            if column.erase == "clear" and not column.nullable:
                yield Problem(
                    (*path, "columns", key, "erase"),
                    "clear",
                    "only a nullable column can be cleared",
                    "make it nullable or erase it with the row",
                )


def access(tables: Tables) -> Iterator[Problem]:
    """Roles that are named exist; a grant has its policy; an append-only table is not granted changes."""
    owners = [name for name, role in tables.roles.items() if role.owner]
    if len(owners) != 1 or tables.roles[owners[0]].login:
        yield Problem(
            ("tables", "roles"),
            owners,
            "exactly one role owns everything, and nobody logs in as it",
            "name one",
        )
    for name, table in tables.tables.items():
        path: Path = ("tables", "tables", name)
        named = {role: (*path, "grants", role) for role in table.grants}
        with_policy: set[str] = set()
        for key, policy in table.policies.items():
            named.update(dict.fromkeys(policy.roles, (*path, "policies", key, "roles")))
            with_policy.update(policy.roles)
            if policy.using is None and policy.with_check is None:
                yield Problem((*path, "policies", key), {}, "says nothing", "give `using` or `with_check`")
            if policy.command == "insert" and policy.using is not None:
                yield Problem(
                    (*path, "policies", key, "using"),
                    policy.using,
                    "an insert has no rows to see",
                    "use `with_check`",
                )
        for role, where in named.items():
            if role not in tables.roles:
                yield Problem(where, role, "there is no such role", f"choose of {', '.join(tables.roles)}")
        for role, privileges in table.grants.items():
            if table.policies and role not in with_policy:
                yield Problem(
                    (*path, "grants", role),
                    list(privileges),
                    "no policy lets this role see a row",
                    "add a policy or take the grant away",
                )
            changes = [each for each in privileges if each in {"UPDATE", "DELETE"}]
            if table.append_only and changes:
                yield Problem(
                    (*path, "grants", role),
                    changes,
                    "the table is append-only",
                    "grant SELECT and INSERT only",
                )


def clients(environment: Environment) -> Iterator[Problem]:
    """A client certificate is made out to each role that may log in, and to no other; root is the cluster's own."""
    logins = ["root", *(name for name, role in environment.tables.roles.items() if role.login)]
    for key, name in environment.database.certificates.clients.items():
        if name not in logins:
            yield Problem(
                ("database", "certificates", "clients", key),
                name,
                "no role of this name logs in to the database",
                f"choose of {', '.join(logins)}, or add the role to stacks/tables.yaml",
            )
    lacking = sorted(set(logins) - {"root", *environment.database.certificates.clients.values()})
    if lacking:
        yield Problem(
            ("database", "certificates", "clients"),
            lacking,
            "these roles log in by certificate, for which there is no entry: they could not sign in",
            f"add {{{', '.join(f'{name}: {name}' for name in lacking)}}}",
        )
