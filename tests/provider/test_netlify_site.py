"""A site at the simulated Netlify through our provider's protocol."""

import json
from typing import Any

import grpc
import pytest
from netlify_world import ACCOUNT, DEPLOY, SITE, World
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.protocol.values import UNKNOWN


def test_a_site_lives_from_creation_to_deletion(netlify: Any, world: World) -> None:
    inputs = world.site(customDomain="www.acme.example", forceSsl=True)
    made, state = netlify.create(SITE, inputs)
    assert (state["siteId"], state["url"]) == (made, "https://www.acme.example")
    assert world.api("GET", f"/sites/{made}").json()["build_settings"]["stop_builds"] is True
    new = world.site(customDomain="www.acme.example", domainAliases=["acme.example"])
    assert list(netlify.diff(SITE, made, inputs, new, state).detailedDiff) == ["domainAliases"]
    netlify.update(SITE, made, inputs, new, state)
    assert world.api("GET", f"/sites/{made}").json()["domain_aliases"] == ["acme.example"]
    netlify.delete(SITE, made, new)
    assert world.api("GET", f"/sites/{made}").status_code == 404
    netlify.delete(SITE, made, new)
    assert netlify.read(SITE, made, new)[0] == ""


def test_only_another_account_needs_another_site(netlify: Any, world: World) -> None:
    renamed = netlify.diff(SITE, "id", world.site(), world.site(name="other"))
    assert (list(renamed.detailedDiff), list(renamed.replaces)) == (["name"], [])
    moved = netlify.diff(SITE, "id", world.site(), world.site(account="other"))
    assert list(moved.replaces) == ["account"]
    nested = netlify.diff(SITE, "id", world.site(), world.site(processing={"prettyUrls": True}))
    assert list(nested.detailedDiff) == ["processing.prettyUrls"]


def test_refresh_finds_what_was_changed_by_hand_and_nothing_else(netlify: Any, world: World) -> None:
    inputs = world.site(customDomain="www.acme.example", domainAliases=["a.acme.example"])
    made, state = netlify.create(SITE, inputs)
    _, _, same = netlify.read(SITE, made, inputs, state)
    assert netlify.diff(SITE, made, same, inputs, state).changes == pb.DiffResponse.DIFF_NONE
    world.api("PATCH", f"/sites/{made}", json={"force_ssl": False, "processing_settings": {"skip": False}})
    _, _, found = netlify.read(SITE, made, inputs, state)
    assert set(netlify.diff(SITE, made, found, inputs, state).detailedDiff) == {
        "forceSsl",
        "processing.skip",
    }


@pytest.mark.parametrize("fault", ["lost-reply", "error"])
def test_a_lost_reply_makes_no_second_site(netlify: Any, world: World, fault: str) -> None:
    world.fault(fault, "netlify:Site", "create")
    made, _ = netlify.create(SITE, world.site())
    assert [site["id"] for site in world.server.state.sites(ACCOUNT)] == [made]


def test_a_site_that_shows_another_ones_deploy_is_not_taken_over(netlify: Any, world: World) -> None:
    theirs = world.server.state.make_site(ACCOUNT, {"name": "acme-web"})["id"]
    state = world.server.state
    deploy = state.make_deploy(theirs, {"/index.html": "0" * 40}, "theirs")
    made, _ = netlify.create(SITE, world.site())
    assert made == theirs, "nothing of anybody is shown yet: it is ours or nobody's"
    state._data["deploys"][deploy["id"]]["state"] = "ready"
    state.restore(theirs, deploy["id"])
    with pytest.raises(grpc.RpcError) as error:
        netlify.create(SITE, world.site())
    assert "was not deployed from here; fix: choose another name" in error.value.details()


def test_a_name_of_another_account_is_refused_in_netlifys_words(netlify: Any, world: World) -> None:
    world.server.state.open_account("others")
    world.server.state.make_site("others", {"name": "acme-web"})
    with pytest.raises(grpc.RpcError) as error:
        netlify.create(SITE, world.site())
    assert "Netlify answers 422: subdomain must be unique; fix: change the value" in error.value.details()


@pytest.mark.parametrize(
    ("changed", "property"),
    [
        ({"name": "Not_A_Name"}, "name"),
        ({"account": ""}, "account"),
        ({"customDomain": "no domain"}, "customDomain"),
        ({"domainAliases": ["a.example"]}, "domainAliases"),
        ({"customDomain": "a.example", "domainAliases": ["a.example"]}, "domainAliases[0]"),
        ({"processing": {"prety": True}}, "processing.prety"),
        ({"connection": {"endpoint": "http://api.example/api/v1"}}, "connection.endpoint"),
        ({"token": "abc"}, "token"),
    ],
)
def test_an_input_is_refused_at_its_path_before_anybody_is_asked(
    netlify: Any, world: World, changed: dict[str, Any], property: str
) -> None:
    failures = netlify.check(SITE, world.site(**changed)).failures
    assert [each.property for each in failures] == [property]


def test_a_preview_asks_nobody_and_works_with_an_unknown_address(
    netlify: Any, world: World, monkeypatch: Any
) -> None:
    monkeypatch.delenv("NETLIFY_AUTH_TOKEN", raising=False)
    _, official = netlify.create(SITE, {"account": ACCOUNT, "name": "web"}, preview=True)
    assert (official["defaultDomain"], official["siteId"]) == ("web.netlify.app", UNKNOWN)
    unknown = world.site(connection={"endpoint": UNKNOWN, "tokenFile": UNKNOWN})
    assert netlify.create(SITE, unknown, preview=True)[1]["defaultDomain"] == "acme-web.netlify.app"
    assert world.server.state.sites() == []
    first = netlify.create(DEPLOY, world.deploy("x", siteId=UNKNOWN), preview=True)[1]
    assert (first["deployId"], len(first["digest"])) == (UNKNOWN, 64)
    assert netlify.said[-1].splitlines() == ["add /_headers", "add /index.html", "add /style.css"]


def test_without_a_token_the_message_names_the_variable(netlify: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("NETLIFY_AUTH_TOKEN", raising=False)
    with pytest.raises(grpc.RpcError) as error:
        netlify.create(SITE, {"account": ACCOUNT, "name": "web"})
    assert "fix: set NETLIFY_AUTH_TOKEN" in error.value.details()


def test_the_token_is_in_no_state_and_in_no_message(netlify: Any, world: World) -> None:
    token = world.server.token_file.read_text()
    _, state = netlify.create(SITE, world.site())
    assert token not in json.dumps(state)
    world.fault("expired-token", count=9)
    with pytest.raises(grpc.RpcError) as error:
        netlify.read(SITE, str(state["siteId"]), world.site())
    assert "401: Access Denied; fix: give a token that is valid" in error.value.details()
    assert token not in error.value.details()
