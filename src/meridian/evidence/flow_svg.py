"""The data-flow map as a picture: a column for each region, SVG without scripts or fonts of its own."""

from __future__ import annotations

from html import escape

from meridian.evidence.flows import ROWS, Flow, Map, Place

_WIDE, _GAP, _TOP, _HIGH, _STEP, _BOX = 300, 56, 54, 50, 84, 236
SHADES = {"eu": "#2b6cb0", "us": "#b7791f", "asia": "#2f855a"}
_CROSSES = "#c53030"


def draw(found: Map) -> str:
    """Return the map; a flow that leaves its jurisdiction is red, one that is taken in a failure only is dashed."""
    rows = [row for row in ROWS if any(place.row == row for place in found.places)]
    columns = list(found.regions)
    width = _GAP + len(columns) * (_WIDE + _GAP)
    high = _TOP + len(rows) * _STEP + 30
    at = {
        place.key: (
            _GAP + columns.index(place.region) * (_WIDE + _GAP) + (_WIDE - _BOX) // 2,
            _TOP + 12 + rows.index(place.row) * _STEP,
        )
        for place in found.places
    }
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {high}" role="img" '
        'aria-label="Where personal data goes, by region">',
        "<style>text{font:13px system-ui,sans-serif;fill:#1a202c}.small{font-size:11px;fill:#4a5568}.head{font-weight:600}"
        ".box{fill:#fff;stroke:#4a5568}.flow{fill:none;stroke:#4a5568}"
        f".crosses{{stroke:{_CROSSES}}}.failure{{stroke-dasharray:5 4}}</style>",
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#4a5568"/></marker></defs>',
        f'<rect width="{width}" height="{high}" fill="#fff"/>',
    ]
    for number, (region, residency) in enumerate(found.regions.items()):
        shade = SHADES.get(residency, "#718096")
        left = _GAP + number * (_WIDE + _GAP)
        parts += [
            f'<rect x="{left}" y="12" width="{_WIDE}" height="{high - 24}" rx="10" fill="{shade}" fill-opacity=".1" '
            f'stroke="{shade}"/>',
            f'<text class="head" x="{left + 14}" y="36">{escape(region)}</text>',
            f'<text class="small" x="{left + _WIDE - 14}" y="36" text-anchor="end">data stays: {escape(residency)}</text>',
        ]
    parts += [_flow(each, at, number) for number, each in enumerate(found.flows)]
    for place in found.places:
        parts += _place(place, *at[place.key])
    return "\n".join([*parts, "</svg>"])


def _place(place: Place, left: int, top: int) -> list[str]:
    stroke = SHADES.get(place.residency, "#4a5568")
    middle = left + _BOX // 2
    detail = place.detail if len(place.detail) <= 42 else f"{place.detail[:41]}…"
    return [
        f"<g><title>{escape(f'{place.title}: {place.detail}')}</title>"
        f'<rect class="box" x="{left}" y="{top}" width="{_BOX}" height="{_HIGH}" rx="6" style="stroke:{stroke}"/>',
        f'<text class="head" x="{middle}" y="{top + 21}" text-anchor="middle">{escape(place.title)}</text>',
        f'<text class="small" x="{middle}" y="{top + 39}" text-anchor="middle">{escape(detail)}</text></g>',
    ]


def _flow(flow: Flow, at: dict[str, tuple[int, int]], number: int) -> str:
    (left, top), (there, below) = at[flow.source], at[flow.target]
    kind = "flow" + (" crosses" if flow.crosses else "") + (" failure" if flow.when else "")
    title = f"{flow.data}; {flow.protection}" + (f"; {flow.when}" if flow.when else "")
    if left == there and below - top <= _STEP:
        path = f"M{left + _BOX // 2} {top + _HIGH} V{below - 2}"
    elif left == there:
        # Past the boxes between, each in a lane of its own.
        lane = left - 6 - 5 * (number % 4)
        path = f"M{left} {top + _HIGH // 2 + 6} H{lane} V{below + _HIGH // 2} H{left - 2}"
    else:
        side, end = (left + _BOX, there - 2) if there > left else (left, there + _BOX + 2)
        middle = (side + end) // 2
        path = f"M{side} {top + _HIGH // 2} C{middle} {top + _HIGH // 2} {middle} {below + _HIGH // 2} {end} {below + _HIGH // 2}"
    return f'<path class="{kind}" d="{path}" marker-end="url(#to)"><title>{escape(title)}</title></path>'
