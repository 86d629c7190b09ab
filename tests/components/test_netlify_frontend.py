"""The public page: what is asked of Netlify, and the texts that the environment adds to its files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from recording import Recording, record

from components.netlify.frontend import Frontend, FrontendArgs
from components.netlify.rendered import csp, rendered
from components.netlify.resources import NetlifyConnection
from meridian.local.netlify.rules import headers, redirects
from meridian.model import Environment, load_environment
from meridian.netlify.content import digests
from meridian.netlify.deploy import DeployInputs, Deploys
from meridian.netlify.site import SiteInputs, Sites

ROOT = Path(__file__).parents[2]
SITE, DEPLOY = "meridian:netlify:Site", "meridian:netlify:Deploy"
FILES = {"/index.html": "0" * 40}
MADE = {SITE: {"siteId": "a-site", "url": "https://www.meridian.example"}, DEPLOY: {"deployId": "a-deploy"}}


@cache
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def build(connection: NetlifyConnection | None = None, protect: bool = True) -> Recording:
    args = FrontendArgs(environment=prod(), files=FILES, connection=connection, protect=protect)

    def program() -> dict[str, object]:
        made = Frontend("frontend", args)
        return {"url": made.url, "deploy": made.deploy_id}

    recording, outputs = record(program, MADE)
    assert outputs == {"url": "https://www.meridian.example", "deploy": "a-deploy"}
    return recording


def test_the_site_is_what_the_data_say_and_protected() -> None:
    site = build().one(SITE)
    inputs = SiteInputs.model_validate(site.inputs)
    assert (inputs.account, inputs.name) == ("meridian-estate", "meridian-frontend")
    assert (inputs.custom_domain, inputs.force_ssl) == ("www.meridian.example", True)
    assert inputs.build.stopped and inputs.processing.skip
    assert inputs.connection.endpoint == "https://api.netlify.com/api/v1"
    assert not Sites().check(inputs)
    assert site.protect
    assert not build(protect=False).one(SITE).protect


def test_the_deploy_is_of_that_site_and_has_the_rendered_files() -> None:
    inputs = DeployInputs.model_validate(build().one(DEPLOY).inputs)
    assert (inputs.site_id, inputs.folder) == ("a-site", "frontend")
    assert set(inputs.all()) == {"/index.html", "/_headers", "/_redirects", "/settings.json"}
    assert not Deploys().check(inputs)


def test_another_netlify_is_another_address_and_nothing_else() -> None:
    own = NetlifyConnection(endpoint="http://127.0.0.1:1/api/v1", token_file="token")
    for kind in (SITE, DEPLOY):
        here, official = build(own).one(kind).inputs, build().one(kind).inputs
        assert here.pop("connection") == {"endpoint": "http://127.0.0.1:1/api/v1", "tokenFile": "token"}
        assert here == official


def test_every_path_has_the_policy_and_it_lets_in_no_inline_code() -> None:
    told = headers(rendered(prod())["/_headers"], "/any/path")
    assert told["Content-Security-Policy"] == csp(prod().edge.frontend)
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in csp(prod().edge.frontend)
    assert "unsafe" not in csp(prod().edge.frontend)
    assert told["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert (told["X-Content-Type-Options"], told["Referrer-Policy"]) == ("nosniff", "no-referrer")


def test_the_pages_links_lead_to_the_portal_and_the_eus_stay_in_the_eu() -> None:
    found = {each.source: each for each in redirects(rendered(prod())["/_redirects"])}
    assert found["/sign-in"].target == "https://app.meridian.example/sso/login"
    assert {each.target.split("/")[2] for path, each in found.items() if path.startswith("/eu/")} == {
        "eu.meridian.example"
    }
    assert {each.status for each in found.values()} == {302}


def test_the_page_asks_only_hosts_that_its_policy_allows() -> None:
    told = json.loads(rendered(prod())["/settings.json"])
    allowed = prod().edge.frontend.csp["connect-src"]
    assert told["status"]
    assert all(f"https://{address.split('/')[2]}" in allowed for address in told["status"])
    assert [region["key"] for region in told["regions"]] == list(prod().regions)


@pytest.mark.parametrize("environment", ["prod", "staging", "local"])
def test_no_rendered_file_hides_one_of_the_folder(environment: str) -> None:
    estate = load_environment(ROOT, environment)
    files = digests(ROOT / estate.edge.frontend.folder)
    assert "/index.html" in files
    assert not set(files) & set(rendered(estate))
