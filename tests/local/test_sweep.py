"""What a dead run made and no state knows is removed; what the state knows stays."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from meridian.local.inventory import Inventory, Record
from meridian.local.operations import Operations

TOKEN = "gcp:storage/bucket:Bucket"


def test_sweep_removes_only_the_unknown_of_one_stack_the_newest_first(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    for stack, name in (
        ("local-eu", "known"),
        ("local-eu", "old"),
        ("local-eu", "new"),
        ("local-us", "other"),
    ):
        urn = f"urn:pulumi:{stack}::meridian::{TOKEN}::{name}"
        inventory.add(Record(0, "gcp", "local", TOKEN, name, name, urn, {}, {}, False), "", [], [])
    told: list[str] = []
    daemon: Any = SimpleNamespace(
        inventory=inventory, planes=SimpleNamespace(deleted=lambda record: told.append(record.id))
    )
    swept = Operations.sweep(daemon, "local", "local-eu", [[TOKEN, "known"]])
    assert swept == ["Bucket new", "Bucket old"]
    assert told == ["new", "old"]
    assert [record.id for record in inventory.all()] == ["known", "other"]
