"""The pages as an auditor's browser shows and prints them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assessed import PROD, evidence, mutant
from chromium import browser

from meridian.evidence.package import write

A4 = {"width": 688, "height": 1017}
"""What the page's margins leave of A4, in CSS pixels."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    write(evidence(folder, "soc2", mutant("bucket-not-public")), PROD, folder, None)
    return folder


@pytest.mark.parametrize("name", ["report.html", "processing-record.html"])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_a_page_fits_its_paper_and_says_nothing_to_the_console(
    name: str, media: str, package: Path, chromium: Any
) -> None:
    context = chromium.new_context(viewport=A4)
    page = context.new_page()
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda told: problems.append(told.text))
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(media=media)
    page.goto((package / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]
    assert problems == [] and asked == [(package / name).as_uri()]
    context.close()


def test_every_control_is_reached_from_the_table_and_colour_is_never_the_only_mark(
    package: Path, chromium: Any
) -> None:
    page = chromium.new_page()
    page.goto((package / "report.html").as_uri())
    links = page.locator("td.id a")
    assert links.count() == page.locator("section.control").count() > 15
    broken = page.evaluate(
        "[...document.querySelectorAll('td.id a')].filter(a => !document.querySelector(CSS.escape ? "
        "'#' + CSS.escape(a.hash.slice(1)) : a.hash)).length"
    )
    assert broken == 0
    assert all(text.strip() for text in page.locator(".mark").all_inner_texts())
    page.close()
