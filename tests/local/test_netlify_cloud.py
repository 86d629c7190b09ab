"""The simulated Netlify refuses what the real one refuses, and keeps what it was given."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "provider"))
from netlify_world import ACCOUNT, World

from meridian.local.faults import Faults
from meridian.local.netlify.rules import headers, redirects
from meridian.local.netlify.server import Server
from meridian.local.netlify.sites import NetlifySites


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.server.stop()


def test_nobody_is_let_in_without_the_token(world: World) -> None:
    answer = world.api("GET", "/sites", token="wrong")
    assert (answer.status_code, answer.json()) == (401, {"code": 401, "message": "Access Denied"})
    assert httpx.get(f"{world.server.endpoint}/sites").status_code == 401


@pytest.mark.parametrize(
    "path", ["/sites/none", "/deploys/none", "/nobody/sites", "/sites/none/deploys", "/x"]
)
def test_what_is_not_there_is_404(world: World, path: str) -> None:
    assert world.api("GET", path).json() == {"code": 404, "message": "Not Found"}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": "taken"}, {"subdomain": ["must be unique"]}),
        ({"name": "Bad Name"}, {"name": ["is invalid"]}),
        ({"name": "a", "custom_domain": "nonsense"}, {"custom_domain": ["is invalid"]}),
        ({"name": "a", "custom_domain": "a.netlify.app"}, {"custom_domain": ["is invalid"]}),
        ({"name": "a", "custom_domain": "www.taken.example"}, {"custom_domain": ["must be unique"]}),
        ({"name": "a", "domain_aliases": ["www.taken.example"]}, {"domain_aliases": ["must be unique"]}),
    ],
)
def test_a_bad_site_is_422_in_the_apis_own_shape(world: World, body: object, errors: object) -> None:
    taken = {"name": "taken", "custom_domain": "www.taken.example"}
    assert world.api("POST", f"/{ACCOUNT}/sites", json=taken).status_code == 201
    answer = world.api("POST", f"/{ACCOUNT}/sites", json=body)
    assert (answer.status_code, answer.json()) == (422, {"errors": errors})


def test_an_upload_that_was_not_announced_is_422(world: World) -> None:
    site = world.api("POST", f"/{ACCOUNT}/sites", json={"name": "web"}).json()["id"]
    files = {"files": {"/a": "0" * 40}}
    deploy = world.api("POST", f"/sites/{site}/deploys", json=files).json()
    assert (deploy["state"], deploy["required"]) == ("uploading", ["0" * 40])
    for path in ("a", "b"):
        answer = world.api("PUT", f"/deploys/{deploy['id']}/files/{path}", content=b"other")
        assert answer.status_code == 422
        assert answer.json()["message"].startswith("Unknown SHA")
    restored = world.api("POST", f"/sites/{site}/deploys/{deploy['id']}/restore")
    assert restored.json() == {"code": 422, "message": "Deploy is uploading, not ready"}


def test_a_fault_throttles_with_the_limits_headers(world: World) -> None:
    world.fault("throttle")
    answer = world.api("GET", "/sites")
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert int(answer.headers["X-RateLimit-Reset"]) > 0
    assert world.api("GET", "/sites").status_code == 200


def test_sites_and_token_outlive_the_server(tmp_path: Path) -> None:
    first = Server(tmp_path, Faults())
    first.state.open_account(ACCOUNT)
    first.state.make_site(ACCOUNT, {"name": "web"})
    token, port = first.token_file.read_text(), first.port
    first.stop()
    second = Server(tmp_path, Faults())
    assert [site["name"] for site in second.state.sites()] == ["web"]
    assert (second.token_file.read_text(), second.port) == (token, port)
    second.stop()


def test_it_is_served_from_the_first_account_to_the_last(tmp_path: Path) -> None:
    sites = NetlifySites(tmp_path, Faults())
    assert sites.find("acme") is None
    assert sites.status() == {"state": "stopped", "sites": []}
    endpoint = sites.ensure("acme")["endpoint"]
    assert sites.ensure("acme")["endpoint"] == endpoint
    assert httpx.get(f"{endpoint}/sites").status_code == 401
    sites.drop("acme")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{endpoint}/sites")


def test_headers_and_redirects_go_by_path() -> None:
    text = "# all\n/*\n  X-A: 1\n  X-B: 1\n/static/*\n  X-B: 2\n/one\n  X-C: 3\n"
    assert headers(text, "/static/a.css") == {"X-A": "1", "X-B": "1,2"}
    assert headers(text, "/one") == {"X-A": "1", "X-B": "1", "X-C": "3"}
    found = redirects("/in https://app.example/sso 302 # sign in\n/old /new\n")
    assert [(each.source, each.target, each.status) for each in found] == [
        ("/in", "https://app.example/sso", 302),
        ("/old", "/new", 301),
    ]
