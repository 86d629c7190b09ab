"""Recorded timelines are judged: a good one holds, and each bound is broken once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meridian.drills.failover import bounds
from meridian.drills.judge import judge
from meridian.drills.promise import Promises, promises
from meridian.drills.recording import Recording
from meridian.drills.target import parse

from .recorded import BACK, FOUND, LOST, PROD, recorded


def broken(promised: Promises, recording: Recording) -> set[str]:
    return {f"{f.subject}: {f.claim}" for f in judge(recording, promised, bounds(PROD)) if f.broken}


def changed(recording: Recording, population: str, when: Callable[[float], bool], **fields: Any) -> Recording:
    answers = [
        replace(a, **fields) if a.population == population and when(a.began) else a for a in recording.answers
    ]
    return replace(recording, answers=tuple(answers))


CLUSTER, REGION = (promises(PROD, parse(PROD, text)) for text in ("eu-gke", "region:eu"))
HANGS = promises(PROD, parse(PROD, "region:eu").hanging())
NODE = promises(PROD, parse(PROD, "node:eu-1"))


@pytest.mark.parametrize("lose", ["eu-gke", "region:eu", "region:us", "cloud:gcp", "cloud:aws", "node:eu-1"])
def test_a_drill_as_it_was_promised_holds(lose: str) -> None:
    promised = promises(PROD, parse(PROD, lose))
    assert broken(promised, recorded(promised)) == set()


BROKEN: list[tuple[Promises, Callable[[Recording], Recording], str]] = [
    (CLUSTER, lambda r: changed(r, "eu", lambda at: at == 1015, status=200, cluster="prod-us-gke"), "eu: nobody of the EU was served abroad"),
    (CLUSTER, lambda r: changed(r, "eu, own name", lambda at: at == 1090, cluster="prod-asia-eks"), "eu, own name: nobody of the EU was served abroad"),
    (CLUSTER, lambda r: changed(r, "eu", lambda at: at == 1030, status=521, cluster=""), "eu: no error after failover"),
    (CLUSTER, lambda r: changed(r, "eu", lambda at: LOST <= at < BACK, status=0, cluster=""), "eu: every answer is good from the bound on"),
    (CLUSTER, lambda r: changed(r, "us", lambda at: at == 1001, status=503), "us: no error, for nothing of theirs was lost"),
    (CLUSTER, lambda r: changed(r, "us", lambda at: at == 1030, cluster="prod-us-eks"), "us: served by prod-us-gke"),
    (CLUSTER, lambda r: changed(r, "eu", lambda at: at == 995, status=500), "eu: served by prod-eu-gke before the loss"),
    (CLUSTER, lambda r: changed(r, "eu", lambda at: at > 1080, cluster="prod-eu-eks"), "eu: new visitors are served by prod-eu-gke again"),
    (CLUSTER, lambda r: replace(r, stopped=()), "cluster prod-eu-gke (its machines go on): its control planes really stopped"),
    (CLUSTER, lambda r: replace(r, after={"pools": {"a": "critical"}}), "the estate: is as before the drill"),
    (CLUSTER, lambda r: replace(r, events=()), "prod-eu-gke: the monitors found it critical within the bound"),
    (CLUSTER, lambda r: replace(r, scale=0.1), "prod-eu-gke: the monitors found it critical within the bound"),
    (CLUSTER, lambda r: replace(r, answers=tuple(a for a in r.answers if a.population != "asia")), "asia: asked often enough to prove something"),
    (REGION, lambda r: changed(r, "eu", lambda at: at == 1030, status=200, cluster="prod-us-gke"), "eu: nobody of the EU was served abroad"),
    (REGION, lambda r: changed(r, "eu", lambda at: at == 1030, status=0), "eu: told honestly that nobody can serve them"),
    (HANGS, lambda r: changed(r, "eu", lambda at: at == 1030, status=404), "eu: served by nobody, for nobody may"),
    (REGION, lambda r: changed(r, "eu", lambda at: at == 1030, status=404), "eu: told honestly that nobody can serve them"),
    (NODE, lambda r: changed(r, "eu", lambda at: at == 1001, status=503), "eu: no error, for nothing of theirs was lost"),
]  # fmt: skip


@pytest.mark.parametrize(("promised", "mutate", "claim"), BROKEN)
def test_each_broken_promise_is_found(
    promised: Promises, mutate: Callable[[Recording], Recording], claim: str
) -> None:
    assert claim in broken(promised, mutate(recorded(promised)))


def test_errors_before_the_loss_is_found_are_allowed_and_counted() -> None:
    recording = changed(recorded(CLUSTER), "eu", lambda at: LOST <= at < FOUND, status=521, cluster="")
    assert broken(CLUSTER, recording) == set()
    told = {f.claim: f.value for f in judge(recording, CLUSTER, bounds(PROD)) if f.subject == "eu"}
    assert told["every answer is good from the bound on"] == "20.01 s"


def test_where_the_way_in_hangs_visitors_whom_nobody_may_serve_may_wait_in_vain() -> None:
    waiting = changed(recorded(HANGS), "eu", lambda at: LOST <= at < BACK, status=0)
    assert broken(HANGS, waiting) == set()


def test_a_request_that_waits_in_vain_counts_by_when_it_was_asked() -> None:
    bound = bounds(PROD).failover
    late = changed(recorded(CLUSTER), "eu", lambda at: at == FOUND - 1, status=0, ended=LOST + bound + 1)
    assert broken(CLUSTER, late) == set()


def test_the_computed_worst_case_holds_what_the_monitors_wait_for_an_answer() -> None:
    monitor, found = PROD.edge.monitor, bounds(PROD)
    assert found.timeouts == (monitor.retries + 1) * monitor.timeout
    assert found.detection == found.timeouts + monitor.consecutive_down * monitor.interval


def test_the_counterexample_names_status_cluster_and_second() -> None:
    recording = changed(recorded(CLUSTER), "eu", lambda at: at in (1030, 1031), cluster="prod-us-gke")
    told = next(
        f
        for f in judge(recording, CLUSTER, bounds(PROD))
        if f.claim.startswith("nobody of the EU") and f.broken
    )
    assert told.counterexample == "200 of prod-us-gke at +30.00 s, and 1 more"
