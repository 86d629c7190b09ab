"""A drill's page as a browser shows it: every label can be read, and every row says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from chromium import browser

from meridian.drills.failover import bounds
from meridian.drills.promise import promises
from meridian.drills.result import Drill
from meridian.drills.target import parse
from meridian.report.drill_report import render
from meridian.report.drill_svg import draw

from .recorded import BACK, END, LOST, PROD, recorded

SPREAD = {"scale": 1.0, "back_at": BACK, "ended": END}
# As on a laptop: the bound lies just behind bringing back, and all marks lie in a tenth of a long recording.
CROWDED = {"scale": 0.1, "back_at": LOST + 5.2, "ended": LOST + 60}
AT_THE_END = {"scale": 1.0, "back_at": LOST + 59.9, "ended": LOST + 60}


def drill(lose: str = "eu-gke", **changed: Any) -> Drill:
    promised = promises(PROD, parse(PROD, lose))
    return Drill("prod", promised, replace(recorded(promised), **changed), bounds(PROD))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


BOXES = """kind => [...document.querySelectorAll(kind)].map(each => {
    const box = each.getBoundingClientRect()
    return [box.left, box.top, box.right, box.bottom, each.textContent]
})"""


def touch(one: list[Any], other: list[Any]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("times", [SPREAD, CROWDED, AT_THE_END])
@pytest.mark.parametrize("width", [700, 1200])
def test_no_label_of_a_drill_s_plot_touches_another_or_a_line(
    times: dict[str, float], width: int, tmp_path: Path, chromium: Any
) -> None:
    (tmp_path / "drill.html").write_text(render(drill(**times)))
    page = chromium.new_page(viewport={"width": width, "height": 1200})
    page.goto((tmp_path / "drill.html").as_uri())
    texts = page.evaluate(BOXES, "svg[role=img] text")
    lines = page.evaluate(BOXES, "svg[role=img] path:not(.line)")
    (plot,) = page.evaluate(BOXES, "svg[role=img]")
    assert len(lines) >= 4
    assert [(one[4], other[4]) for one, other in combinations(texts, 2) if touch(one, other)] == []
    assert [text[4] for text in texts for line in lines if touch(text, line)] == []
    assert [text[4] for text in texts if text[0] < plot[0] or text[2] > plot[2]] == []
    page.close()


def test_each_row_says_whose_it_is_and_who_is_promised_to_serve_it() -> None:
    drawn = draw(drill("region:eu"))
    texts = [node.text for node in ElementTree.fromstring(drawn).iter() if node.text]
    assert texts.count("in the loss: nobody") == 2
    assert "in the loss: prod-us-gke" in texts
    page = render(drill("region:eu"))
    assert "One bar is 1.2 s" in page and "the tallest is 2 answers" in page


def test_the_timeline_leaves_out_visitors_who_never_left_home() -> None:
    told = [text for _, text in drill().timeline()]
    assert "eu: served at home again" in told
    assert not [text for text in told if text.startswith(("us:", "asia:"))]
