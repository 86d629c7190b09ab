"""The proofs: all of production's, survival at 9 and at 90 nodes, and growth from 3 to 30 regions."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

from common import checkout, spread

from meridian.model import load_environment
from meridian.model.assumptions import load_assumptions
from meridian.plan import Plan, PlannedResource
from meridian.proofs.all import Subject, prove_all
from meridian.proofs.survival import survival
from meridian.sql import Desired, desired

ROUNDS = 5


def main() -> None:
    """Measure in turn and print."""
    root = checkout().root
    prod = load_environment(root, "prod")
    subject = Subject(prod, desired(prod), load_assumptions(root, prod))
    found = {
        "all proofs of prod, 1,000 resources": _times(lambda: prove_all(subject, _plan(3, 1000))),
        "survival, 9 nodes": _times(lambda: survival(subject.desired)),
        "survival, 90 nodes": _times(lambda: survival(_grown(subject.desired, 3, 30))),
        "survival, 3 regions of 3 nodes": _times(lambda: survival(_grown(subject.desired, 3, 3))),
        "survival, 30 regions of 3 nodes": _times(lambda: survival(_grown(subject.desired, 30, 3))),
        "digest of a plan of 3 regions": _times(lambda: _plan(3, 1000).digest()),
        "digest of a plan of 30 regions": _times(lambda: _plan(30, 10_000).digest()),
    }
    print(f"{'':40}     min   median      max")
    for name, values in found.items():
        print(f"{name:40}{spread(values)}")
    few, many = found["digest of a plan of 3 regions"], found["digest of a plan of 30 regions"]
    print(f"{'ten times the plan takes':40}{spread([m / f for f, m in zip(few, many, strict=True)], 'x')}")
    few, many = found["survival, 3 regions of 3 nodes"], found["survival, 30 regions of 3 nodes"]
    print(f"{'ten times the regions take':40}{spread([m / f for f, m in zip(few, many, strict=True)], 'x')}")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def _times(work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def _grown(wanted: Desired, regions: int, nodes: int) -> Desired:
    names = [("us", "eu", "asia")[n] if n < 3 else f"r{n}" for n in range(regions)]
    localities = {
        f"{name}-{n}": (f"region={name}", f"cloud={'aws' if n % 3 == 2 else 'gcp'}", f"zone={name}-{n % 9}")
        for name in names
        for n in range(nodes)
    }
    return wanted.model_copy(update={"localities": localities})


def _plan(regions: int, resources: int) -> Plan:
    each = resources // regions
    return Plan(
        "prod",
        "plan",
        "bench",
        {},
        {
            f"r{region}": tuple(
                PlannedResource(
                    f"r{region}",
                    f"urn:pulumi:prod-r{region}::meridian::aws:s3/bucket:Bucket::b{number}",
                    "create",
                    {
                        "bucket": f"b{number}",
                        "region": "eu-west-1",
                        "tags": {"owner": "platform", "unit": "r"},
                    },
                )
                for number in range(each)
            )
            for region in range(regions)
        },
    )


if __name__ == "__main__":
    main()
