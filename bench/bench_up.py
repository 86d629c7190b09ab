"""The whole estate on this machine: first `up`, `up` again, where the seconds go, and the memory of everything together."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import psutil
from common import spread

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))

from estate_checkout import EstateCheckout

ROUNDS = int(sys.argv[1]) if sys.argv[1:] else 3


def main() -> None:
    """Bring a checkout of its own up and down again, three times."""
    firsts, agains, memory = [], [], []
    units: dict[str, list[float]] = {}
    phases: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="meridian-bench-") as folder:
            checkout = EstateCheckout(Path(folder) / "co")
            try:
                began = time.monotonic()
                first = json.loads(checkout.run("up", "local", "--json"))
                firsts.append(time.monotonic() - began)
                memory.append(_gib(checkout))
                began = time.monotonic()
                again = json.loads(checkout.run("up", "local", "--json"))
                agains.append(time.monotonic() - began)
            finally:
                checkout.run("down")
            changed = sum(len(unit["changes"]) for unit in again["units"])
            if changed:
                raise SystemExit(f"the second `up` changed {changed} resources")
            for unit in first["units"]:
                units.setdefault(unit["unit"], []).append(unit["seconds"])
            for phase, took in first["phases"].items():
                phases.setdefault(phase, []).append(took)
            print(f"round {number + 1}: {first['counts']}, {firsts[-1]:.1f} s, again {agains[-1]:.1f} s")
    print(f"{'':24}     min   median      max")
    print(
        f"{'first up':24}{spread(firsts)}\n{'up again':24}{spread(agains)}\n{'memory':24}{spread(memory, 'GiB')}"
    )
    for title, parts in (("unit", units), ("phase", phases)):
        for name, values in parts.items():
            print(f"{title + ' ' + name:24}{spread(values)}")
    print(
        f"a second up takes {min(a / f for a, f in zip(agains, firsts, strict=True)):.2f} of the first at best"
    )


def _gib(checkout: EstateCheckout) -> float:
    """Return the resident memory of all processes of a checkout, shared pages counted once where the system tells (PSS)."""
    total = 0
    for process in psutil.process_iter(["cmdline"]):
        if any(str(checkout.root) in part for part in process.info["cmdline"] or ()):
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
    return total / 2**30


if __name__ == "__main__":
    main()
