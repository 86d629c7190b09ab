"""The estate as a picture: SVG without scripts or fonts of its own, readable in light and dark."""

from __future__ import annotations

from html import escape

from meridian.report.estate import Area, Estate, Shared, Site
from meridian.wording import counted

_WIDE, _GAP, _TOP, _LEAST = 300, 36, 132, 700
_SITE_HIGH, _SITE_TOP = 118, 46
_AREA_HIGH = _SITE_TOP + 2 * (_SITE_HIGH + 40) - 18
_BAR_HIGH, _BAR_GAP = 40, 20
_SHADE = {"eu": "#2b6cb0", "us": "#b7791f", "asia": "#2f855a"}


def draw(estate: Estate) -> str:
    """Return the map; regions are shaded by residency, changed parts bear their number of changes."""
    areas_wide = len(estate.areas) * (_WIDE + _GAP) + _GAP
    width = max(areas_wide, _LEAST)
    below = _TOP + (_AREA_HIGH + _GAP if estate.areas else 0)
    high = below + len(estate.shared) * (_BAR_HIGH + _BAR_GAP) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {high}" role="img" '
        'aria-label="The planned estate: edge, regions, clusters, database nodes">',
        "<style>text{font:13px system-ui,sans-serif;fill:currentColor}.small{font-size:11px}.head{font-weight:600}"
        ".box{fill:none;stroke:currentColor;stroke-opacity:.55}.flow{stroke:currentColor;stroke-opacity:.45;fill:none}"
        ".mark{fill:#c05621}.marked{fill:#fff;font-size:11px;font-weight:600}</style>",
        *_edge(estate, width),
    ]
    for number, area in enumerate(estate.areas):
        left = (width - areas_wide) / 2 + _GAP + number * (_WIDE + _GAP)
        parts.append(f'<path class="flow" d="M{width / 2:.0f} 84 L{left + _WIDE / 2:.0f} {_TOP}"/>')
        parts += _area(area, left)
        if estate.shared and estate.shared[0].unit == "mesh":
            parts.append(f'<path class="flow" d="M{left + _WIDE / 2:.0f} {_TOP + _AREA_HIGH} V{below}"/>')
    for number, shared in enumerate(estate.shared):
        parts += _shared(shared, width, below + number * (_BAR_HIGH + _BAR_GAP))
    return "\n".join([*parts, "</svg>"])


def _edge(estate: Estate, width: int) -> list[str]:
    names = ", ".join(estate.hostnames) or "no load balancer in this plan"
    middle = width / 2
    return [
        f'<rect class="box" x="{middle - 200:.0f}" y="24" width="400" height="60" rx="8"/>',
        f'<text class="head" x="{middle:.0f}" y="48" text-anchor="middle">Edge</text>',
        f'<text class="small" x="{middle:.0f}" y="68" text-anchor="middle">{escape(names)}</text>',
        *_mark(estate.edge_changed, middle + 200, 24),
    ]


def _area(area: Area, left: float) -> list[str]:
    shade = _SHADE.get(area.residency, "#718096")
    parts = [
        f'<rect x="{left}" y="{_TOP}" width="{_WIDE}" height="{_AREA_HIGH}" rx="10" fill="{shade}" fill-opacity=".13" '
        f'stroke="{shade}"/>',
        f'<text class="head" x="{left + 14}" y="{_TOP + 26}">{escape(area.key)}</text>',
        f'<text class="small" x="{left + _WIDE - 14}" y="{_TOP + 26}" text-anchor="end">data stays: '
        f"{escape(area.residency)} · {area.backups} backup buckets</text>",
        *_mark(area.changed, left + _WIDE, _TOP),
    ]
    for number, site in enumerate(area.sites):
        parts += _site(site, left + 14, _TOP + _SITE_TOP + number * (_SITE_HIGH + 40))
    if len(area.sites) > 1 and area.tunnels:
        x, y = left + _WIDE / 2, _TOP + _SITE_TOP + _SITE_HIGH
        parts.append(f'<path class="flow" d="M{x} {y} v40"/>')
        parts.append(f'<text class="small" x="{x + 8}" y="{y + 24}">HA VPN, {area.tunnels} tunnels</text>')
    return parts


def _site(site: Site, left: float, top: float) -> list[str]:
    wide = _WIDE - 28
    parts = [
        f'<rect class="box" x="{left}" y="{top}" width="{wide}" height="{_SITE_HIGH}" rx="6"/>',
        f'<text class="head" x="{left + 10}" y="{top + 22}">{site.product} {escape(site.name)}</text>',
        f'<text class="small" x="{left + 10}" y="{top + 40}">{escape(site.region)}</text>',
        *_mark(site.changed, left + wide, top),
    ]
    for number, node in enumerate(sorted(site.nodes)):
        x = left + 34 + number * 62
        parts.append(f'<circle class="box" cx="{x}" cy="{top + 68}" r="13"/>')
        parts.append(f'<text class="small" x="{x}" y="{top + 98}" text-anchor="middle">{escape(node)}</text>')
    if not site.nodes:
        parts.append(
            f'<text class="small" x="{left + 10}" y="{top + 72}">no database node in this plan</text>'
        )
    return parts


def _shared(shared: Shared, width: float, top: float) -> list[str]:
    right = width - _GAP
    return [
        f'<rect class="box" x="{_GAP}" y="{top}" width="{right - _GAP}" height="{_BAR_HIGH}" rx="6"/>',
        f'<text x="{_GAP + 14}" y="{top + 25}"><tspan class="head">{escape(shared.unit)}</tspan>'
        f'<tspan class="small" dx="14">{escape(shared.holds)}</tspan></text>',
        *_mark(shared.changed, right, top),
    ]


def _mark(changes: int, x: float, y: float) -> list[str]:
    if not changes:
        return []
    number = f"{changes:,}"
    wide = 14 + 7 * len(number)
    return [
        f"<g><title>{counted(changes, 'resource')} changed here</title>"
        f'<rect class="mark" x="{x - wide / 2:.0f}" y="{y - 11:.0f}" width="{wide}" height="22" rx="11"/>'
        f'<text class="marked" x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{number}</text></g>'
    ]
