"""The origin process: what healthy means, who it says it is, what it streams back."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from meridian.local.authority import Authority
from meridian.local.origin.server import OriginProcess
from meridian.local.ports import free_ports
from meridian.local.replicas import ReplicaNodes

QUORUM = {"group": "eu", "needed": 2, "up": ["eu-1", "eu-2"], "down": ["eu-3"]}


class Running:
    """An origin with a stand-in for its cluster's API server."""

    def __init__(self, client: aiohttp.ClientSession, url: str, file: Path, spec: dict[str, Any]) -> None:
        self.client, self.url, self.file, self.spec = client, url, file, spec
        self.ready = 200

    def tell(self, **changes: Any) -> None:
        self.spec |= changes
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(self.spec))
        fresh.replace(self.file)

    async def health(self) -> tuple[int, list[str]]:
        async with self.client.get(f"{self.url}/health") as answer:
            return answer.status, (await answer.json())["reasons"]

    async def until(self, status: int) -> list[str]:
        """Wait until the health is so; return the reasons."""
        async with asyncio.timeout(60):
            while (found := await self.health())[0] != status:
                await asyncio.sleep(0.05)
        return found[1]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    authority = Authority(folder / "authority")
    api, port = free_ports(2)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*authority.issue("api", ["127.0.0.1"]))
    certificate, key = authority.issue("origin", ["local-eu-gke", "127.0.0.1"])
    spec = {
        "cluster": "local-eu-gke",
        "cloud": "gcp",
        "region": "europe-west1",
        "environment": "local",
        "port": port,
        "certificate": str(certificate),
        "key": str(key),
        "quorum": None,
        "api_server": {"url": f"https://127.0.0.1:{api}", "ca": authority.certificate.read_text()},
    }
    file = folder / "origin.json"
    file.write_text(json.dumps(spec))
    ending = asyncio.Event()
    trusted = ssl.create_default_context(cafile=str(authority.certificate))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as client:
        made = Running(client, f"https://127.0.0.1:{port}", file, spec)

        async def readyz(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=made.ready)

        runner = web.ServerRunner(web.Server(readyz))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", api, ssl_context=served).start()
        origin = asyncio.create_task(OriginProcess(file).run(ending))
        try:
            async with asyncio.timeout(60):
                while True:
                    try:
                        await made.health()
                        break
                    except aiohttp.ClientConnectorError:
                        await asyncio.sleep(0.02)
            yield made
        finally:
            ending.set()
            await origin
            await runner.cleanup()


def test_healthy_means_that_the_api_server_answers_and_the_region_has_quorum(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path) as origin:
            assert await origin.health() == (200, [])
            origin.tell(quorum=QUORUM)
            assert await origin.health() == (200, [])
            origin.tell(quorum={**QUORUM, "up": ["eu-1"], "down": ["eu-2", "eu-3"]})
            (reason,) = await origin.until(503)
            assert reason == (
                "eu has no quorum: 1 of 3 database nodes are up and 2 are needed; down: eu-2, eu-3"
            )
            origin.tell(quorum=None)
            await origin.until(200)
            origin.ready = 500
            assert await origin.until(503) == ["the API server says 500"]

    asyncio.run(test())


def test_it_says_who_served_and_what_came_in(tmp_path: Path) -> None:
    async def test() -> None:
        async with (
            running(tmp_path) as origin,
            origin.client.post(
                f"{origin.url}/any/where?q=1", data=b"hello", headers={"X-Mine": "1"}
            ) as answer,
        ):
            told = await answer.json()
            assert (told["cluster"], told["cloud"], told["region"]) == ("local-eu-gke", "gcp", "europe-west1")
            assert (told["request"]["method"], told["request"]["path"]) == ("POST", "/any/where?q=1")
            assert told["request"]["body"]["bytes"] == 5
            assert ["X-Mine", "1"] in told["request"]["headers"]
            assert "meridian" in told["simulated"]

    asyncio.run(test())


def test_it_echoes_bodies_and_websockets_and_streams(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path) as origin:
            data = bytes(range(256)) * 5000
            async with origin.client.put(f"{origin.url}/echo", data=data) as answer:
                assert await answer.read() == data
            async with origin.client.get(f"{origin.url}/stream?chunks=3&seconds=0.01") as answer:
                assert await answer.text() == "0\n1\n2\n"
            async with origin.client.ws_connect(f"{origin.url}/ws") as ws:
                await ws.send_str("hello")
                assert (await ws.receive()).data == "hello"
                await ws.send_bytes(b"\x00\x01")
                assert (await ws.receive()).data == b"\x00\x01"

    asyncio.run(test())


@pytest.mark.parametrize(
    ("running_clusters", "lost", "up"),
    [
        ({"gke", "eks"}, (), ["eu-1", "eu-2", "eu-3"]),
        ({"gke", "eks"}, ("eu-2",), ["eu-1", "eu-3"]),
        ({"eks"}, (), ["eu-3"]),
        (set(), (), []),
    ],
)
def test_a_node_is_up_while_its_cluster_runs_and_nobody_took_it_away(
    running_clusters: set[str], lost: tuple[str, ...], up: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "replicas.json"
    nodes = ReplicaNodes(file)
    nodes.tell("local", {"eu": {"eu-1": "gke", "eu-2": "gke", "eu-3": "eks"}, "us": {"us-1": "other"}})
    for each in lost:
        nodes.lose(each)
    for kept in (nodes, ReplicaNodes(file)):
        found = kept.quorum("local", "eks", running_clusters)
        assert found is not None
        assert (found["group"], found["needed"], found["up"]) == ("eu", 2, up)
        assert found["down"] == sorted({"eu-1", "eu-2", "eu-3"} - set(up))
    assert nodes.quorum("local", "unheard", running_clusters) is None
    assert file.stat().st_mode & 0o077 == 0


def test_an_authority_keeps_a_certificate_while_its_names_stay_and_trust_is_strict(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("edge", ["b.example.com", "a.example.com", "127.0.0.1"])
    first = certificate.read_bytes()
    assert authority.issue("edge", ["127.0.0.1", "a.example.com", "b.example.com"])[0].read_bytes() == first
    assert authority.issue("edge", ["c.example.com"])[0].read_bytes() != first
    assert key.stat().st_mode & 0o077 == 0
    assert shaken(authority, "c.example.com") is None
    assert "not valid for" in str(shaken(authority, "a.example.com"))


def shaken(authority: Authority, host: str) -> ssl.SSLError | None:
    """Shake hands in memory as a strict client; return why it refuses. Python 3.13 is strict by default."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(authority.folder / "edge.crt", authority.folder / "edge.key")
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(back, there, server_hostname=host)
    server = served.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return error
    assert client.version() is not None
    return None


def test_the_status_asks_each_regions_own_origins_and_only_the_page_may_read_it(tmp_path: Path) -> None:
    page = "https://www.example.com"

    async def test() -> None:
        async with running(tmp_path) as origin:
            (closed,) = free_ports(1)
            here = {"local-eu-gke": origin.spec["port"], "local-eu-eks": closed}
            origin.tell(
                regions={"eu": here, "us": {"local-us-gke": closed}},
                authority=str(tmp_path / "authority" / "ca.crt"),
                pages=[page],
            )
            for asking, allowed in ((page, page), ("https://www.example.org", None), ("null", None)):
                async with origin.client.get(f"{origin.url}/status", headers={"Origin": asking}) as answer:
                    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
                    assert answer.headers["Vary"] == "Origin"
                    told = await answer.json()
                assert told == {"regions": {"eu": {"healthy": True}, "us": {"healthy": False}}}

    asyncio.run(test())
