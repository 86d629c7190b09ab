"""A review as one HTML file that needs no network and runs no script."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from meridian.plan.kinds import area, holds_data
from meridian.proofs.cost import CATEGORIES
from meridian.report.estate import estate
from meridian.report.map_svg import draw
from meridian.report.review import Review


def render(review: Review) -> str:
    """Return the page."""
    pages = Environment(
        loader=PackageLoader("meridian.report", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("review.html").render(
        review=review,
        plan=review.plan,
        # The map escapes every text that it takes from the plan.
        map=Markup(draw(estate(review.plan))),  # noqa: S704
        categories=CATEGORIES,
        area=area,
        holds_data=holds_data,
    )
