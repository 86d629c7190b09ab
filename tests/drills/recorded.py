"""A drill's recording made up from its promises: what a perfect one would have seen."""

from typing import Any

from meridian.drills.promise import Promises
from meridian.drills.recording import Answer, Recording, Seen
from meridian.model import load_environment
from meridian.paths import find_checkout

PROD = load_environment(find_checkout().root, "prod")
LOST, BACK, END = 1000.0, 1060.0, 1100.0
FOUND = 1020.0


def recorded(promised: Promises, scale: float = 1.0) -> Recording:
    """A perfect drill: one request a second, errors for those promised none only until the loss is found."""
    answers = [
        Answer(p.population.name, at, at + 0.01, *(_answer(p, at)))
        for p in promised.populations
        for at in range(990, int(END))
    ]
    events = [Seen(FOUND, "critical", c, "") for c in promised.unhealthy]
    events += [Seen(1080.0, "healthy", c, "") for c in promised.unhealthy]
    return Recording(
        scale, 1, 990.0, LOST, 1001.0, BACK, 1065.0, END, tuple(answers), tuple(events), promised.target.clusters,
        {"pools": {"a": "healthy"}}, {"pools": {"a": "healthy"}},
    )  # fmt: skip


def _answer(promise: Any, at: float) -> tuple[int, str]:
    if at < LOST or at >= 1080:
        return 200, promise.home
    return (200, promise.serves) if promise.serves else (521, "")
