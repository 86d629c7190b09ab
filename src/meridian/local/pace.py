"""The edge's time scale: what its intervals, timeouts and times to live are multiplied with."""

from __future__ import annotations

import math

from meridian.local.errors import LocalError

LEAST, MOST = 0.01, 100.0


def time_scale(given: str | float, source: str = "time scale ", most: float = MOST) -> float:
    """Return a time scale as a number; raises LocalError that tells, after `source`, what was given."""
    try:
        scale = float(given)
    except ValueError:
        scale = math.nan
    if not LEAST <= scale <= most:
        raise LocalError(
            f"{source}{given!r}" if isinstance(given, str) else f"{source}{given:g}",
            f"a time scale is a number from {LEAST:g} to {most:g}",
            "1 is real time, 0.1 makes the edge ten times faster",
        )
    return scale
