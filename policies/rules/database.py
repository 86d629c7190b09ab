"""The database: TLS, encryption of its stores, audit, row-level security, backups to any point in time."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule
from meridian.plan import PlannedResource
from meridian.sql import Desired, statements
from policies.rules.kubernetes import containers
from policies.rules.reading import listed, unknown

SCHEMA = "meridian:sql:Schema"


def desired_of(schema: PlannedResource) -> Desired | None:
    """Return what the schema's resource shall make; None while it is not known."""
    text = schema.get("desired")
    if not isinstance(text, str) or unknown(text):
        return None
    try:
        return Desired.from_json(text)
    except ValidationError:
        return None


def _nodes(resource: PlannedResource) -> Iterator[list[str]]:
    """Yield the words of each container that starts CockroachDB."""
    for container in containers(resource):
        words = [
            str(each)
            for key in ("command", "args")
            for each in listed(container.get(key))
            if not unknown(each)
        ]
        if any("cockroach" in word for word in words) and any(
            word in ("start", "start-single-node") for word in words
        ):
            yield words


@resource_rule(
    "database-tls",
    "The database speaks TLS only, with TLS 1.3 suites",
    Severity.CRITICAL,
    "start it with --certs-dir and the TLS 1.3 suites, never with --insecure",
    "kubernetes:apps/v1:StatefulSet",
)
def database_tls(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """CockroachDB has no flag for a minimum version; naming 1.3 suites alone has that effect."""
    for words in _nodes(resource):
        if any(word.startswith("--insecure") for word in words):
            yield Problem(resource, "--insecure", "nobody is served without TLS")
        elif not any(word.startswith("--certs-dir") for word in words):
            yield Problem(resource, "no --certs-dir", "nobody is served without TLS")
        suites = [word for word in words if word.startswith("--tls-cipher-suites=")]
        if not suites or "TLS_AES_256_GCM_SHA384" not in suites[0]:
            yield Problem(resource, "no TLS 1.3 suites", "TLS 1.3, or the best that the product takes")


@resource_rule(
    "database-store-encrypted",
    "The database encrypts its own stores",
    Severity.HIGH,
    "start it with --enterprise-encryption and a key of StoreKeys",
    "kubernetes:apps/v1:StatefulSet",
    advisory_in=("local",),
)
def database_store_encrypted(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Beneath it lies the disk's encryption: two keys, two owners."""
    for words in _nodes(resource):
        if not any(word.startswith("--enterprise-encryption") for word in words):
            yield Problem(resource, "no --enterprise-encryption", "stores are encrypted by the database too")


@resource_rule(
    "database-row-security",
    "Tables with personal data have row-level security, forced on their owner too",
    Severity.CRITICAL,
    "mark the table's columns in stacks/tables.yaml: the schema writes the policies",
    SCHEMA,
)
def database_row_security(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Judged on the SQL that would run, not on intentions."""
    wanted = desired_of(resource)
    if wanted is None:
        return
    made = statements(wanted)
    for name, table in wanted.tables.tables.items():
        if table.personal and not any(
            each.table == name and "FORCE ROW LEVEL SECURITY" in each.text for each in made
        ):
            yield Problem(resource, f"table {name}", "a person sees and changes their own rows only")


@resource_rule(
    "database-audit",
    "Reads and writes of health data are on record",
    Severity.HIGH,
    "mark the columns of the table as health data in stacks/tables.yaml",
    SCHEMA,
)
def database_audit(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """There is a table of the application's own events, and the database records access to health data."""
    wanted = desired_of(resource)
    if wanted is None:
        return
    made = statements(wanted)
    audited = {each.table for each in made if "EXPERIMENTAL_AUDIT SET READ WRITE" in each.text}
    for name, table in wanted.tables.tables.items():
        health = any(column.data == "health" for column in table.columns.values())
        if health and name not in audited:
            yield Problem(
                resource, f"table {name}", "all access to health data is on record (HIPAA 164.312(b))"
            )
    if not audited:
        yield Problem(
            resource, "no table is audited", "all access to health data is on record (HIPAA 164.312(b))"
        )


@resource_rule(
    "database-backups",
    "The database is backed up to any point in time, from every region, encrypted",
    Severity.CRITICAL,
    "give every region a bucket and a key; pitr_days of at least 7",
    SCHEMA,
    advisory_in=("local",),
)
def database_backups(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """The schedule, its history of revisions, and a target for each region."""
    wanted = desired_of(resource)
    if wanted is None:
        return
    schedules = [each.text for each in statements(wanted) if each.key == "schedule:backup"]
    if not any("revision_history" in text and "kms" in text for text in schedules):
        yield Problem(
            resource, "no schedule with revision_history and kms", "any point in time can be restored"
        )
    missing = sorted(set(wanted.residencies) - set(wanted.parameters.backups))
    if missing:
        yield Problem(resource, f"no target for {', '.join(missing)}", "each region writes its own backups")
    if wanted.pitr_days < 7:
        yield Problem(resource, f"pitr_days {wanted.pitr_days}", "at least 7 days back")
