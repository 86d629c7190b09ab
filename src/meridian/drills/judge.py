"""The judgement of a recorded drill: pure, every claim with its figure, its bound and the answer that breaks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meridian.drills.promise import Promise, Promises
from meridian.drills.recording import Answer, Recording
from meridian.proofs.result import Finding, Verdict

LEAST_ANSWERS = 3
"""Fewer in a phase prove nothing of it."""


@dataclass(frozen=True)
class Bounds:
    """What the model asks for and what it computes, in the edge's own seconds (unscaled)."""

    failover: float
    computed: float
    """The worst case of the failover proof."""
    detection: float
    """The monitors' part of it: what a drill on one machine can see."""
    timeouts: float = 0.0
    """Of that what the last check waits for an answer; one that is refused is told at once."""


@dataclass(frozen=True)
class Measured:
    """One population's figures in seconds of the machine; None where it does not apply."""

    population: str
    first_good: float | None
    """From the loss to the end of the first good answer."""
    last_bad: float | None
    """From the loss to the end of the last answer that was not good, while it lasted."""
    home: float | None
    """From bringing back to the first answer of a new visitor by the home cluster."""
    errors: int
    served_by: tuple[str, ...]


def failed_over_at(recording: Recording, promises: Promises) -> float | None:
    """Return when the router had found everything critical that the design says is; None when it did not."""
    found = [recording.critical(cluster) for cluster in promises.unhealthy]
    known = [at for at in found if at is not None]
    return max(known, default=recording.lost_at) if len(known) == len(found) else None


def measured(recording: Recording, promise: Promise) -> Measured:
    """Return a population's figures."""
    mine = _of(recording, promise, "lost")
    back = [
        a
        for a in _of(recording, promise, "back")
        if a.good and a.visitor == "new" and a.cluster == promise.home
    ]
    good = [a.ended for a in mine if a.good]
    bad = [a.ended for a in mine if not a.good]
    return Measured(
        promise.population.name,
        min(good) - recording.lost_at if good else None,
        max(bad) - recording.lost_at if bad else None,
        min(a.ended for a in back) - recording.back_at if back else None,
        len(bad),
        tuple(sorted({a.cluster for a in mine if a.good})),
    )


def judge(recording: Recording, promises: Promises, bounds: Bounds) -> tuple[Finding, ...]:
    """Return every claim; those that the design demands are required."""
    return (
        *_processes(recording, promises),
        *_detection(recording, promises, bounds),
        *(f for p in promises.populations for f in _population(recording, promises, p, bounds)),
        _as_before(recording),
    )


def _population(
    recording: Recording, promises: Promises, promise: Promise, bounds: Bounds
) -> Iterator[Finding]:
    yield _enough(recording, promise)
    yield _baseline(recording, promise)
    yield from _residency(recording, promise)
    if promise.serves:
        yield from _served(recording, promises, promise, bounds)
    else:
        yield _refused(recording, promises, promise)
    yield _comes_home(recording, promise)


def _enough(recording: Recording, promise: Promise) -> Finding:
    counts = {phase: len(_of(recording, promise, phase)) for phase in ("before", "lost", "back")}
    short = [phase for phase, count in counts.items() if count < LEAST_ANSWERS]
    return _finding(
        promise,
        "asked often enough to prove something",
        not short,
        value=", ".join(f"{count} {phase}" for phase, count in counts.items()),
        bound=f"{LEAST_ANSWERS} in each phase",
        counterexample=f"too few answers {' and '.join(short)}" if short else "",
    )


def _baseline(recording: Recording, promise: Promise) -> Finding:
    wrong = [a for a in _of(recording, promise, "before") if not a.good or a.cluster != promise.home]
    return _finding(
        promise,
        f"served by {promise.home} before the loss",
        not wrong,
        counterexample=_told(recording, wrong),
    )


def _residency(recording: Recording, promise: Promise) -> Iterator[Finding]:
    if not promise.population.stays:
        return
    mine = [a for a in recording.answers if a.population == promise.population.name]
    abroad = [a for a in mine if a.cluster and a.cluster not in promise.population.stays]
    yield _finding(
        promise,
        "nobody of the EU was served abroad",
        not abroad,
        value=f"{len(abroad)} of {len(mine)} answers",
        bound="0",
        counterexample=_told(recording, abroad),
    )


def _served(recording: Recording, promises: Promises, promise: Promise, bounds: Bounds) -> Iterator[Finding]:
    figures, scale = measured(recording, promise), recording.scale
    unaffected = promise.serves == promise.home
    # When they asked counts, not when a request that got no answer was given up.
    asked = [a.began - recording.lost_at for a in _of(recording, promise, "lost") if not a.good]
    took = max([figures.first_good or 0.0, *asked])
    limit = bounds.failover * scale
    yield _finding(
        promise,
        "every answer is good from the bound on",
        figures.first_good is not None and took <= limit,
        value=f"{took:.2f} s",
        bound=f"{limit:g} s",
        counterexample="no good answer while it lasted"
        if figures.first_good is None
        else f"the last who got none asked {took:.2f} s after the loss",
    )
    since = recording.lost_at if unaffected else failed_over_at(recording, promises)
    after = [a for a in _of(recording, promise, "lost") if since is not None and a.began >= since]
    bad = [a for a in after if not a.good]
    yield _finding(
        promise,
        "no error, for nothing of theirs was lost" if unaffected else "no error after failover",
        since is not None and not bad,
        value=f"{len(bad)} of {len(after)} answers",
        bound="0",
        counterexample=_told(recording, bad) or "the router did not find the loss",
    )
    others = [a for a in after if a.good and a.cluster != promise.serves]
    yield _finding(
        promise,
        f"served by {promise.serves}" + ("" if unaffected else " after failover"),
        since is not None and not others,
        counterexample=_told(recording, others) or "the router did not find the loss",
    )


def _refused(recording: Recording, promises: Promises, promise: Promise) -> Finding:
    """Nobody can serve them: then they are told so, and are neither kept waiting nor sent elsewhere."""
    since = failed_over_at(recording, promises)
    after = [a for a in _of(recording, promise, "lost") if since is not None and a.began >= since]
    # Behind a way in that hangs the edge itself waits: then no answer at all is all that can be had.
    hangs = promises.target.how == "hang"
    wrong = [a for a in after if not a.refused and not (hangs and a.status == 0)]
    return _finding(
        promise,
        "served by nobody, for nobody may" if hangs else "told honestly that nobody can serve them",
        since is not None and bool(after) and not wrong,
        value=", ".join(
            f"{sum(a.status == s for a in after)} x {s}" for s in sorted({a.status for a in after})
        ),
        bound="only 5xx, or no answer" if hangs else "only 5xx",
        counterexample=_told(recording, wrong) or "no answer after failover",
    )


def _comes_home(recording: Recording, promise: Promise) -> Finding:
    figures = measured(recording, promise)
    new = [a for a in _of(recording, promise, "back") if a.visitor == "new"]
    last = new[-LEAST_ANSWERS:]
    wrong = [a for a in last if not a.good or a.cluster != promise.home]
    return _finding(
        promise,
        f"new visitors are served by {promise.home} again",
        bool(last) and not wrong,
        value="" if figures.home is None else f"first after {figures.home:.2f} s",
        counterexample=_told(recording, wrong) or "nobody asked",
    )


def _processes(recording: Recording, promises: Promises) -> Iterator[Finding]:
    missing = sorted(set(promises.target.clusters) - set(recording.stopped))
    if promises.target.clusters:
        yield Finding(
            str(promises.target),
            "its control planes really stopped",
            Verdict.FAILS if missing else Verdict.HOLDS,
            value=f"{len(recording.stopped)} within {recording.gone_at - recording.lost_at:.2f} s",
            counterexample=f"{', '.join(missing)} went on" if missing else "",
            required=True,
        )


def _detection(recording: Recording, promises: Promises, bounds: Bounds) -> Iterator[Finding]:
    for cluster in promises.unhealthy:
        at = recording.critical(cluster)
        took = None if at is None else at - recording.lost_at
        for claim, seconds, required in (
            ("the monitors found it critical within the bound", bounds.failover, True),
            ("the monitors found it within the computed worst case", bounds.detection, False),
        ):
            limit = seconds * recording.scale
            yield Finding(
                cluster,
                claim,
                Verdict.HOLDS if took is not None and took <= limit else Verdict.FAILS,
                value="never" if took is None else f"{took:.2f} s",
                bound=f"{limit:g} s",
                counterexample="" if took is not None and took <= limit else "see the timeline",
                required=required,
            )


def _as_before(recording: Recording) -> Finding:
    same = recording.before == recording.after
    differs = [
        k for k in {*recording.before, *recording.after} if recording.before.get(k) != recording.after.get(k)
    ]
    return Finding(
        "the estate",
        "is as before the drill",
        Verdict.HOLDS if same else Verdict.FAILS,
        counterexample="; ".join(
            f"{k}: {recording.before.get(k)} -> {recording.after.get(k)}" for k in sorted(differs)
        ),
        required=True,
    )


def _of(recording: Recording, promise: Promise, phase: str) -> list[Answer]:
    return [
        a
        for a in recording.answers
        if a.population == promise.population.name and recording.phase(a) == phase
    ]


def _finding(
    promise: Promise, claim: str, holds: bool, *, value: str = "", bound: str = "", counterexample: str = ""
) -> Finding:
    verdict = Verdict.HOLDS if holds else Verdict.FAILS
    example = "" if holds else counterexample
    return Finding(promise.population.name, claim, verdict, value, bound, example, required=True)


def _told(recording: Recording, answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    first = answers[0]
    who = f"{first.status or 'no answer'} of {first.cluster or 'the edge'}"
    more = f", and {len(answers) - 1} more" if len(answers) > 1 else ""
    return f"{who} at {first.began - recording.lost_at:+.2f} s{more} {first.detail}".rstrip()
