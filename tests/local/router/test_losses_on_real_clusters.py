"""Two real control planes, an origin on each, the router before them: what goes really goes, and comes back."""

import os
import shutil
import signal
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from meridian.local import rendezvous
from meridian.local.client import DaemonError, LocalClouds
from meridian.local.cluster_specs import EKS, GKE
from meridian.local.edge import BALANCER, MONITOR, POOL
from meridian.local.inventory import Inventory, Record
from meridian.local.router.client import RouterClient
from meridian.paths import Checkout, find_checkout

from .net import HOST
from .test_processes import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(300)]

PRIMARY, STANDBY = "t-eu-gke", "t-eu-eks"
RECORDS: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("gcp", GKE, PRIMARY, {"resourceLabels": {"unit": "eu"}}, {"location": "europe-west1", "masterVersion": "1.34.0-gke.1"}),
    ("aws", EKS, STANDBY, {"tags": {"unit": "eu"}}, {"region": "eu-west-1", "version": "1.34"}),
    *(
        ("cloudflare", POOL, name, {"name": name, "monitor": "m", "origins": [{"name": name, "address": f"{name}.example.com"}]}, {})
        for name in (PRIMARY, STANDBY)
    ),
    (
        "cloudflare", MONITOR, "m",
        {"type": "https", "path": "/health", "interval": 10, "timeout": 9, "retries": 1, "consecutiveDown": 2, "consecutiveUp": 2}, {},
    ),
    (
        "cloudflare", BALANCER, "lb",
        {
            "name": HOST, "proxied": True, "steeringPolicy": "geo", "defaultPools": [PRIMARY], "fallbackPool": STANDBY,
            "regionPools": {"WEU": [PRIMARY, STANDBY]}, "adaptiveRouting": {"failoverAcrossPools": True},
        }, {},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    own = find_checkout(Path(__file__).parent).bin
    if not (own / "kube-apiserver").exists() and not shutil.which("kube-apiserver"):
        pytest.skip("no control plane; `meridian toolchain` brings it")
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    shutil.copytree(own.parents[1] / "policies" / "audit", made.root / "policies" / "audit")
    made.work.mkdir()
    made.bin.symlink_to(own)
    inventory = Inventory(made.local)
    for cloud, token, name, inputs, outputs in RECORDS:
        inventory.add(
            Record(0, cloud, "local", token, name, name, f"urn:{name}", inputs, outputs, True), "", [], []
        )
    inventory.close()
    yield made
    clouds = LocalClouds.connect(made)
    if clouds:
        clouds.stop()


@pytest.fixture
def clouds(checkout: Checkout) -> LocalClouds:
    found = LocalClouds.ensure_running(checkout)
    found.pace(0.1)
    eventually(lambda: {each.state for each in found.clusters()} == {"running"}, 120)
    eventually(lambda: states(found) == {PRIMARY: "healthy", STANDBY: "healthy"}, 60)
    return found


def router(clouds: LocalClouds) -> RouterClient:
    found: RouterClient = eventually(clouds.router, 180)
    return found


def states(clouds: LocalClouds) -> dict[str, str]:
    try:
        return {pool.name: pool.state for pool in router(clouds).status().pools}
    except DaemonError:
        return {}


def visit(clouds: LocalClouds, path: str = "/") -> tuple[int, str]:
    """Ask as a visitor of Western Europe; return status and who served."""
    status = router(clouds).status()
    trusted = ssl.create_default_context(cafile=str(status.authority))
    request = urllib.request.Request(
        f"https://127.0.0.1:{status.listeners['WEU']}{path}", headers={"Host": HOST}
    )
    with urllib.request.urlopen(request, timeout=20, context=trusted) as answer:
        return answer.status, answer.headers["Meridian-Origin"]


def served_by(clouds: LocalClouds) -> str:
    """Return who serves a visitor; empty while nobody does."""
    try:
        return visit(clouds)[1]
    except urllib.error.HTTPError:
        return ""


def processes(checkout: Checkout, word: str) -> list[int]:
    """Return the processes of this checkout whose command line holds a word."""
    found = []
    for each in psutil.process_iter(["cmdline"]):
        line = " ".join(each.info["cmdline"] or ())
        if word in line and str(checkout.root) in line:
            found.append(each.pid)
    return found


def test_losing_a_cluster_ends_its_processes_and_its_visitors_stay_in_the_eu(
    checkout: Checkout, clouds: LocalClouds
) -> None:
    assert visit(clouds) == (200, PRIMARY)
    last = router(clouds).events()[-1].number
    assert clouds.lose("cluster", PRIMARY) == [PRIMARY]
    assert processes(checkout, f"origin-{PRIMARY}.json") == []
    assert processes(checkout, f"clusters/local-gcp-{PRIMARY}") == []
    # Before any monitor can know: the connection is refused, and the second try goes to the other pool.
    assert visit(clouds) == (200, STANDBY)
    eventually(lambda: states(clouds)[PRIMARY] == "critical")
    assert visit(clouds) == (200, STANDBY)
    told = [(event.kind, event.subject) for event in router(clouds).events(last)]
    assert ("pool", PRIMARY) in told
    assert clouds.lost()["clusters"] == [PRIMARY]
    clouds.bring_back("cluster", PRIMARY)
    eventually(lambda: states(clouds)[PRIMARY] == "healthy", 60)
    assert visit(clouds) == (200, PRIMARY)
    assert clouds.lost()["clusters"] == []


def test_losing_a_region_of_the_estate_takes_both_clouds_and_it_comes_back(clouds: LocalClouds) -> None:
    assert sorted(clouds.lose("region", "eu")) == [STANDBY, PRIMARY]
    eventually(lambda: set(states(clouds).values()) == {"critical"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        visit(clouds)
    assert caught.value.code == 521
    clouds.bring_back("region", "eu")
    eventually(lambda: set(states(clouds).values()) == {"healthy"}, 60)
    assert clouds.lose("cloud", "gcp") == [PRIMARY]
    assert clouds.bring_back("region", "europe-west1") == [PRIMARY]


def test_a_region_without_quorum_is_not_healthy_and_says_why(clouds: LocalClouds) -> None:
    clouds.tell_replicas("local", {"eu": {"eu-1": PRIMARY, "eu-2": PRIMARY, "eu-3": STANDBY}})
    clouds.lose("node", "eu-1")
    assert states(clouds) == {PRIMARY: "healthy", STANDBY: "healthy"}
    clouds.lose("node", "eu-3")
    eventually(lambda: set(states(clouds).values()) == {"critical"})
    reasons = {o.reason for p in router(clouds).status().pools for o in p.origins}
    assert all("eu has no quorum: 1 of 3" in reason and "eu-1, eu-3" in reason for reason in reasons)
    # The fallback pool serves whatever its health.
    assert visit(clouds) == (200, STANDBY)
    clouds.bring_back("node", "eu-1")
    eventually(lambda: set(states(clouds).values()) == {"healthy"})
    clouds.bring_back("node", "eu-3")
    clouds.tell_replicas("local", {})


def test_after_kill_9_of_the_daemon_clusters_origins_and_router_come_back(
    checkout: Checkout, clouds: LocalClouds
) -> None:
    before = router(clouds).status()
    daemon = clouds.status()["pid"]
    started = rendezvous.started_at(daemon)
    os.kill(daemon, signal.SIGKILL)
    # A process that is being killed still takes connections, and the origins can be gone before it.
    rendezvous.wait_ended(daemon, started)
    eventually(lambda: not processes(checkout, f"origin-{PRIMARY}.json"))
    again = LocalClouds.ensure_running(checkout)
    eventually(lambda: states(again) == {PRIMARY: "healthy", STANDBY: "healthy"}, 120)
    # The health that was kept says healthy before the origins listen again: as on the real edge, until the monitors know.
    eventually(lambda: served_by(again) == PRIMARY, 60)
    assert router(again).status().listeners == before.listeners


def test_stopping_the_clouds_leaves_no_process(checkout: Checkout, clouds: LocalClouds) -> None:
    assert len(processes(checkout, "meridian.local.origin.server")) == 2
    clouds.stop()
    for word in ("meridian.local.origin.server", "meridian.local.router.server", "kube-apiserver"):
        assert processes(checkout, word) == []
