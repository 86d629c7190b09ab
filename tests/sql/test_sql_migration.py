"""From one schema to another: what is added, what is refused, what needs an approval, and the way between the forms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meridian.sql import Desired, MigrationRefusedError, migration, statements
from tests.sql.schemas import edited


def texts(old: Desired, new: Desired) -> list[str]:
    return [each.text for each in migration(old, new).checked().statements]


def table(data: dict[str, Any], name: str = "users") -> dict[str, Any]:
    found: dict[str, Any] = data["tables"]["tables"][name]
    return found


def test_the_way_from_nothing_is_the_whole_schema_and_the_way_to_itself_is_empty(schema: Desired) -> None:
    assert migration(None, schema).statements == statements(schema)
    assert migration(schema, schema).empty


def test_a_schema_reads_back_equal_from_a_state_and_renders_the_same(schema: Desired) -> None:
    back = Desired.from_json(schema.to_json())
    assert back == schema
    assert statements(back) == statements(schema)
    assert back.to_json() == schema.to_json()


def test_a_nullable_column_is_added(schema: Desired) -> None:
    new = edited(
        schema,
        lambda d: table(d)["columns"].update(phone={"type": "text", "nullable": True, "data": "contact"}),
    )
    assert texts(schema, new) == ["ALTER TABLE users ADD COLUMN IF NOT EXISTS phone TEXT NULL"]


def test_a_required_column_without_a_default_is_refused_with_the_way(schema: Desired) -> None:
    new = edited(schema, lambda d: table(d)["columns"].update(phone={"type": "text"}))
    with pytest.raises(MigrationRefusedError, match="add it nullable, fill it"):
        migration(schema, new).checked()


def test_a_new_index_is_partitioned_and_its_partitions_are_placed_which_the_old_zones_do_not_do(
    listed: Desired,
) -> None:
    def add(data: dict[str, Any]) -> None:
        table(data)["indexes"]["users_created_idx"] = {"columns": ["region", "created_at"]}

    made = texts(listed, edited(listed, add))
    assert made[0].startswith("CREATE INDEX IF NOT EXISTS users_created_idx ON users (region, created_at)")
    assert made[1].startswith("ALTER INDEX users@users_created_idx PARTITION BY LIST (region)")
    assert [text.split(" CONFIGURE")[0] for text in made[2:]] == [
        f'ALTER PARTITION "{value}" OF INDEX users@*' for value in ("us", "eu", "asia")
    ]


def test_a_changed_index_gets_its_partitions_and_zones_again(listed: Desired) -> None:
    def widen(data: dict[str, Any]) -> None:
        table(data, "audit")["indexes"]["audit_at_idx"]["storing"] = ["action"]
        data["tables"]["approved_drops"] = ["audit.audit_at_idx"]

    made = migration(listed, edited(listed, widen)).checked().statements
    assert [each.text.split(" (")[0] for each in made[:3]] == [
        "DROP INDEX IF EXISTS audit@audit_at_idx",
        "CREATE INDEX IF NOT EXISTS audit_at_idx ON audit",
        "ALTER INDEX audit@audit_at_idx PARTITION BY LIST",
    ]
    assert [each.key for each in made[3:]] == ["zone:audit:us", "zone:audit:eu", "zone:audit:asia"]


def test_a_rewritten_table_is_placed_again_after_everything_else(listed: Desired) -> None:
    def change(data: dict[str, Any]) -> None:
        table(data)["columns"]["phone"] = {"type": "text", "default": "''", "data": "contact"}
        table(data, "sessions")["columns"].pop("user_agent")
        data["tables"]["approved_drops"] = ["sessions.user_agent"]

    made = migration(listed, edited(listed, change)).checked().statements
    assert [(each.kind, each.table) for each in made] == [
        ("column", "users"), ("column", "sessions"), *[("zone", "users")] * 3, *[("zone", "sessions")] * 3,
    ]  # fmt: skip


def test_the_cluster_places_a_new_index_itself_in_the_modern_form(by_row: Desired) -> None:
    def add(data: dict[str, Any]) -> None:
        table(data)["indexes"]["users_created_idx"] = {"columns": ["region", "created_at"]}

    assert len(texts(by_row, edited(by_row, add))) == 1


def test_a_new_table_comes_with_everything_that_belongs_to_it(schema: Desired) -> None:
    def add(data: dict[str, Any]) -> None:
        data["tables"]["tables"]["letters"] = table(data, "documents") | {
            "indexes": {}, "foreign_keys": {}, "policies": {}
        }  # fmt: skip

    kinds = {each.kind for each in migration(schema, edited(schema, add)).checked().statements}
    assert {"table", "security", "grant", "audit"} <= kinds


@pytest.mark.parametrize(
    ("drop", "name", "text"),
    [
        (lambda d: table(d)["columns"].pop("locale"), "users.locale", "DROP COLUMN IF EXISTS locale"),
        (lambda d: d["tables"]["tables"].pop("documents"), "documents", "DROP TABLE documents"),
        (
            lambda d: table(d, "audit")["indexes"].pop("audit_at_idx"),
            "audit.audit_at_idx",
            "DROP INDEX IF EXISTS audit@audit_at_idx",
        ),
    ],
)
def test_nothing_is_dropped_unless_the_data_approves_it_by_name(
    schema: Desired, drop: Any, name: str, text: str
) -> None:
    gone = edited(schema, drop)
    with pytest.raises(MigrationRefusedError, match="nobody has approved"):
        migration(schema, gone).checked()
    approved = edited(gone, lambda d: d["tables"].update(approved_drops=[name]))
    made = migration(schema, approved).checked()
    assert [text in each.text for each in made.destructive] == [True]
    after = made.statements[made.statements.index(made.destructive[0]) + 1 :]
    assert {each.kind for each in after} <= {"zone", "function"}


def test_a_dropped_table_takes_its_own_objects_with_it(listed: Desired) -> None:
    gone = edited(listed, lambda d: d["tables"]["tables"].pop("sessions"))
    approved = edited(gone, lambda d: d["tables"].update(approved_drops=["sessions"]))
    assert texts(listed, approved) == ["DROP TABLE sessions"]


def test_an_append_only_tables_function_goes_after_the_table(listed: Desired) -> None:
    gone = edited(listed, lambda d: d["tables"]["tables"].pop("audit"))
    approved = edited(gone, lambda d: d["tables"].update(approved_drops=["audit"]))
    assert texts(listed, approved) == ["DROP TABLE audit", "DROP FUNCTION IF EXISTS audit_is_append_only"]


def test_a_change_of_type_is_refused_with_the_way(schema: Desired) -> None:
    new = edited(schema, lambda d: table(d)["columns"]["locale"].update(type="int8"))
    with pytest.raises(MigrationRefusedError, match=r"was text.*fill it, use it, then drop"):
        migration(schema, new).checked()


def test_a_change_of_the_countries_moves_rows_so_it_is_planned_beside_the_old(schema: Desired) -> None:
    def move(data: dict[str, Any]) -> None:
        data["tables"]["countries"]["eu"].remove("GB")
        data["tables"]["countries"]["us"].append("GB")

    way = migration(schema, edited(schema, move))
    assert way.planned and not way.refused
    assert [each.text.split(" (")[0] for each in way.statements if each.kind == "copy"][1].startswith(
        'INSERT INTO "app-next".public.users'
    )


def test_tables_and_form_do_not_change_at_once(listed: Desired, by_row: Desired) -> None:
    new = edited(by_row, lambda d: table(d)["columns"].update(phone={"type": "text", "nullable": True}))
    with pytest.raises(MigrationRefusedError, match="land the change of the tables first"):
        migration(listed, new).checked()


def test_a_new_primary_key_is_refused(schema: Desired) -> None:
    new = edited(schema, lambda d: table(d, "audit").update(primary_key=["region", "at", "id"]))
    with pytest.raises(MigrationRefusedError, match="rewrites the table"):
        migration(schema, new).checked()


def test_a_changed_policy_is_dropped_and_made_again(schema: Desired) -> None:
    new = edited(schema, lambda d: table(d)["policies"]["users_sign_on"].update(using="false"))
    assert [text.split("\n")[0] for text in texts(schema, new)] == [
        "DROP POLICY IF EXISTS users_sign_on ON users",
        "CREATE POLICY IF NOT EXISTS users_sign_on ON users FOR ALL TO signon",
    ]


def test_a_narrower_grant_takes_the_rest_away(schema: Desired) -> None:
    new = edited(schema, lambda d: table(d)["grants"].update(app=["SELECT"]))
    assert texts(schema, new) == [
        "REVOKE ALL ON TABLE users FROM app",
        "GRANT SELECT ON TABLE users TO app",
    ]


def test_a_changed_placement_is_one_zone_statement_per_table(listed: Desired) -> None:
    new = edited(listed, lambda d: d["partitions"]["eu"].update(lease_preferences=["cloud=gcp"]))
    made = texts(listed, new)
    assert len(made) == 6
    assert all("lease_preferences = '[[+region=eu, +cloud=gcp], [+region=eu]]'" in text for text in made)


def test_a_rotated_licence_runs_its_statement_again_without_holding_it(schema: Desired) -> None:
    new = edited(schema, lambda d: d["parameters"].update(licence="4"))
    (only,) = migration(schema, new).checked().statements
    assert (only.text, only.parameters) == ("SET CLUSTER SETTING enterprise.license = $1", ("licence",))


def test_another_name_would_be_another_database_and_is_refused(schema: Desired) -> None:
    with pytest.raises(MigrationRefusedError, match="empty database"):
        migration(schema, edited(schema, lambda d: d.update(name="other"))).checked()


def test_the_form_changes_by_a_planned_way_in_both_directions(listed: Desired, by_row: Desired) -> None:
    for old, new in ((listed, by_row), (by_row, listed)):
        way = migration(old, new)
        assert way.planned and not way.refused
        made = [each.text for each in way.statements]
        renamed = made.index('ALTER DATABASE "app" RENAME TO "app-previous"')
        revoked = [i for i, each in enumerate(made) if each.startswith("REVOKE INSERT")]
        copies = [i for i, each in enumerate(way.statements) if each.kind == "copy"]
        checks = [i for i, each in enumerate(way.statements) if each.kind == "check"][1:]
        assert max(revoked) < min(copies) <= max(copies) < min(checks) <= max(checks) < renamed
        assert way.statements[-1].destructive and "DROP DATABASE" in made[-1]


def test_every_region_s_rows_are_copied_by_a_node_of_that_region(listed: Desired, by_row: Desired) -> None:
    copies = [
        each for each in migration(listed, by_row).statements if each.kind == "copy" and each.table == "users"
    ]
    assert {each.region for each in copies} == {"us", "eu", "asia"}
    for each in copies:
        assert f"WHERE region = '{each.region}'" in each.text
        assert f"a node of region {each.region}" in each.why
        assert "(id, country, email" in each.text, (
            "a computed region is not copied, it follows from the country"
        )


COLUMNS = st.dictionaries(
    st.from_regex(r"\Aextra_[a-z]{1,6}\Z"),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["text", "int8", "bool", "timestamptz", "jsonb"]),
            "nullable": st.just(True),
            "data": st.sampled_from(["none", "contact", "health"]),
        }
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=COLUMNS, after=COLUMNS, factor=st.sampled_from([3, 5]), days=st.integers(1, 400))
def test_for_any_two_schemas_the_way_to_itself_is_empty_and_what_is_there_is_never_lost_unasked(
    schema: Desired, before: dict[str, Any], after: dict[str, Any], factor: int, days: int
) -> None:
    def change(data: dict[str, Any], columns: dict[str, Any]) -> None:
        table(data, "documents")["columns"].update(columns)

    old = edited(schema, lambda d: change(d, before))
    new = edited(schema, lambda d: change(d, after))
    new = edited(
        new, lambda d: (d.update(replication_factor=factor), table(d, "audit")["retention"].update(days=days))
    )
    for each in (old, new):
        assert migration(each, each).empty
        assert migration(None, each).statements == statements(each)
        assert Desired.from_json(each.to_json()) == each
    way = migration(old, new)
    lost = set(before) - set(after)
    assert len(way.destructive) == len(lost)
    changed_type = {key for key in set(before) & set(after) if before[key]["type"] != after[key]["type"]}
    assert len(way.refused) == len(lost) + len(changed_type)
