"""The router as a process: what it announces, follows and keeps, also after kill -9."""

import asyncio
import json
import math
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from meridian.local.client import DaemonError, LocalClouds
from meridian.local.edge import BALANCER, MONITOR, POOL
from meridian.local.inventory import Inventory, Record
from meridian.local.router.client import RouterClient, RouterStatus
from meridian.local.router.server import POPULATIONS
from meridian.paths import Checkout
from meridian.verify import tls
from meridian.verify.result import Outcome

from .net import HOST, Fake, pools
from .test_proxying import ROOT

CONFIG: dict[str, Any] = {
    "time_scale": 0.02,
    "resources": {
        "balancers": {
            "lb": {
                "name": HOST,
                "proxied": True,
                "steeringPolicy": "geo",
                "defaultPools": ["a", "b"],
                "fallbackPool": "b",
                "regionPools": {"WEU": ["b"]},
            }
        },
        "pools": pools("a", "b", enabled=True),
        "monitors": {"m": {"type": "http", "path": "/health", "interval": 10, "timeout": 500}},
    },
}


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return what a condition says once it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "this did not come true"
        time.sleep(0.02)
    return found


def write(folder: Path, config: dict[str, Any]) -> None:
    fresh = folder / "fresh"
    fresh.write_text(json.dumps(config))
    fresh.replace(folder / "config.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "router"
    made.mkdir()
    return made


class Process:
    """A router process on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, "-m", "meridian.local.router.server", str(folder)])
        self.client: RouterClient = eventually(lambda: RouterClient.connect(folder.parent))

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def router(folder: Path) -> Iterator[Process]:
    write(folder, CONFIG)
    made = Process(folder)
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGKILL)


async def fetch(router: Process, population: str = "ANY", origins: tuple[Fake, ...] = ()) -> tuple[int, str]:
    status = await asyncio.to_thread(router.client.status)
    trusted = ssl.create_default_context(cafile=str(status.authority))
    url = f"https://127.0.0.1:{status.listeners[population]}/"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=ROOT, ssl=trusted, server_hostname=HOST) as answer,
    ):
        return answer.status, await answer.text()


def test_every_region_has_a_listener_and_the_announcement_is_for_its_owner_only(router: Process) -> None:
    file = router.folder.parent / "router.json"
    assert file.stat().st_mode & 0o077 == 0
    told = json.loads(file.read_text())
    assert set(told["listeners"]) == set(POPULATIONS)
    assert len(set(told["listeners"].values())) == 14
    status = router.client.status()
    assert status.time_scale == 0.02
    assert {name: s and s.origin for name, s in status.balancers[0].serving.items()}["WEU"] == "b-gke"
    assert router.end() == 0
    assert not file.exists()


def test_the_status_needs_the_token(router: Process) -> None:
    with pytest.raises(DaemonError, match="401"):
        RouterClient(router.client.port, "guessed").status()


def test_visitors_reach_an_origin_over_tls_by_the_port_of_their_region(router: Process) -> None:
    async def test() -> None:
        origins = tuple(Fake(f"{name}-gke", 0) for name in "ab")
        from meridian.local.ports import free_ports

        for origin, port in zip(origins, free_ports(2), strict=True):
            origin.port = port
            await origin.start()
        places = {each.name: {"port": each.port} for each in origins}
        write(router.folder, {**CONFIG, "origins": places})
        try:
            async with asyncio.timeout(90):
                while {o.state for p in (await asyncio.to_thread(router.client.status)).pools for o in p.origins} != {"healthy"}:  # fmt: skip
                    await asyncio.sleep(0.05)
                assert await fetch(router) == (200, "a-gke")
                assert await fetch(router, "WEU") == (200, "b-gke")
                assert await fetch(router, "SAS") == (200, "a-gke")
        finally:
            for each in origins:
                await each.stop()

    asyncio.run(test())


def test_a_change_of_the_configuration_is_followed(router: Process) -> None:
    changed = json.loads(json.dumps(CONFIG))
    changed["resources"]["balancers"]["lb"]["name"] = "new.example.com"
    changed["time_scale"] = 0.5
    write(router.folder, changed)
    eventually(lambda: [b.hostname for b in router.client.status().balancers] == ["new.example.com"], 10)
    assert router.client.status().time_scale == 0.5


def test_the_router_refuses_tls_below_the_zones_minimum(router: Process) -> None:
    port = router.client.status().listeners["ANY"]

    def refused(minimum: str) -> bool:
        return tls.check("edge", "127.0.0.1", port, minimum).outcome is Outcome.PASSED

    assert refused("1.2") and not refused("1.3")
    write(router.folder, {**CONFIG, "tls_minimum": "1.3"})
    eventually(lambda: refused("1.3"))


def test_after_kill_9_ports_events_and_health_are_kept(router: Process) -> None:
    eventually(lambda: {o.state for p in router.client.status().pools for o in p.origins} == {"unhealthy"})
    before, told = router.client.status(), router.client.events()
    router.end(signal.SIGKILL)
    assert RouterClient.connect(router.folder.parent) is None
    again = Process(router.folder)
    try:
        assert again.client.status().listeners == before.listeners
        assert [event.number for event in again.client.events()][: len(told)] == [e.number for e in told]
        origins = [o for p in again.client.status().pools for o in p.origins]
        assert {o.since for o in origins} == {o.since for p in before.pools for o in p.origins}
    finally:
        again.end()


RECORDS = {BALANCER: "balancers", POOL: "pools", MONITOR: "monitors"}


def put(checkout: Checkout) -> None:
    """Write a load balancer into the inventory as the embedded Cloudflare would; the daemon does not run."""
    inventory = Inventory(checkout.local)
    for token, kind in RECORDS.items():
        for identifier, inputs in CONFIG["resources"][kind].items():
            record = Record(
                0,
                "cloudflare",
                "local",
                token,
                identifier,
                identifier,
                f"urn:{identifier}",
                inputs,
                inputs,
                True,
            )
            inventory.add(record, "", [], [])
    inventory.close()


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path)
    put(made)
    yield made
    clouds = LocalClouds.connect(made)
    if clouds:
        clouds.stop()


def running_router(clouds: LocalClouds) -> RouterClient:
    found: RouterClient = eventually(clouds.router)
    return found


def other_than(pid: int, clouds: LocalClouds) -> RouterStatus | None:
    """Return the status of a router that is not this process; None while it still dies or the next one comes up."""
    try:
        client = clouds.router()
        status = client.status() if client else None
    except DaemonError:
        return None
    return status if status and status.pid != pid else None


def test_the_daemon_runs_a_router_while_a_load_balancer_exists(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    client = running_router(clouds)
    assert [each.hostname for each in client.status().balancers] == [HOST]
    clouds.drift("a", "enabled", "false")
    eventually(lambda: [p.state for p in client.status().pools if p.name == "a"] == ["disabled"])
    clouds.drift("lb", None, None)
    eventually(lambda: clouds.router() is None)


def test_stopping_the_clouds_leaves_no_router(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    pid = running_router(clouds).status().pid
    clouds.stop()
    assert not psutil.pid_exists(pid)
    assert not (checkout.local / "router.json").exists()


def test_a_killed_router_is_started_again_on_its_ports(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    before = running_router(clouds).status()
    os.kill(before.pid, signal.SIGKILL)
    after = eventually(lambda: other_than(before.pid, clouds))
    assert after.listeners == before.listeners


def test_a_killed_daemon_takes_its_router_along_and_the_next_one_brings_it_back(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    before = running_router(clouds).status()
    os.kill(clouds.status()["pid"], signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(before.pid))
    after = running_router(LocalClouds.ensure_running(checkout)).status()
    assert (after.pid != before.pid, after.listeners) == (True, before.listeners)


def test_the_time_scale_is_data_that_stays_and_has_bounds(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERIDIAN_TIME_SCALE", "0.25")
    clouds = LocalClouds.ensure_running(checkout)
    client = running_router(clouds)
    eventually(lambda: client.status().time_scale == 0.25)
    for wrong in (0.0, 1e9, math.nan):
        with pytest.raises(DaemonError, match=r"^time scale \S+: a time scale is a number from 0.01 .*fix:"):
            clouds.pace(wrong)
    monkeypatch.delenv("MERIDIAN_TIME_SCALE")
    clouds.stop()
    assert running_router(LocalClouds.ensure_running(checkout)).status().time_scale == 0.25


def test_what_does_not_exist_cannot_be_lost_and_the_message_names_what_can(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    for kind in ("cluster", "region", "cloud", "node"):
        with pytest.raises(DaemonError, match=r"nowhere.*fix:"):
            clouds.lose(kind, "nowhere")
    clouds.tell_replicas("local", {"eu": {"eu-1": "local-eu-gke", "eu-2": "local-eu-eks"}})
    assert clouds.lose("node", "eu-1") == ["eu-1"]
    assert clouds.lost()["database"]["lost"] == ["eu-1"]
    assert clouds.bring_back("node", "eu-1") == ["eu-1"]
    assert clouds.lost()["database"]["lost"] == []


def test_the_command_shows_listeners_health_and_events(checkout: Checkout) -> None:
    (checkout.root / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    checkout.stacks.mkdir()
    clouds = LocalClouds.ensure_running(checkout)
    client = running_router(clouds)
    eventually(lambda: {o.state for p in client.status().pools for o in p.origins} == {"unhealthy"})

    def command(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "meridian.cli", "local", "router", *arguments],
            env={**os.environ, "MERIDIAN_ROOT": str(checkout.root)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    told = json.loads(command("--json"))
    assert told["balancers"][0]["serving"]["WEU"]["pool"] == "b"
    shown = command()
    assert "time scale 1" in shown
    assert f"https://127.0.0.1:{told['listeners']['WEU']}" in shown
    assert "does not resolve" in shown
    clouds.drift("lb", None, None)
    eventually(lambda: clouds.router() is None)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        command()
    assert caught.value.returncode == 1
    assert "fix:" in caught.value.stderr
