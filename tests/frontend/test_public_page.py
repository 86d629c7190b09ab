"""The public page as a visitor's browser sees it: served by the simulated Netlify, with production's own policy."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from chromium import browser

from components.netlify.rendered import rendered
from meridian.local.faults import Faults
from meridian.local.netlify.server import Server
from meridian.model import load_environment
from meridian.netlify.connection import Connection
from meridian.netlify.content import digests
from meridian.netlify.deploy import DeployInputs, Deploys

ROOT = Path(__file__).parents[2]
PROD = load_environment(ROOT, "prod")
CONTRAST = (Path(__file__).parent / "contrast.js").read_text().split("\n", 1)[1].rstrip().rstrip(";")
STATUS = "**/status"
UP = {region: {"healthy": True} for region in PROD.regions}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(tmp_path_factory.mktemp("netlify"), Faults())
    server.state.open_account("acme")
    site = server.state.make_site("acme", {"name": "page"})["id"]
    connection = Connection(endpoint=server.endpoint, token_file=str(server.token_file))
    folder = PROD.edge.frontend.folder
    deploy = {"siteId": site, "folder": folder, "files": digests(ROOT / folder), "contents": rendered(PROD)}
    Deploys(root=lambda: ROOT).create(DeployInputs.model_validate({**deploy, "connection": connection}))
    yield f"http://page.localhost:{server.port}"
    server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


class Visit:
    """One visitor; the portal's status is what the test says, None: it does not answer."""

    def __init__(self, chromium: Any, address: str, regions: Any, **context: Any) -> None:
        self.context = chromium.new_context(**context)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda told: self.problems.append(told.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.context.route(STATUS, lambda route: self._answer(route, regions))
        self.answer = self.page.goto(address)
        if context.get("java_script_enabled", True):
            self.page.locator("#again").wait_for(state="visible")

    @staticmethod
    def _answer(route: Any, regions: Any) -> None:
        if regions is None:
            route.abort()
        else:
            body = json.dumps({"regions": regions})
            allowed = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=200, body=body, content_type="application/json", headers=allowed)


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Any]:
    made: list[Visit] = []

    def go(regions: Any = UP, path: str = "/", **context: Any) -> Visit:
        made.append(Visit(chromium, address + path, regions, **context))
        return made[-1]

    yield go
    for each in made:
        each.context.close()


def test_it_loads_under_its_policy_without_a_violation_and_from_nobody_else(visit: Any, address: str) -> None:
    seen = visit()
    assert "default-src 'none'" in seen.answer.headers["content-security-policy"]
    assert seen.problems == []
    others = [url for url in seen.asked if not url.startswith(address)]
    assert others == ["https://app.meridian.example/status"]
    assert seen.context.cookies() == []
    assert seen.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_the_policy_stops_inline_code_markup_from_texts_and_strangers(visit: Any) -> None:
    seen = visit()
    inline = """() => { const made = document.createElement('button');
                try { made.setAttribute('onclick', 'window.ran = true'); } catch { return false; }
                document.body.append(made); made.click(); return window.ran === true; }"""
    assert seen.page.evaluate(inline) is False
    markup = "() => { try { document.body.innerHTML = '<p>x</p>'; return true; } catch { return false; } }"
    assert seen.page.evaluate(markup) is False
    stranger = "() => fetch('https://tracker.example/').then(() => true, () => false)"
    assert seen.page.evaluate(stranger) is False
    assert any("Content Security Policy" in told for told in seen.problems)


def test_all_regions_are_shown_as_up(visit: Any) -> None:
    page = visit().page
    states = page.eval_on_selector_all("#regions li", "all => all.map(one => one.dataset.state)")
    assert states == ["up"] * len(PROD.regions)
    assert page.inner_text("#summary") == "All regions are up."


def test_a_region_is_shown_as_down_when_its_status_says_so(visit: Any) -> None:
    page = visit({**UP, "eu": {"healthy": False}}).page
    assert page.inner_text("#regions [data-region=eu] .state") == "Down"
    assert page.inner_text("#regions [data-region=us] .state") == "Up"
    assert page.inner_text("#summary") == "European Union: down."


@pytest.mark.parametrize("regions", [None, {}, [], "nonsense", {"eu": {"healthy": "yes"}}])
def test_without_a_status_every_region_is_not_known_and_the_rest_works(visit: Any, regions: Any) -> None:
    page = visit(regions).page
    states = page.eval_on_selector_all("#regions li", "all => all.map(one => one.dataset.state)")
    assert states == ["unknown"] * len(PROD.regions)
    assert page.locator("a[href='/sign-in']").first.is_visible()


def test_a_status_becomes_text_and_never_markup(visit: Any) -> None:
    hostile = {"us": {"healthy": False, "name": "<img src=x>"}, "<b>": {"healthy": False}}
    page = visit(hostile).page
    assert page.locator("#regions img, #regions b").count() == 0


def test_the_button_asks_again(visit: Any) -> None:
    seen = visit(None)
    assert "does not answer" in seen.page.inner_text("#summary")
    seen.context.unroute(STATUS)
    seen.context.route(STATUS, lambda route: Visit._answer(route, UP))
    seen.page.click("#again")
    seen.page.get_by_text("All regions are up.").wait_for()


def test_it_works_without_scripts(visit: Any) -> None:
    page = visit(java_script_enabled=False).page
    assert page.inner_text("h1") == "One service, on three continents"
    assert "when scripts are allowed" in page.inner_text("#summary")
    assert not page.locator("#again").is_visible()
    for link in ("/sign-in", "/export", "/erasure", "/eu/sign-in"):
        port = urlsplit(page.url).port
        answer = httpx.get(f"http://127.0.0.1:{port}{link}", headers={"Host": "page.localhost"})
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("https://")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_a_contrast_of_at_least_4_5(visit: Any, scheme: str) -> None:
    page = visit({**UP, "eu": {"healthy": False}, "asia": {}}, color_scheme=scheme).page
    found = page.evaluate(CONTRAST)
    assert len(found) > 30
    assert [each for each in found if each[1] < 4.5] == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 29)"
    assert dark == (scheme == "dark")


def test_headings_landmarks_names_and_language_are_there(visit: Any) -> None:
    page = visit().page
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4", "all => all.filter(one => one.checkVisibility()).map(one => Number(one.tagName[1]))"
    )
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.get_attribute("html", "lang") == "en"
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    nameless = "all => all.filter(one => !one.textContent.trim() && !one.ariaLabel).length"
    assert page.eval_on_selector_all("a, button", nameless) == 0
    assert page.eval_on_selector_all("img", "all => all.filter(one => !one.hasAttribute('alt')).length") == 0
    labels = page.eval_on_selector_all(
        "[aria-labelledby]",
        "all => all.map(one => document.getElementById(one.ariaLabelledByElements?.[0]?.id ?? one.getAttribute('aria-labelledby')) !== null)",
    )
    assert labels and all(labels)
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert page.get_by_role("status").count() == 1


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Any) -> None:
    page = visit().page
    reached = []
    for _ in range(page.locator("a, button").count()):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached[0] == "Skip to the content"
    assert {"Sign in", "Export my data", "Erase my data", "Check again"} <= set(reached)
    page.keyboard.press("Tab")


def test_who_wants_less_motion_gets_none(visit: Any) -> None:
    moving = "getComputedStyle(document.documentElement).scrollBehavior"
    assert visit(reduced_motion="reduce").page.evaluate(moving) == "auto"
    assert visit(reduced_motion="no-preference").page.evaluate(moving) == "smooth"


def test_it_fits_a_narrow_screen_without_scrolling_sideways(visit: Any) -> None:
    page = visit(viewport={"width": 320, "height": 640}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_an_unknown_path_is_a_page_of_ours_with_the_same_policy(visit: Any) -> None:
    seen = visit(path="/nowhere", java_script_enabled=False)
    assert (seen.answer.status, seen.page.inner_text("h1")) == (404, "There is no such page")
    assert "default-src 'none'" in seen.answer.headers["content-security-policy"]
