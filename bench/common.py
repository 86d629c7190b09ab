"""What the measurements share: timing, minimum, median and maximum, ratios of one run."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from meridian.paths import Checkout, find_checkout


def checkout() -> Checkout:
    """Return the checkout that this file lies in."""
    return find_checkout(Path(__file__).parent)


def seconds(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Return how long a command took; raises RuntimeError with its last words when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        list(command), cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return took


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure every way once per round, one after the other, so that a slow minute of the machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, measure in ways.items():
            found[name].append(measure())
    return found


def spread(values: Sequence[float], unit: str = "s") -> str:
    """Return minimum, median and maximum in one line."""
    return f"{min(values):8.2f} {statistics.median(values):8.2f} {max(values):8.2f} {unit}"


def report(title: str, found: Mapping[str, Sequence[float]], base: str) -> None:
    """Print each way's spread and, pair by pair, how many times as long as `base` it took."""
    print(f"{title}\n{'':34}     min   median      max")
    for name, values in found.items():
        print(f"  {name:32}{spread(values)}")
    for name, values in found.items():
        if name != base:
            ratios = [value / basis for value, basis in zip(values, found[base], strict=True)]
            print(f"  {name + ' / ' + base:32}{spread(ratios, 'x')}")
