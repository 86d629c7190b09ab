"""A way in that hangs: connections are taken and nobody answers, until the cluster is brought back; real origin processes."""

import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from meridian.local.cluster_specs import GKE, plane_id
from meridian.local.edge import BALANCER, EdgeProcesses
from meridian.local.errors import UnknownNameError
from meridian.local.inventory import Inventory, Record
from meridian.local.losses import Losses

from .test_processes import eventually

NAME = "t-eu-gke"
CLUSTER = Record(0, "gcp", "t", GKE, NAME, NAME, f"urn:{NAME}", {"resourceLabels": {"unit": "eu"}}, {"location": "europe-west1"}, True)  # fmt: skip


class Planes:
    """A control plane that starts and stops at once."""

    def __init__(self) -> None:
        self.running = {plane_id(CLUSTER)}

    def started(self) -> set[str]:
        return self.running

    def clusters(self) -> list[Record]:
        return [CLUSTER]

    def cluster(self, name: str) -> Record:
        assert name == NAME
        return CLUSTER

    def stop(self, record: Record) -> None:
        self.running.discard(plane_id(record))

    def start(self, record: Record) -> None:
        self.running.add(plane_id(record))


class World:
    def __init__(self, folder: Path) -> None:
        inventory = Inventory(folder)
        balancer = {"name": "app.example.com", "proxied": True, "defaultPools": [], "fallbackPool": "p"}
        inventory.add(Record(0, "cloudflare", "t", BALANCER, "lb", "lb", "urn:lb", balancer, {}, True), "", [], [])  # fmt: skip
        planes: Any = Planes()
        self.folder = folder
        self.edge = EdgeProcesses(inventory, planes, folder, lambda: ())
        self.losses = Losses(planes, self.edge)
        self.edge.sync()
        self.trusted = ssl.create_default_context(cafile=str(folder / "authority" / "ca.crt"))

    @property
    def port(self) -> int:
        return int(json.loads((self.folder / "router" / f"origin-{NAME}.json").read_text())["port"])

    def origins(self) -> list[psutil.Process]:
        return [
            each
            for each in psutil.Process().children(recursive=True)
            if f"origin-{NAME}.json" in " ".join(each.cmdline())
        ]

    def status(self, seconds: float = 5) -> int | str:
        """Return the status of a request to the origin, or how it failed."""
        try:
            url = f"https://127.0.0.1:{self.port}/"
            with urllib.request.urlopen(url, timeout=seconds, context=self.trusted) as answer:
                return int(answer.status)
        except TimeoutError:
            return "no answer"
        except urllib.error.URLError as error:
            return "no answer" if isinstance(error.reason, TimeoutError) else "refused"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    eventually(lambda: made.status() == 200)
    yield made
    made.edge.close()


def test_it_takes_connections_and_answers_none_until_it_is_brought_back(world: World) -> None:
    (before,) = world.origins()
    assert world.losses.lose("cluster", NAME, how="hang") == [NAME]
    world.edge.sync()
    socket.create_connection(("127.0.0.1", world.port), 5).close()
    assert world.status(0.5) == "no answer"
    assert before.status() == psutil.STATUS_STOPPED

    world.losses.bring_back("cluster", NAME)
    assert eventually(lambda: world.status() == 200)
    assert not before.is_running()
    assert len(world.origins()) == 1


def test_otherwise_it_refuses(world: World) -> None:
    world.losses.lose("cluster", NAME)
    assert world.status() == "refused"
    assert world.origins() == []


def test_nothing_stopped_stays_behind_when_the_clouds_end(world: World) -> None:
    world.losses.lose("cluster", NAME, how="hang")
    world.edge.close()
    assert world.origins() == []


def test_a_database_node_cannot_hang_and_no_other_way_is_known(world: World) -> None:
    with pytest.raises(UnknownNameError, match="cannot hang"):
        world.losses.lose("node", "eu-1", how="hang")
    with pytest.raises(UnknownNameError, match="refuse or hang"):
        world.losses.lose("cluster", NAME, how="explode")
