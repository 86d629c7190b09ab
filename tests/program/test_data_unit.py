"""The data unit wired on the recording engine: on the clusters, and on this machine where the data says so."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from recording import Recording, record_stack

from meridian.database.handler import SchemaInputs
from meridian.local.database.handler import DatabaseInputs
from meridian.model import load_environment
from meridian.model.topology import nodes
from meridian.program.main import run
from meridian.sql import Desired, statements

ROOT = Path(__file__).parents[2]
SCHEMA = "meridian:sql:Schema"
FOUND = {
    "clusters": {"gke": {"kubeconfig": "a kubeconfig", "id": "a cluster"}},
    "database_certificates": {
        "bundle": "authorities",
        "clients": {"root": {"certificate": "root's certificate", "key": "root's key"}},
    },
}
COMPUTED = {
    "meridian:local:Database": {
        "engine": "postgresql",
        "host": "127.0.0.1",
        "port": 5555,
        "user": "root",
        "password": "secret word",
        "authority": "",
        "certificate": "",
        "key": "",
    },
    "random:index/randomPassword:RandomPassword": {"result": "another word"},
    "pulumi:pulumi:StackReference": {"outputs": FOUND},
}


@cache
def unit(environment: str) -> Recording:
    pulumi.runtime.set_all_config({"meridian:databaseLicence": "a licence"})
    return record_stack(f"{environment}-data", lambda: run(f"{environment}-data"), COMPUTED)


SECRET = "4dabf18193072939515e22adb298388d"


def bare(value: Any) -> Any:
    """Take the marks of secrets off a value."""
    if isinstance(value, dict):
        return bare(value["value"]) if SECRET in value else {name: bare(each) for name, each in value.items()}
    return value


def inputs(environment: str) -> dict[str, Any]:
    found: dict[str, Any] = bare(unit(environment).one(SCHEMA).inputs)
    return found


def test_what_must_not_be_seen_is_marked_as_secret() -> None:
    for environment, names in (("prod", ("connection", "licence")), ("local", ("connection", "passwords"))):
        given = unit(environment).one(SCHEMA).inputs
        assert all(SECRET in given[name] for name in names), environment


def aim(environment: str) -> Desired:
    return Desired.from_json(inputs(environment)["desired"])


@pytest.mark.parametrize("environment", ["prod", "staging", "local"])
def test_the_provider_takes_what_the_program_gives(environment: str) -> None:
    given = {name: value for name, value in inputs(environment).items() if value is not None}
    taken = SchemaInputs.model_validate(given)
    assert taken.dialect == ("postgresql" if environment == "local" else "cockroachdb")


ON_COCKROACH = {
    "meridian:local:Database": {
        "engine": "cockroachdb",
        "host": "127.0.0.1",
        "port": 5555,
        "user": "root",
        "password": "",
        "authority": "an authority",
        "certificate": "root's certificate",
        "key": "root's key",
    }
}


def test_on_this_machine_the_dialect_and_the_way_in_are_the_servers_that_came_up() -> None:
    made = record_stack("local-data", lambda: run("local-data"), {**COMPUTED, **ON_COCKROACH}).one(SCHEMA)
    assert SECRET in made.inputs["connection"]
    taken = SchemaInputs.model_validate(
        {name: value for name, value in bare(made.inputs).items() if value is not None}
    )
    assert taken.dialect == "cockroachdb"
    assert (taken.connection.authority, taken.connection.certificate) == (
        "an authority",
        "root's certificate",
    )
    assert taken.connection.password is None


def test_the_machines_database_is_told_how_nine_nodes_are_started() -> None:
    given = unit("local").one("meridian:local:Database").inputs
    taken = DatabaseInputs.model_validate({each: given[each] for each in ("name", "cluster")})
    assert taken.cluster is not None
    expected = {each.key: each.locality for each in nodes(load_environment(ROOT, "local"))}
    told = {
        name: next(each for each in flags if each.startswith("--locality="))
        for name, flags in taken.cluster.nodes.items()
    }
    assert told == {name: f"--locality={locality}" for name, locality in expected.items()}
    assert len(told) == 9


def test_production_is_initialised_first_and_reached_with_roots_certificate() -> None:
    recording = unit("prod")
    types = [made.type for made in recording.resources]
    assert types.index("kubernetes:batch/v1:Job") < types.index(SCHEMA)
    reached = inputs("prod")["connection"]
    assert (reached["host"], reached["port"]) == ("us-1.db.prod.meridian.internal", 26257)
    assert (reached["authority"], reached["certificate"]) == ("authorities", "root's certificate")
    assert "password" not in reached


def test_each_regions_backups_lie_in_its_own_bucket_under_its_own_key() -> None:
    environment = load_environment(ROOT, "prod")
    targets = aim("prod").parameters.backups
    assert set(targets) == set(environment.regions)
    for key, region in environment.regions.items():
        assert f"backups-{key}-" in targets[key].uri
        assert f"/locations/{region.gcp.region}/" in targets[key].kms
        assert targets[key].residency == region.residency
    schedule = next(each.text for each in statements(aim("prod")) if each.kind == "schedule")
    assert all(target.uri.split("?")[0] in schedule for target in targets.values())


def test_the_schema_is_kept_when_production_is_destroyed_and_not_on_this_machine() -> None:
    assert unit("prod").one(SCHEMA).retain_on_delete and unit("prod").one(SCHEMA).protect
    assert not unit("local").one(SCHEMA).retain_on_delete


def test_the_licence_is_bound_and_in_no_statement() -> None:
    assert inputs("prod")["licence"] == "a licence"
    assert "a licence" not in json.dumps([each.text for each in statements(aim("prod"))])


def test_on_this_machine_every_login_has_a_password_of_its_own() -> None:
    recording = unit("local")
    logins = {name for name, role in load_environment(ROOT, "local").tables.roles.items() if role.login}
    assert set(inputs("local")["passwords"]) == logins
    drawn = recording.all("random:index/randomPassword:RandomPassword")
    assert {made.name for made in drawn} == {f"password-{role}" for role in logins}
    assert not recording.all("kubernetes:batch/v1:Job")


def test_the_job_is_restricted_and_its_pod_may_speak_with_the_nodes_only() -> None:
    recording = unit("prod")
    pod = recording.one("kubernetes:batch/v1:Job").inputs["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "already been initialized" in container["command"][-1]
    assert "root's key" not in json.dumps(pod)
    out = recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "init-out").inputs["spec"]["egress"]
    assert [rule["ports"][0]["port"] for rule in out] == [26257, 53]
