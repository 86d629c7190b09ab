"""A drill as a picture: one row of answers for each population over the seconds, SVG without scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import ceil, floor

from meridian.drills.recording import Answer
from meridian.drills.result import Drill
from meridian.wording import counted

_LEFT, _WIDE, _RIGHT, _ROW, _FOOT, _LINE = 210, 820, 150, 74, 44, 15
_CHARACTER = 7.0
"""A wide face's character of 11 px, so that no label is taken for shorter than it is."""
_COLOURS = ("#2b6cb0", "#2f855a", "#b7791f", "#6b46c1", "#0987a0", "#97266d")
_BAD = "#c53030"
_COLUMNS = 90


def draw(drill: Drill) -> str:
    """Return the plot: bars of answers by who served, errors in red below the line, bounds and events as lines."""
    seen, populations = drill.recording, drill.promises.populations
    first, last = floor(seen.began - seen.lost_at), ceil(seen.ended - seen.lost_at)
    scale = _Scale(first, last)
    marks = _marks(drill, scale)
    top = 28 + _LINE * max(mark.row for mark in marks)
    bottom = top + _ROW * len(populations)
    high = bottom + _FOOT
    colours = palette(drill)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + _RIGHT} {high}" role="img" '
        'aria-label="Answers by second and population, errors below each line">',
        "<style>text{font:12px system-ui,sans-serif;fill:currentColor}.small{font-size:11px}.head{font-weight:600}"
        ".line{stroke:currentColor;stroke-opacity:.5}.mark{stroke:currentColor;stroke-dasharray:4 3}"
        f".bound{{stroke:{_BAD};stroke-width:2}}.worst{{stroke:#b7791f;stroke-width:2;stroke-dasharray:6 3}}</style>",
    ]
    shade = scale.x(seen.back_at - seen.lost_at) - scale.x(0)
    parts.append(
        f'<rect x="{scale.x(0):.1f}" y="{top - 8}" width="{shade:.1f}" height="{bottom - top + 8}" '
        f'fill="{_BAD}" fill-opacity=".07"/>'
    )
    most = fullest(drill)
    for number, promise in enumerate(populations):
        name = promise.population.name
        mine = [answer for answer in seen.answers if answer.population == name]
        base = top + _ROW * number + 46
        parts.append(f'<text class="head" x="8" y="{base - 18}">{escape(name)}</text>')
        parts.append(f'<text class="small" x="8" y="{base - 2}">{escape(promise.population.hostname)}</text>')
        meanwhile = escape(promise.serves or "nobody")
        parts.append(f'<text class="small" x="8" y="{base + 13}">in the loss: {meanwhile}</text>')
        parts.append(f'<path class="line" d="M{_LEFT} {base} h{_WIDE}"/>')
        parts += _bars(_columns(drill, mine), most, base, colours)
    for mark in marks:
        parts += mark.drawn(bottom)
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


@dataclass(frozen=True)
class _Mark:
    """A moment or a bound: a line from its label down through all rows."""

    kind: str
    text: str
    x: float
    row: int

    def drawn(self, bottom: int) -> Iterator[str]:
        y = 12 + _LINE * self.row
        yield f'<path class="{self.kind}" d="M{self.x:.1f} {y - 8} V{bottom}"/>'
        yield f'<text class="small label" x="{self.x + 4:.1f}" y="{y}">{self.text}</text>'


def bar_seconds(drill: Drill) -> float:
    """Return how many seconds one bar stands for."""
    seen = drill.recording
    return (ceil(seen.ended - seen.lost_at) - floor(seen.began - seen.lost_at)) / _COLUMNS


def fullest(drill: Drill) -> int:
    """Return the number of answers of the tallest bar, by which all are drawn."""
    seen = drill.recording
    counts = Counter((each.population, _column(drill, each)) for each in seen.answers)
    return max(counts.values(), default=1)


def _column(drill: Drill, answer: Answer) -> int:
    seen = drill.recording
    return floor((answer.began - seen.lost_at - floor(seen.began - seen.lost_at)) / bar_seconds(drill))


def _columns(drill: Drill, answers: list[Answer]) -> dict[int, list[Answer]]:
    columns: dict[int, list[Answer]] = {}
    for answer in answers:
        columns.setdefault(_column(drill, answer), []).append(answer)
    return columns


def _bars(columns: dict[int, list[Answer]], most: int, base: int, colours: dict[str, str]) -> Iterator[str]:
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


def _marks(drill: Drill, scale: _Scale) -> list[_Mark]:
    """Return the lines from left to right; a label that would touch one before it goes below that.

    So a line begins below every label that it would cross.
    """
    seen, bounds = drill.recording, drill.bounds
    moments = [
        (0.0, "mark", "lost"),
        (drill.failed_over, "mark", "found"),
        (bounds.computed * seen.scale, "worst", "computed worst case"),
        (bounds.failover * seen.scale, "bound", "bound"),
        (seen.back_at - seen.lost_at, "mark", "brought back"),
    ]
    shown = [(at, kind, text) for at, kind, text in moments if at is not None and at <= scale.last]
    marks: list[_Mark] = []
    for second, kind, text in sorted(shown):
        x, label = scale.x(second), f"{text} {second:.1f} s"
        touched = [mark.row for mark in marks if mark.x + 8 + _CHARACTER * len(mark.text) > x]
        marks.append(_Mark(kind, label, x, max(touched, default=-1) + 1))
    return marks


def _axis(first: int, last: int, scale: _Scale, high: int) -> Iterator[str]:
    step = next(
        each for each in (1, 2, 5, 10, 20, 60, 300, 3600) if (last - first) / each <= 16 or each == 3600
    )
    for second in range(ceil(first / step) * step, last + 1, step):
        yield f'<text class="small" x="{scale.x(second):.1f}" y="{high - 22}" text-anchor="middle">{second}</text>'
    yield f'<text class="small" x="{_LEFT + _WIDE / 2:.0f}" y="{high - 4}" text-anchor="middle">seconds of this machine from the loss</text>'
