"""The page in a real browser shows what real origin processes say of every region; only the edge between them is left out."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from chromium import browser

from components.netlify.rendered import rendered
from meridian.local.authority import Authority
from meridian.local.faults import Faults
from meridian.local.netlify.sites import NetlifySites
from meridian.local.ports import free_ports
from meridian.model import load_environment
from meridian.netlify.connection import Connection
from meridian.netlify.content import digests
from meridian.netlify.deploy import DeployInputs, Deploys
from meridian.netlify.site import SiteInputs, Sites

ROOT = Path(__file__).parents[2]
LOCAL = load_environment(ROOT, "local")


class _ApiServer(BaseHTTPRequestHandler):
    """Stands in for a cluster's API server: ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def api_server(authority: Authority) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _ApiServer)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue("api", ["127.0.0.1"]))
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


class Estate:
    """An origin process for each region's first cluster, the page's site, and which host names lead where."""

    def __init__(self, folder: Path, api: str, authority: Authority) -> None:
        self.authority = authority
        self.clusters = {region: f"local-{region}-gke" for region in LOCAL.regions}
        self.ports = dict(zip(self.clusters.values(), free_ports(len(self.clusters)), strict=True))
        self.sites = NetlifySites(folder / "netlify", Faults())
        self.address = self._publish()
        self.origins = {
            name: self._origin(folder, region, name, api) for region, name in self.clusters.items()
        }

    def _publish(self) -> str:
        given = self.sites.ensure("acme")
        connection = Connection(endpoint=given["endpoint"], token_file=given["token_file"])
        frontend = LOCAL.edge.frontend
        named = {"account": "acme", "name": frontend.site, "customDomain": frontend.hostname}
        site = Sites().create(SiteInputs.model_validate({**named, "connection": connection}))
        deploy = {
            "siteId": site.id,
            "folder": frontend.folder,
            "files": digests(ROOT / frontend.folder),
            "contents": rendered(LOCAL),
            "connection": connection,
        }
        Deploys(root=lambda: ROOT).create(DeployInputs.model_validate(deploy))
        return f"http://{frontend.site}.localhost:{given['port']}/"

    def _origin(self, folder: Path, region: str, name: str, api: str) -> subprocess.Popen[bytes]:
        certificate, key = self.authority.issue(f"origin-{name}", [name, "127.0.0.1"])
        spec = folder / f"{name}.json"
        told = {
            "cluster": name, "cloud": "gcp", "region": region, "environment": "local", "port": self.ports[name],
            "certificate": str(certificate), "key": str(key), "quorum": None,
            "api_server": {"url": api, "ca": self.authority.certificate.read_text()},
            "regions": {key: {each: self.ports[each]} for key, each in self.clusters.items()},
            "authority": str(self.authority.certificate), "pages": list(self.sites.pages()),
        }  # fmt: skip
        spec.write_text(json.dumps(told))
        started = subprocess.Popen([sys.executable, "-m", "meridian.local.origin.server", str(spec)])
        trusted = ssl.create_default_context(cafile=str(self.authority.certificate))
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"https://127.0.0.1:{self.ports[name]}/health", context=trusted)
            except OSError:
                assert time.monotonic() < deadline, f"{name} does not answer"
                time.sleep(0.05)
            else:
                return started

    def stop(self) -> None:
        for process in self.origins.values():
            process.kill()
            process.wait()
        self.sites.stop()


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    folder = tmp_path_factory.mktemp("estate")
    authority = Authority(folder / "authority")
    with api_server(authority) as api:
        made = Estate(folder, api, authority)
        yield made
        made.stop()


def states(page: Any) -> dict[str, str]:
    found = page.eval_on_selector_all(
        "#regions li", "all => all.map(one => [one.dataset.region, one.dataset.state])"
    )
    return dict(found)


def test_the_page_shows_each_regions_state_as_the_origins_tell_it(estate: Estate) -> None:
    first = estate.ports[estate.clusters["eu"]]
    names = ", ".join(
        f"MAP {host}:443 127.0.0.1:{first}" for host in (LOCAL.edge.hostname, LOCAL.edge.eu_hostname)
    )
    with browser("--ignore-certificate-errors", f"--host-resolver-rules={names}") as chromium:
        page = chromium.new_page()
        problems: list[str] = []
        page.on("console", lambda told: problems.append(told.text))
        page.goto(estate.address)
        page.locator("#again").wait_for(state="visible")
        assert states(page) == dict.fromkeys(LOCAL.regions, "up")
        assert page.inner_text("#summary") == "All regions are up."
        assert problems == []

        lost = estate.origins[estate.clusters["us"]]
        lost.kill()
        lost.wait()
        time.sleep(1.1)  # an origin keeps what it was told for a second
        page.click("#again")
        page.get_by_text("United States: down.").wait_for()
        assert states(page) == {**dict.fromkeys(LOCAL.regions, "up"), "us": "down"}
