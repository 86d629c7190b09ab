"""How long until a lost cluster's visitors are served elsewhere, at worst and as expected, against the model's bound."""

from __future__ import annotations

from meridian.model.environment import Environment
from meridian.model.steering import balancers
from meridian.proofs.result import Finding, Proof, Verdict

LEASE_SECONDS = (1.0, 9.0)
"""A range's lease moves to another replica: expected and worst (CockroachDB v26.2 docs, "Replication layer")."""
_SOURCES = (
    "Cloudflare Load Balancing docs, 2026-11: monitors, proxied load balancers, session affinity",
    "CockroachDB v26.2 docs: Replication layer, leader leases",
)
_ASSUMPTIONS = (
    "load balancers are proxied: no resolver caches an address (a DNS-only one would add its TTL)",
    "the first failed check begins, at worst, a whole interval after the loss",
    "a cluster's loss and the move of the leases that it held run side by side: the longer one counts",
    "capacity of the cluster that takes over is the survival proof's matter, not this one's",
)


def worst_seconds(environment: Environment) -> float:
    """Return the worst case of a lost cluster: found by the monitors and spread over the edge, leases meanwhile."""
    edge = environment.edge
    return max(edge.monitor.worst_detection_seconds() + edge.propagation_seconds, LEASE_SECONDS[1])


def failover(environment: Environment) -> Proof:
    """Prove the worst case of each load balancer's failover; the expected case halves the first wait."""
    edge, monitor = environment.edge, environment.edge.monitor
    attempts = (monitor.retries + 1) * monitor.timeout
    # On average the loss falls in the middle of an interval, and a refused connection answers at once.
    expected = monitor.consecutive_down * monitor.interval - monitor.interval / 2
    worst = worst_seconds(environment)
    usual = max(expected + edge.propagation_seconds / 2, LEASE_SECONDS[0])
    found = [
        Finding(
            balancer.hostname,
            "a lost cluster's visitors are served elsewhere",
            Verdict.HOLDS if worst <= edge.failover_seconds else Verdict.FAILS,
            value=f"worst {worst:.0f} s, expected {usual:.0f} s",
            bound=f"{edge.failover_seconds} s",
            counterexample=""
            if worst <= edge.failover_seconds
            else f"{monitor.consecutive_down} x {monitor.interval} + {monitor.retries + 1} x {monitor.timeout} + "
            f"{edge.propagation_seconds} = {worst:.0f} s",
            required=True,
        )
        for balancer in balancers(environment).values()
    ]
    return Proof(
        "failover",
        "worst = max(consecutive_down x interval + (retries + 1) x timeout + propagation, lease); "
        "expected = max(consecutive_down x interval - interval / 2 + propagation / 2, lease)",
        {**monitor.model_dump(), "propagation_seconds": edge.propagation_seconds},
        tuple(found),
        _ASSUMPTIONS,
        _SOURCES,
        {
            "seconds": [
                {"part": "checks that must fail", "worst": monitor.consecutive_down * monitor.interval},
                {"part": "the last check with its retries", "worst": attempts},
                {"part": "spreading over the edge", "worst": edge.propagation_seconds},
                {"part": "the database's leases, meanwhile", "worst": LEASE_SECONDS[1]},
            ]
        },
    )
