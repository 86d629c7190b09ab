"""What people must do, as far as data shows it: processors under contract, reviews in date, objectives watched."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Scope, Severity, stack_rule
from policies.rules.reading import listed

_OURS = frozenset({"pulumi", "meridian"})
SLO = "datadog:index/serviceLevelObjective:ServiceLevelObjective"
MONITOR = "datadog:index/monitor:Monitor"
_REQUIRED = ("drill", "access-review")


@stack_rule(
    "processors-registered",
    "Every provider of the plan stands in the register of processors, with its agreements named",
    Severity.HIGH,
    "add it to policies/processors.yaml with DPA, BAA, places and what a transfer rests on",
)
def processors_registered(scene: Scene) -> Iterator[Problem]:
    """Whether a contract is signed is told by the register and the evidence; that somebody asked is enforced here."""
    known = {package: each for each in scene.registers.processors.values() for package in each.packages}
    seen = set()
    for resource in scene.plan:
        package = resource.type.split(":", 1)[0]
        if package in seen or not resource.custom or package in _OURS or package in scene.registers.tools:
            continue
        seen.add(package)
        processor = known.get(package)
        if processor is None:
            yield Problem(resource, f"provider {package}", "no register names its company")
        elif processor.data == "personal" and "not-needed" in (processor.dpa, processor.baa):
            yield Problem(
                resource, f"{processor.name}: agreement not-needed", "who gets personal data signs both"
            )
        elif processor.data != "none" and "eu" not in processor.places and not processor.transfer:
            yield Problem(
                resource, f"{processor.name}: no ground for a transfer", "GDPR art. 44-49 asks for one"
            )


@stack_rule(
    "slo-watched",
    "Every service level objective has a monitor",
    Severity.MEDIUM,
    "add a monitor on the objective's budget or burn rate",
    scope=Scope.ESTATE,
)
def slo_watched(scene: Scene) -> Iterator[Problem]:
    """Judges the objectives that the plan declares; says nothing of an estate that declares none."""
    texts = [" ".join(each.strings()) + f" {each.name}" for each in scene.plan.of(MONITOR)]
    for slo in scene.plan.of(SLO):
        own = {str(each) for each in listed(slo.get("monitorIds"))}
        named = (str(slo.get("name", default=slo.name)), slo.name)
        if not own and not any(name in text for name in named for text in texts):
            yield Problem(slo, "no monitor names it", "somebody is woken before the objective is missed")


@stack_rule(
    "reviews-in-date",
    "Drills and access reviews are in date",
    Severity.MEDIUM,
    "do the review, then write day and record into policies/reviews.yaml",
    scope=Scope.ESTATE,
    advisory_in=("local", "staging"),
)
def reviews_in_date(scene: Scene) -> Iterator[Problem]:
    """A review that was never done is in date until its first day."""
    for key in _REQUIRED:
        if key not in scene.registers.reviews:
            yield Problem(None, f"review {key} not in the register", "drills and access reviews are planned")
    for key, review in scene.registers.reviews.items():
        if scene.today > review.due:
            last = f"last done on {review.last}" if review.last else "never done"
            yield Problem(
                None,
                f"{key}: {last}, due on {review.due}",
                f"{review.owner} does it every {review.every_days} days",
            )
        elif review.last and not review.record:
            yield Problem(None, f"{key}: no record of {review.last}", "what was done is written down")
