"""A drill as one HTML file that needs no network and runs no script, and as JSON with every answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup

from meridian.drills.result import SIMULATED, Drill
from meridian.files import write_whole
from meridian.report.drill_svg import bar_seconds, draw, fullest, palette
from meridian.report.pages import page


def write(drill: Drill, folder: Path) -> list[Path]:
    """Write drill.html and drill.json, each whole or not at all; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "drill.html": render(drill),
        "drill.json": json.dumps(drill.to_json(answers=True), indent=1) + "\n",
    }
    return [write_whole(folder / name, text) for name, text in texts.items()]


def render(drill: Drill) -> str:
    """Return the page."""
    began = datetime.fromtimestamp(drill.recording.began, UTC)
    return page("drill.html").render(
        drill=drill,
        seen=drill.recording,
        target=drill.promises.target,
        began=began.strftime("%Y-%m-%d %H:%M:%S UTC"),
        rows=list(zip(drill.promises.populations, drill.figures, strict=True)),
        colours=palette(drill),
        bar_seconds=bar_seconds(drill),
        fullest=fullest(drill),
        # The plot escapes every text that it takes from the drill.
        plot=Markup(draw(drill)),  # noqa: S704
        simulated=SIMULATED,
    )
