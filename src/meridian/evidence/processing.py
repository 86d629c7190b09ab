"""The record of processing activities (GDPR art. 30(1)), from the data of the estate and its registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from meridian.compliance.registers import Registers
from meridian.evidence.flows import Map, archives
from meridian.model.environment import Environment
from meridian.model.tables import Table
from meridian.plan import Plan

NOT_STATED = "not stated in the data"
_BASES = {
    "contract": "contract (art. 6(1)(b))",
    "consent": "consent (art. 6(1)(a))",
    "legal-obligation": "legal obligation (art. 6(1)(c))",
    "legitimate-interest": "legitimate interests (art. 6(1)(f))",
}
_SPECIAL = {"health": "health (special category, art. 9(1))"}
_VISITORS = "visitors of the service"
_PERSONS = "persons with an account"
_STAFF = "people of the estate's own teams"


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One processing activity."""

    name: str
    purpose: str
    basis: str
    persons: str
    data: dict[str, tuple[str, ...]]
    """Categories of personal data, each with its fields."""
    recipients: tuple[str, ...]
    places: tuple[str, ...]
    kept: str
    """The envisaged time limit for erasure."""
    erased: str
    """What happens when a person asks (art. 17)."""
    source: str


def record(
    environment: Environment, registers: Registers, plan: Plan, flows: Map, made: datetime
) -> dict[str, Any]:
    """Return the record as plain data; what the data does not hold is named, never invented."""
    controller = registers.controller
    return {
        "environment": environment.environment,
        "made": made.isoformat(timespec="seconds"),
        "plan": plan.digest(),
        "article": "Regulation (EU) 2016/679, art. 30(1)",
        "controller": {
            "estate run by": environment.owner,
            "name of the controller": controller.name or NOT_STATED,
            "contact": controller.contact or NOT_STATED,
            "joint controller": controller.joint or NOT_STATED,
            "representative in the EU": controller.representative or NOT_STATED,
            "data protection officer": controller.protection_officer or NOT_STATED,
        },
        "activities": [asdict(each) for each in _activities(environment, plan)],
        "processors": [
            {"key": key, **each.model_dump(mode="json")} for key, each in registers.processors.items()
        ],
        "transfers": [
            {"to": each.name, "places": list(each.places), "ground": each.transfer or NOT_STATED}
            for each in registers.processors.values()
            if each.data != "none" and set(each.places) - {"eu"}
        ],
        "security": list(_security(environment)),
        "flows": [asdict(each) for each in flows.flows],
        "not_stated": [
            "The condition of art. 9(2) on which health data is processed is not in the data.",
            "Whether a purpose is lawful and a time limit is right is a person's judgement.",
            "Processing outside of this estate, such as in an identity provider or an office, is not in this record.",
        ],
    }


def _activities(environment: Environment, plan: Plan) -> Iterator[Activity]:
    for name, table in environment.tables.tables.items():
        if table.personal:
            yield _table(environment, name, table)
    yield _requests(environment)
    yield _telemetry(environment)
    yield _archive(environment, plan)
    yield _backups(environment)


def _table(environment: Environment, name: str, table: Table) -> Activity:
    data: dict[str, tuple[str, ...]] = {}
    for column, each in table.columns.items():
        if each.personal:
            kind = _SPECIAL.get(each.data, each.data)
            data[kind] = (*data.get(kind, ()), column)
    roles = environment.tables.roles
    kept = [name for name, each in table.columns.items() if each.personal and each.erase == "keep"]
    cleared = [name for name, each in table.columns.items() if each.personal and each.erase == "clear"]
    erased = [f"{', '.join(kept)} are kept for a legal duty"] if kept else ["the row is deleted"]
    erased += [f"{', '.join(cleared)} are set to null where the row stays"] if cleared else []
    return Activity(
        name=f"database table {name}",
        purpose=table.purpose,
        basis=_BASES.get(table.basis, table.basis),
        persons=_PERSONS,
        data=data,
        recipients=tuple(
            f"role {role} ({', '.join(rights)}): {roles[role].purpose}"
            for role, rights in table.grants.items()
        ),
        places=tuple(
            f"{key}: persons resident in {len(environment.tables.countries.get(key, ()))} countries"
            for key in environment.regions
        ),
        kept=_limit(table),
        erased="; ".join(erased),
        source=f"stacks/tables.yaml, tables.{name}",
    )


def _limit(table: Table) -> str:
    if table.retention is None:
        return "until the person asks for erasure; the data states no time limit"
    if table.retention.days == 0:
        return f"until the time in {table.retention.column}"
    return f"{table.retention.days} days after the time in {table.retention.column}"


def _requests(environment: Environment) -> Activity:
    logs = environment.edge.logs
    return Activity(
        name="request logs of the edge",
        purpose="find attacks, faults and abuse in what visitors ask for",
        basis=NOT_STATED,
        persons=_VISITORS,
        data={"location": ("network address",), "behaviour": tuple(logs.datasets)},
        recipients=("Cloudflare, which writes them", "the teams that read the buckets"),
        places=tuple(f"{key}: bucket of {logs.destination(key)}" for key in environment.regions),
        kept=f"{logs.retention_days} days",
        erased="not by person: deleted when their time is over",
        source=f"stacks/{environment.environment}/estate.yaml, edge.logs",
    )


def _telemetry(environment: Environment) -> Activity:
    return Activity(
        name="telemetry of clusters and services",
        purpose="see whether the service works, and why it does not",
        basis=NOT_STATED,
        persons=f"{_VISITORS}; {_STAFF}",
        data={"location": ("network address",), "behaviour": ("logs", "traces", "processes")},
        recipients=("Datadog",),
        places=tuple(f"{key}: {site}" for key, site in environment.platform.datadog.sites.items()),
        kept=f"{NOT_STATED}: set in Datadog's account",
        erased="not by person",
        source=f"stacks/{environment.environment}/estate.yaml, platform.datadog",
    )


def _archive(environment: Environment, plan: Plan) -> Activity:
    archive = environment.compliance.log_archive
    locked = ", locked: nobody can shorten it" if archive.locked else ", not locked"
    return Activity(
        name="archive of the clouds' audit logs",
        purpose="show who did what to the estate (HIPAA 164.312(b), 164.316(b)(2)(i))",
        basis=NOT_STATED,
        persons=_STAFF,
        data={"identifier": ("account",), "location": ("network address",), "behaviour": ("calls",)},
        recipients=("Google Cloud and AWS, which write them", "auditors"),
        places=archives(plan) or (NOT_STATED,),
        kept=f"{archive.retention_days} days{locked}",
        erased="never before that time: a legal duty",
        source=f"stacks/{environment.environment}/estate.yaml, compliance.log_archive",
    )


def _backups(environment: Environment) -> Activity:
    return Activity(
        name="backups of the database",
        purpose="bring the data back after a loss (art. 32(1)(c))",
        basis="as of the tables that they copy",
        persons=_PERSONS,
        data={"as of the tables": ()},
        recipients=("role backup, which cannot read rows through SQL",),
        places=tuple(
            f"{key}: {region.gcp.region} and {region.aws.region}"
            for key, region in environment.regions.items()
        ),
        kept=", ".join(
            f"{key} {region.backup.retention_days} days{' locked' if region.backup.locked else ''}"
            for key, region in environment.regions.items()
        ),
        erased="a locked backup keeps a row until its time is over; a restore must erase again",
        source=f"stacks/{environment.environment}/*.yaml, backup",
    )


def _security(environment: Environment) -> Iterator[str]:
    """Yield the general description of art. 30(1)(g), as the data sets it; what was checked of it is in the report."""
    tables = [each for each in environment.tables.tables.values() if each.personal]
    yield (
        f"encryption at rest with keys of the region, a new one every {environment.compliance.key_rotation_days} days"
    )
    yield f"TLS {environment.edge.protection.tls.minimum} at least at the edge; mutual TLS to the database"
    yield f"row-level security on {sum(bool(each.policies) for each in tables)} of {len(tables)} tables with personal data"
    yield f"every read and write logged on {sum(each.audit for each in tables)} of {len(tables)} such tables"
    yield f"private clusters in {len(environment.regions)} regions; each connection inside that no rule names is refused"
    yield f"backups {environment.tables.backups.incremental} and {environment.tables.backups.full}, any time of the last {environment.database.pitr_days} days can be restored"
