"""Failover measured: once in real time against the model's bound, ten times scaled; two real control planes in the EU."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from common import checkout, spread

sys.path.insert(0, str(checkout().root))

from meridian.drills.failover import FailoverDrill
from meridian.drills.result import Drill
from meridian.drills.target import default
from meridian.local.client import LocalClouds
from tests.drills.small import small_estate, tell

RUNS, SCALE = 10, 0.1


def main() -> None:
    """Run the drills on an estate of their own and print bounds beside figures; exit 1 when a promise is broken."""
    with tempfile.TemporaryDirectory(prefix="meridian-bench-") as folder:
        root = Path(folder) / "estate"
        root.mkdir()
        made, environment = small_estate(root)
        clouds = LocalClouds.ensure_running(made)
        try:
            tell(clouds, environment)
            _healthy(clouds)

            def drill(scale: float) -> Drill:
                return FailoverDrill(made, environment, default(environment), 2, scale, lambda _: None).run()

            real = drill(1.0)
            _print("time scale 1, once", [real])
            scaled = [drill(SCALE) for _ in range(RUNS)]
            _print(f"time scale {SCALE:g}, {RUNS} times", scaled)
        finally:
            clouds.stop()
    if any(each.broken for each in (real, *scaled)):
        sys.exit(1)


def _healthy(clouds: LocalClouds) -> None:
    clouds.pace(SCALE)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        router = clouds.router()
        if router and {pool.state for pool in router.status().pools} == {"healthy"}:
            return
        time.sleep(0.1)
    raise RuntimeError("the pools did not become healthy")


def _print(title: str, drills: list[Drill]) -> None:
    seen, limits = drills[0].recording, drills[0].bounds
    print(f"{title}: {drills[0].promises.target}\n{'':46}     min   median      max")
    missing = float("inf")
    rows = {
        "until the router had found it": [d.failed_over or missing for d in drills],
        "last bad answer after the loss": [max(f.last_bad or 0.0 for f in d.figures) for d in drills],
        "first good answer after the loss": [max(f.first_good or missing for f in d.figures) for d in drills],
        "home again after bringing back": [max(f.home or missing for f in d.figures) for d in drills],
    }
    for name, values in rows.items():
        print(f"  {name:44}{spread(values)}")
    print(f"  {'errors':44}{spread([float(sum(f.errors for f in d.figures)) for d in drills], '')}")
    print(
        f"  monitors' worst case {limits.detection * seen.scale:g} s, computed worst case "
        f"{limits.computed * seen.scale:g} s, bound {limits.failover * seen.scale:g} s; "
        f"{sum(not d.broken for d in drills)} of {len(drills)} held"
    )
    for drill in drills:
        for finding in drill.broken:
            print(f"  BROKEN {finding.subject}: {finding.claim}: {finding.value} {finding.counterexample}")


if __name__ == "__main__":
    main()
