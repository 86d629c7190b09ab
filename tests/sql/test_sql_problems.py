"""What the grammar cannot see: each rule broken once, and told with the value, the rule and the fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meridian.model.problems import dotted
from meridian.sql import Desired, Statement, problems, statements
from tests.sql.schemas import edited

Edit = Callable[[dict[str, Any]], Any]


def test_production_has_no_problem_in_either_form(schema: Desired) -> None:
    assert problems(schema) == []


def users(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["tables"]["tables"]["users"]
    return found


DATA: list[tuple[str, Edit, str, str]] = [
    ("a constraint spelled otherwise than any node's locality",
     lambda d: d["partitions"]["eu"].update(constraint="europe-west1"),
     "database.partitions.eu.constraint", "no node is started with region=europe-west1"),
    ("rows of the EU constrained to another jurisdiction",
     lambda d: d["partitions"]["eu"].update(constraint="us"),
     "database.partitions.eu.constraint", "would lie in us"),
    ("more replicas than matching nodes",
     lambda d: d.update(replication_factor=5), "database.replication_factor", "3 node(s) match"),
    ("a lease outside of the constraint",
     lambda d: d["partitions"]["eu"].update(lease_preferences=["region=us"]),
     "database.partitions.eu.lease_preferences[0]", "no node of region=eu is started with region=us"),
    ("a primary region without nodes",
     lambda d: d.update(primary_region="mars"), "database.primary_region", "no node is started"),
    ("a super region over two jurisdictions",
     lambda d: d.update(super_regions={"west": ["eu", "us"]}), "database.super_regions.west[1]", "copied from one"),
    ("a region in two super regions",
     lambda d: d.update(super_regions={"eu": ["eu"], "other": ["eu"]}), "database.super_regions.other[0]", "holds it already"),
    ("a super region of a region that is not there",
     lambda d: d.update(super_regions={"eu": ["eu", "mars"]}), "database.super_regions.eu[1]", "no node is started"),
    ("no super region for the EU",
     lambda d: d.update(super_regions={"us": ["us"]}), "database.super_regions", "copied to every region"),
    ("a super region smaller than the survival goal needs",
     lambda d: d.update(survival="region"), "database.super_regions.eu", "needs 3 regions"),
    ("region survival of two regions",
     lambda d: (d["partitions"].pop("asia"), d.update(survival="region", super_regions={"eu": ["eu"]})),
     "database.survival", "needs 3 regions"),
    ("a backup in another jurisdiction",
     lambda d: d["parameters"]["backups"]["eu"].update(residency="us"), "parameters.backups.eu", "must stay in eu"),
    ("a region without a bucket",
     lambda d: d["parameters"]["backups"].pop("asia"), "parameters.backups", "region asia has no bucket"),
    ("a primary key that the partition column does not prefix",
     lambda d: users(d).update(primary_key=["id", "region"]), "tables.tables.users.primary_key", "must prefix"),
    ("an index that the partition column does not prefix",
     lambda d: users(d)["unique"]["users_email_key"].update(columns=["email"]),
     "tables.tables.users.unique.users_email_key.columns", "cannot be partitioned"),
    ("personal data in every region",
     lambda d: users(d).update(placement="everywhere"), "tables.tables.users.placement", "every region"),
    ("personal data without a policy",
     lambda d: users(d).update(policies={}), "tables.tables.users.policies", "without a row-level security policy"),
    ("a country of the EEA outside of the EU",
     lambda d: (d["tables"]["countries"]["eu"].remove("FR"), d["tables"]["countries"]["us"].append("FR")),
     "tables.countries.us[53]", "the GDPR is law there"),
    ("a value without countries",
     lambda d: d["tables"]["countries"].pop("asia"), "tables.countries", "the partitions are"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "path", "rule"), DATA, ids=[each[0] for each in DATA])
def test_a_schema_is_refused(listed: Desired, name: str, edit: Edit, path: str, rule: str) -> None:
    told = [each for each in problems(edited(listed, edit)) if rule in each.rule]
    assert path in {dotted(each.path) for each in told}
    assert all(each.fix for each in told)


def test_in_the_modern_form_a_value_is_called_as_its_region(by_row: Desired) -> None:
    renamed = edited(
        by_row, lambda d: d.update(partitions={"eu": {"constraint": "eu"}, "usa": {"constraint": "us"}})
    )
    assert any("must be the region that holds it" in each.rule for each in problems(renamed))


def without(key: str) -> Callable[[Statement], Statement | None]:
    return lambda each: None if each.key == key else each


def changed(key: str, old: str, new: str) -> Callable[[Statement], Statement | None]:
    def change(each: Statement) -> Statement:
        if each.key != key:
            return each
        assert old in each.text
        return replace(each, text=each.text.replace(old, new))

    return change


SQL: list[tuple[str, Callable[[Statement], Statement | None], str]] = [
    ("the table is not partitioned", without("partition:users"), "is not partitioned"),
    ("a secondary index is forgotten, as in the seed", without("partition:users:users_email_key"), "is not partitioned"),
    ("a value has no partition", changed("partition:users", ",\n  PARTITION \"asia\" VALUES IN ('asia')", ""), "not listed"),
    ("a value is not placed", without("zone:users:eu"), "must be constrained to region=eu"),
    ("the EU's rows are constrained elsewhere", changed("zone:users:eu", "[+region=eu]'", "[+region=us]'"),
     "must be constrained to region=eu"),
    ("a lease is preferred where no replica is", changed("zone:users:eu", "[[+region=eu]]", "[[+region=us]]"),
     "where no replica is"),
    ("the check lets in a value without a partition", changed("table:users", "('us', 'eu', 'asia')", "('us', 'eu', 'asia', 'moon')"),
     "does not list exactly the partitions"),
    ("what nothing places lies anywhere", changed("zone:database", "constraints = '[+region=eu]',\n  ", ""),
     "has no zone yet would lie anywhere"),
    ("row-level security is not switched on", without("security:users"), "no statement enables"),
    ("row-level security does not hold the owner", changed("security:users", ", FORCE ROW LEVEL SECURITY", ""),
     "no statement enables"),
    ("the forms are mixed", changed("partition:users", "ALTER TABLE users PARTITION BY LIST", "ALTER TABLE users SET LOCALITY GLOBAL --"),
     "belongs to the other form"),
]  # fmt: skip


BY_ROW: list[tuple[str, Callable[[Statement], Statement | None], str]] = [
    ("a table without its locality", changed("table:documents", " LOCALITY REGIONAL BY ROW AS region", ""),
     "would lie in the primary region us"),
    ("a table of persons in every region", changed("table:users", "LOCALITY REGIONAL BY ROW AS region", "LOCALITY GLOBAL"),
     "would lie in the primary region us"),
    ("nothing holds the EU's replicas", without("region:super:eu"), "would go to every region"),
    ("the EU's nodes write to another bucket", changed("schedule:backup", "backups-eu?AUTH=implicit&COCKROACH_LOCALITY=region", "backups-us?AUTH=implicit&COCKROACH_LOCALITY=region"),
     "nodes of region eu must write to"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "mutate", "rule"), BY_ROW, ids=[each[0] for each in BY_ROW])
def test_statements_of_the_modern_form_are_refused(
    by_row: Desired, name: str, mutate: Callable[[Statement], Statement | None], rule: str
) -> None:
    mutants = [mutant for each in statements(by_row) if (mutant := mutate(each)) is not None]
    told = [each for each in problems(by_row, mutants) if rule in each.rule]
    assert told and all(each.fix and each.value for each in told)


@pytest.mark.parametrize(("name", "mutate", "rule"), SQL, ids=[each[0] for each in SQL])
def test_statements_are_refused(
    listed: Desired, name: str, mutate: Callable[[Statement], Statement | None], rule: str
) -> None:
    mutants = [mutant for each in statements(listed) if (mutant := mutate(each)) is not None]
    assert mutants != list(statements(listed))
    told = [each for each in problems(listed, mutants) if rule in each.rule]
    assert told and all(each.fix and each.value for each in told)


def test_partitions_in_the_modern_form_are_refused(by_row: Desired, listed: Desired) -> None:
    mixed = [*statements(by_row), *(each for each in statements(listed) if each.kind == "partition")]
    assert any("belongs to the other form" in each.rule for each in problems(by_row, mixed))


def test_without_super_regions_zone_survival_restricts_the_placement(by_row: Desired) -> None:
    bare = edited(by_row, lambda d: d.update(super_regions={}))
    assert problems(bare) == []
    assert 'ALTER DATABASE "app" PLACEMENT RESTRICTED' in [each.text for each in statements(bare)]
