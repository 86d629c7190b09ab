"""A site's files at the simulated Netlify: what is sent, what is shown, what happens when it breaks off."""

from typing import Any

import grpc
import pytest
from netlify_world import DEPLOY, SITE, World
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.netlify.content import sha1


@pytest.fixture
def site(netlify: Any, world: World) -> str:
    return str(netlify.create(SITE, world.site())[0])


def test_the_first_deploy_sends_everything_and_is_shown_with_its_headers(
    netlify: Any, world: World, site: str
) -> None:
    made, state = netlify.create(DEPLOY, world.deploy(site))
    assert (made, state["sent"]) == (site, ["/_headers", "/index.html", "/style.css"])
    shown = world.visit()
    assert (shown.text, shown.headers["X-Frame-Options"]) == ("<h1>first</h1>", "DENY")
    assert world.visit("/_headers").status_code == 404


def test_only_what_changed_is_sent_and_the_difference_names_it(netlify: Any, world: World, site: str) -> None:
    old = world.deploy(site)
    _, state = netlify.create(DEPLOY, old)
    world.write("index.html", "<h1>second</h1>")
    world.write("a copy.css", "h1 {color: red}")
    new = world.deploy(site)
    found = netlify.diff(DEPLOY, site, old, new, state)
    assert sorted(found.detailedDiff) == ['files["/a copy.css"]', 'files["/index.html"]']
    assert list(found.replaces) == []
    netlify.update(DEPLOY, site, old, new, state, preview=True)
    assert netlify.said[-1].splitlines() == ["add /a copy.css", "change /index.html"]
    assert world.visit().text == "<h1>first</h1>"
    assert netlify.update(DEPLOY, site, old, new, state)["sent"] == ["/index.html"]
    assert world.visit().text == "<h1>second</h1>"
    assert world.visit("/a copy.css").text == "h1 {color: red}"


def test_until_all_is_sent_visitors_see_the_old_site_and_the_upload_goes_on_where_it_broke_off(
    netlify: Any, world: World, site: str
) -> None:
    old = world.deploy(site)
    _, state = netlify.create(DEPLOY, old)
    world.write("index.html", "<h1>second</h1>")
    world.write("zebra.css", "new")
    new = world.deploy(site)
    (world.folder / "zebra.css").unlink()
    with pytest.raises(grpc.RpcError) as error:
        netlify.update(DEPLOY, site, old, new, state)
    assert "zebra.css: cannot be read" in error.value.details()
    assert world.visit().text == "<h1>first</h1>"
    world.write("zebra.css", "new")
    assert netlify.update(DEPLOY, site, old, new, state)["sent"] == ["/zebra.css"]
    assert world.visit().text == "<h1>second</h1>"
    assert len(world.server.state.deploys(site)) == 2


def test_going_back_restores_the_earlier_deploy_and_sends_nothing(
    netlify: Any, world: World, site: str
) -> None:
    first = world.deploy(site)
    _, before = netlify.create(DEPLOY, first)
    world.write("index.html", "<h1>broken</h1>")
    second = world.deploy(site)
    state = netlify.update(DEPLOY, site, first, second, before)
    world.write("index.html", "<h1>first</h1>")
    after = netlify.update(DEPLOY, site, second, first, state)
    assert (after["deployId"], after["sent"]) == (before["deployId"], [])
    assert world.visit().text == "<h1>first</h1>"
    assert len(world.server.state.deploys(site)) == 2


@pytest.mark.parametrize("fault", ["lost-reply", "error"])
@pytest.mark.parametrize("operation", ["create", "update"])
def test_a_lost_reply_makes_no_second_deploy(
    netlify: Any, world: World, site: str, fault: str, operation: str
) -> None:
    world.fault(fault, "netlify:Deploy", operation)
    netlify.create(DEPLOY, world.deploy(site))
    assert len(world.server.state.deploys(site)) == 1
    assert world.visit().text == "<h1>first</h1>"


def test_too_many_requests_are_waited_out_by_the_headers_and_with_a_bound(
    netlify: Any, world: World, site: str
) -> None:
    world.fault("throttle", "netlify:Deploy", "create", count=2)
    netlify.create(DEPLOY, world.deploy(site))
    waits = [each for each in world.waits if each not in (0.1, 0.2)]
    assert len(waits) == 2 and all(0 <= each <= 1 for each in waits)
    world.fault("throttle", "netlify:Deploy", count=50)
    with pytest.raises(grpc.RpcError) as error:
        netlify.read(DEPLOY, site, world.deploy(site), {})
        netlify.create(DEPLOY, world.deploy(site, contents={"/new": "x"}))
    assert "Netlify answers 429: too many requests" in error.value.details()


def test_server_errors_are_tried_again_with_a_bound(netlify: Any, world: World, site: str) -> None:
    world.fault("error", "netlify:Site", "read", count=3)
    assert netlify.read(SITE, site, world.site())[0] == site
    world.fault("error", "netlify:Site", "read", count=50)
    with pytest.raises(grpc.RpcError) as error:
        netlify.read(SITE, site, world.site())
    assert "Netlify answers 500" in error.value.details()


def test_refresh_finds_files_that_somebody_published_by_hand(netlify: Any, world: World, site: str) -> None:
    inputs = world.deploy(site)
    _, state = netlify.create(DEPLOY, inputs)
    _, _, same = netlify.read(DEPLOY, site, inputs, state)
    assert netlify.diff(DEPLOY, site, same, inputs, state).changes == pb.DiffResponse.DIFF_NONE
    text = b"<h1>by hand</h1>"
    made = world.server.state.make_deploy(site, {"/index.html": sha1(text)}, "by hand")
    world.server.state.upload(made["id"], "/index.html", text)
    world.server.state.deploy(made["id"])
    _, drifted, found = netlify.read(DEPLOY, site, inputs, state)
    assert drifted["deployId"] == made["id"]
    assert sorted(netlify.diff(DEPLOY, site, found, inputs, state).detailedDiff) == [
        'files["/index.html"]',
        'files["/style.css"]',
    ]
    assert netlify.update(DEPLOY, site, found, inputs, drifted)["deployId"] == state["deployId"]
    assert world.visit().text == "<h1>first</h1>"


def test_a_file_that_changed_since_the_plan_is_not_published(netlify: Any, world: World, site: str) -> None:
    planned = world.deploy(site)
    world.write("index.html", "<h1>something else</h1>")
    with pytest.raises(grpc.RpcError) as error:
        netlify.create(DEPLOY, planned)
    assert "has changed since it was planned; fix: run `up` again" in error.value.details()
    assert world.visit().status_code == 404


@pytest.mark.parametrize(
    ("changed", "property", "reason"),
    [
        ({"files": {"/index.html": "abc"}}, "files", "is no SHA-1"),
        ({"files": {"/../etc": "0" * 40}}, "files", "is no path of a site"),
        ({"files": {}}, "files", "at least 1"),
        ({"folder": "/somewhere"}, "folder", "match"),
        ({"contents": {"/index.html": "x"}}, "contents", "is a file of pages too"),
    ],
)
def test_bad_files_are_refused_before_anybody_is_asked(
    netlify: Any, world: World, changed: dict[str, Any], property: str, reason: str
) -> None:
    failures = netlify.check(DEPLOY, world.deploy("any", **changed)).failures
    assert [each.property for each in failures] == [property]
    assert reason in failures[0].reason
