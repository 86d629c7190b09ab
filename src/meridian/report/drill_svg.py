"""A drill as a picture: one row of answers for each population over the seconds, SVG without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import ceil, floor

from meridian.drills.recording import Answer
from meridian.drills.result import Drill
from meridian.wording import counted

_LEFT, _WIDE, _TOP, _ROW, _FOOT = 190, 900, 84, 74, 44
_COLOURS = ("#2b6cb0", "#2f855a", "#b7791f", "#6b46c1", "#0987a0", "#97266d")
_BAD = "#c53030"
_COLUMNS = 90


def draw(drill: Drill) -> str:
    """Return the plot: bars of answers by who served, errors in red below the line, bounds and events as lines."""
    seen, populations = drill.recording, drill.promises.populations
    first, last = floor(seen.began - seen.lost_at), ceil(seen.ended - seen.lost_at)
    high = _TOP + _ROW * len(populations) + _FOOT
    colours = palette(drill)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + 20} {high}" role="img" '
        'aria-label="Answers by second and population, errors below each line">',
        "<style>text{font:12px system-ui,sans-serif;fill:currentColor}.small{font-size:11px}.head{font-weight:600}"
        ".line{stroke:currentColor;stroke-opacity:.5}.mark{stroke:currentColor;stroke-dasharray:4 3}"
        f".bound{{stroke:{_BAD};stroke-width:2}}.worst{{stroke:#b7791f;stroke-width:2;stroke-dasharray:6 3}}</style>",
    ]
    scale = _Scale(first, last)
    shade = scale.x(seen.back_at - seen.lost_at) - scale.x(0)
    parts.append(
        f'<rect x="{scale.x(0):.1f}" y="{_TOP - 8}" width="{shade:.1f}" height="{_ROW * len(populations) + 8}" '
        f'fill="{_BAD}" fill-opacity=".07"/>'
    )
    for number, promise in enumerate(populations):
        name = promise.population.name
        mine = [answer for answer in seen.answers if answer.population == name]
        base = _TOP + _ROW * number + 46
        parts.append(f'<text class="head" x="8" y="{base - 18}">{escape(name)}</text>')
        parts.append(f'<text class="small" x="8" y="{base - 2}">{escape(promise.population.hostname)}</text>')
        parts.append(f'<path class="line" d="M{_LEFT} {base} h{_WIDE}"/>')
        parts += _bars(drill, mine, base, scale, colours)
    parts += _marks(drill, scale, _TOP + _ROW * len(populations))
    parts += _axis(first, last, scale, high)
    return "\n".join([*parts, "</svg>"])


def palette(drill: Drill) -> dict[str, str]:
    """Return each serving cluster's colour."""
    names = sorted({answer.cluster for answer in drill.recording.answers if answer.good})
    return {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}


class _Scale:
    """Seconds from the loss to places on the page."""

    def __init__(self, first: float, last: float) -> None:
        self.first, self.last = first, last

    def x(self, second: float) -> float:
        inside = min(max(second, self.first), self.last)
        return _LEFT + _WIDE * (inside - self.first) / (self.last - self.first)


def _bars(
    drill: Drill, answers: list[Answer], base: int, scale: _Scale, colours: dict[str, str]
) -> Iterator[str]:
    step = (scale.last - scale.first) / _COLUMNS
    columns: dict[int, list[Answer]] = {}
    for answer in answers:
        columns.setdefault(floor((answer.began - drill.recording.lost_at - scale.first) / step), []).append(
            answer
        )
    most = max((len(each) for each in columns.values()), default=1)
    wide = max(_WIDE / _COLUMNS - 1, 1)
    for column, members in sorted(columns.items()):
        x, up = _LEFT + column * _WIDE / _COLUMNS, 0.0
        for cluster in sorted({answer.cluster for answer in members if answer.good}):
            count = sum(answer.good and answer.cluster == cluster for answer in members)
            tall = 38 * count / most
            up += tall
            yield (
                f'<rect x="{x:.1f}" y="{base - up:.1f}" width="{wide:.1f}" height="{tall:.1f}" '
                f'fill="{colours[cluster]}"><title>{count} by {escape(cluster)}</title></rect>'
            )
        bad = [answer for answer in members if not answer.good]
        if bad:
            said = ", ".join(sorted({str(answer.status or "no answer") for answer in bad}))
            told = f"{counted(len(bad), 'error')}: {said}"
            yield (
                f'<rect x="{x:.1f}" y="{base + 1}" width="{wide:.1f}" height="{20 * len(bad) / most:.1f}" '
                f'fill="{_BAD}"><title>{told}</title></rect>'
            )


def _marks(drill: Drill, scale: _Scale, bottom: int) -> Iterator[str]:
    seen, bounds = drill.recording, drill.bounds
    marks = [
        (0.0, "mark", "lost", 0),
        (drill.failed_over, "mark", "found", 1),
        (bounds.computed * seen.scale, "worst", "computed worst case", 2),
        (bounds.failover * seen.scale, "bound", "bound", 0),
        (seen.back_at - seen.lost_at, "mark", "brought back", 3),
    ]
    for second, kind, text, row in marks:
        if second is None or second > scale.last:
            continue
        x = scale.x(second)
        yield f'<path class="{kind}" d="M{x:.1f} {16 + 14 * row} V{bottom}"/>'
        yield f'<text class="small" x="{x + 4:.1f}" y="{22 + 14 * row}">{text} {second:.1f} s</text>'


def _axis(first: int, last: int, scale: _Scale, high: int) -> Iterator[str]:
    step = next(
        each for each in (1, 2, 5, 10, 20, 60, 300, 3600) if (last - first) / each <= 16 or each == 3600
    )
    for second in range(ceil(first / step) * step, last + 1, step):
        yield f'<text class="small" x="{scale.x(second):.1f}" y="{high - 22}" text-anchor="middle">{second}</text>'
    yield f'<text class="small" x="{_LEFT + _WIDE / 2:.0f}" y="{high - 4}" text-anchor="middle">seconds of this machine from the loss</text>'
