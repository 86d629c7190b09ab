"""The flags of a node: what a pod and a process on a laptop are both started with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cockroach.flags import Runtime, StoreKey, start_flags
from meridian.model import Environment, load_environment
from meridian.model.database import Database, Partition
from meridian.model.topology import Node, join_addresses, nodes

ROOT = Path(__file__).parents[2]
NODE = Node("eu-1", "eu", "gcp", "europe-west1-b", "prod-eu-gke")


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def runtime(**changes: object) -> Runtime:
    given: dict[str, object] = {
        "listen": ":26257", "http": ":8080", "advertise": "eu-1.db:26257", "join": ("a:26257", "b:26257"),
        "store": "/data", "certificates": "/certs",
    }  # fmt: skip
    return Runtime(**{**given, **changes})  # type: ignore[arg-type]


def flags_of(database: Database, **changes: object) -> dict[str, str]:
    given = start_flags(NODE, database, runtime(**changes))
    assert given[0] == "start"
    return dict(flag.removeprefix("--").split("=", 1) for flag in given[1:])


def test_a_node_is_started_secure_with_nothing_but_tls_1_3(prod: Environment) -> None:
    flags = flags_of(prod.database)
    assert flags["certs-dir"] == "/certs" and "insecure" not in flags
    suites = flags["tls-cipher-suites"].split(",")
    assert suites == ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]


def test_the_locality_is_spelled_as_constraints_name_it(prod: Environment) -> None:
    assert flags_of(prod.database)["locality"] == "region=eu,cloud=gcp,zone=europe-west1-b"


def test_every_node_is_given_the_same_join_list_and_clock_offset(prod: Environment) -> None:
    joined = {
        tuple(f for f in start_flags(node, prod.database, runtime(join=join_addresses(prod))) if "join" in f or "offset" in f)
        for node in nodes(prod)
    }  # fmt: skip
    assert len(joined) == 1
    assert "--max-offset=250ms" in next(iter(joined))


def test_sizes_are_absolute_and_of_the_pod_s_memory(prod: Environment) -> None:
    flags = flags_of(prod.database)
    assert (flags["cache"], flags["max-sql-memory"]) == ("6144MiB", "6144MiB")
    assert not any("%" in flag for flag in start_flags(NODE, prod.database, runtime()))


@given(st.integers(min_value=512, max_value=1_000_000))
def test_the_rule_holds_for_every_size_of_memory(memory: int) -> None:
    database = Database(partitions={"eu": Partition(constraint="eu")})
    cache, sql_memory = database.memory_split(memory)
    assert 2 * sql_memory + cache <= 0.8 * memory
    assert cache > 0


def test_encryption_at_rest_names_both_parts_of_the_key_and_the_store(prod: Environment) -> None:
    flags = flags_of(prod.database, store_key=StoreKey(key="/keys/1.key"))
    assert flags["enterprise-encryption"] == "path=/data,key=/keys/1.key,old-key=plain"
    assert flags["store"] == "path=/data"
    assert "enterprise-encryption" not in flags_of(prod.database)


def test_backups_to_a_node_s_own_disk_are_impossible(prod: Environment) -> None:
    assert flags_of(prod.database)["external-io-dir"] == "disabled"


def test_a_laptop_gives_its_own_size_and_keeps_every_other_flag(prod: Environment) -> None:
    pod, laptop = flags_of(prod.database), flags_of(prod.database, memory_mib=1024)
    assert laptop["cache"] == "256MiB"
    assert {key: value for key, value in pod.items() if key not in ("cache", "max-sql-memory")} == {
        key: value for key, value in laptop.items() if key not in ("cache", "max-sql-memory")
    }
