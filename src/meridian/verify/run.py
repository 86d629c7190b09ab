"""Does checks side by side; one that cannot be done to its end has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from meridian.verify.catalogue import CHECKS
from meridian.verify.result import Checked, judged, not_checked

_AT_ONCE = 8


@dataclass(frozen=True)
class Task:
    """What is asked of one subject; one look can answer several checks."""

    checks: tuple[str, ...]
    subject: str
    do: Callable[[], Iterable[Checked]]


def unchecked(checks: tuple[str, ...], subject: str, reason: str) -> Task:
    """Return what only says that nobody looked, and why."""
    return Task(checks, subject, lambda: [not_checked(check, subject, reason) for check in checks])


def run(tasks: Iterable[Task]) -> list[Checked]:
    """Return the results in the order of the catalogue, then of the subjects."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = [each for results in pool.map(lambda task: list(_done(task)), tasks) for each in results]
    order = list(CHECKS)
    return sorted(found, key=lambda each: order.index(each.check))


def _done(task: Task) -> Iterator[Checked]:
    left = list(task.checks)
    try:
        for found in task.do():
            left.remove(found.check)
            yield found
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        for name in left:
            yield judged(name, task.subject, "began the check", "it ends", said, False)
