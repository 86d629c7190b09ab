"""Each rule finds its mutants and nothing else; register and rules agree; exceptions end."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from meridian.compliance.evaluate import EXPIRED, UNUSED
from meridian.compliance.exceptions import Exemption
from policies.load import load
from policies.mutants.baseline import plan_of, resources
from policies.mutants.cases import CASES
from policies.mutants.run import DAY, Outcome, outcomes
from policies.rules import RULES

POLICIES = load()
# Their mutants are no change of a plan: see the tests below.
BY_OTHER_TESTS = {"reviews-in-date", "database-row-security", "database-audit"}


@pytest.mark.parametrize(
    "outcome", list(outcomes(POLICIES)), ids=lambda o: o.case.says if o.case else "baseline"
)
def test_a_case_is_found_by_its_rule_alone(outcome: Outcome) -> None:
    wanted = {outcome.case.rule} if outcome.case else set()
    assert set(outcome.spoke) == wanted


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in RULES} - {case.rule for case in CASES} == BY_OTHER_TESTS


def test_no_rule_is_without_control_and_no_control_names_a_rule_that_is_none() -> None:
    assert POLICIES.controls.faults(rule.id for rule in RULES) == []


def test_register_notices_a_rule_without_control_and_a_control_without_rule() -> None:
    faults = POLICIES.controls.faults([*(rule.id for rule in RULES[1:]), "new-rule"])
    assert any("new-rule: no control" in each for each in faults)
    assert any(f"no rule {RULES[0].id}" in each for each in faults)


def test_a_review_past_its_day_is_found() -> None:
    late = max(review.due for review in POLICIES.registers.reviews.values()) + timedelta(days=1)
    spoke = {each.rule for each in POLICIES.run(plan_of(resources()), late).findings}
    assert "reviews-in-date" in spoke


def test_tables_whose_sql_lacks_row_security_or_audit_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from policies.rules import database

    real = database.statements
    monkeypatch.setattr(
        database,
        "statements",
        lambda wanted: [s for s in real(wanted) if s.kind not in ("security", "audit")],
    )
    spoke = {each.rule for each in replace(POLICIES, exceptions=()).run(plan_of(resources()), DAY).findings}
    assert spoke == {"database-row-security", "database-audit"}


def _exemption(resource: str, expires: date) -> Exemption:
    return Exemption(
        rule="labels", resource=resource, environments=("prod",), owner="team", reason="because of a test's own need",
        expires=expires,
    )  # fmt: skip


def test_an_exception_covers_until_its_day_and_fails_after_it() -> None:
    case = next(each for each in CASES if each.rule == "labels")
    plan = plan_of(case.edit(resources()))
    excepted = replace(POLICIES, exceptions=(_exemption("eu/aws:cloudwatch/logGroup:LogGroup/logs", DAY),))
    assert not excepted.run(plan, DAY).findings
    assert [each.finding.rule for each in excepted.run(plan, DAY).excepted] == ["labels"]
    after = {each.rule for each in excepted.run(plan, DAY + timedelta(days=1)).mandatory}
    assert after == {"labels", EXPIRED}


def test_an_exception_that_matches_nothing_is_reported_and_does_not_stop() -> None:
    report = replace(POLICIES, exceptions=(_exemption("nothing/*", DAY),)).run(plan_of(resources()), DAY)
    assert [each.rule for each in report.findings] == [UNUSED] and not report.mandatory


def test_an_exception_for_named_values_covers_no_other_and_reports_those_that_are_gone() -> None:
    case = next(each for each in CASES if each.rule == "image-by-digest")
    plan = plan_of(case.edit(resources()))
    [found] = replace(POLICIES, exceptions=()).run(plan, DAY).findings

    def judged(*values: str) -> list[tuple[str, str]]:
        made = _exemption("*", DAY).model_copy(update={"rule": "image-by-digest", "values": values})
        report = replace(POLICIES, exceptions=(made,)).run(plan, DAY)
        return [(each.rule, each.value) for each in report.findings]

    assert judged(found.value) == []
    assert judged(found.value, "gone:1") == [(UNUSED, "gone:1")]
    assert judged("another:1") == [("image-by-digest", found.value), (UNUSED, "*")]


def test_rules_of_the_whole_estate_are_silent_about_a_part_of_it() -> None:
    without = [each for each in resources() if each.name != "audit"]
    assert not replace(POLICIES, exceptions=()).run(plan_of(without), DAY, whole=False).findings


def test_of_a_unit_that_was_cut_off_each_resource_is_judged_but_not_what_seems_to_be_missing() -> None:
    policies, cut = replace(POLICIES, exceptions=()), {"eu"}
    missing = next(each for each in CASES if each.rule == "network-policy-per-namespace")
    plan = plan_of(missing.edit(resources()))
    assert policies.run(plan, DAY).mandatory and not policies.run(plan, DAY, whole=False, cut=cut).mandatory
    wrong = plan_of(next(each for each in CASES if each.rule == "no-open-ingress").edit(resources()))
    assert policies.run(wrong, DAY, whole=False, cut=cut).mandatory


def test_a_finding_tells_value_demand_controls_and_fix() -> None:
    case = next(each for each in CASES if each.rule == "no-open-ingress")
    [found] = replace(POLICIES, exceptions=()).run(plan_of(case.edit(resources())), DAY).findings
    assert "SecurityGroup" in found.resource
    assert all(
        part in found.message for part in ("0.0.0.0/0", "ranges that are named", "soc2-cc6.6", "fix: ")
    )
