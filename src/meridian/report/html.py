"""A review as one HTML file that needs no network and runs no script."""

from __future__ import annotations

from markupsafe import Markup

from meridian.plan.kinds import area, holds_data
from meridian.proofs.cost import CATEGORIES
from meridian.report.estate import estate
from meridian.report.map_svg import draw
from meridian.report.pages import page
from meridian.report.review import Review


def render(review: Review) -> str:
    """Return the page."""
    return page("review.html").render(
        review=review,
        plan=review.plan,
        # The map escapes every text that it takes from the plan.
        map=Markup(draw(estate(review.plan))),  # noqa: S704
        categories=CATEGORIES,
        area=area,
        holds_data=holds_data,
    )
