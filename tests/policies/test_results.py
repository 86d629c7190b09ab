"""What a run tells of the rules: exit code, last line, JSON; and how the SDK's values become a plan's."""

from dataclasses import replace

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from meridian.orchestrator.render import text
from meridian.orchestrator.result import Result
from meridian.plan import UNKNOWN
from policies.load import load
from policies.mutants.baseline import plan_of, resources
from policies.mutants.cases import CASES
from policies.mutants.run import DAY
from policies.pack.translate import environment_of, plain, policies_of, unit_of


def _result(rule: str | None) -> Result:
    case = next((each for each in CASES if each.rule == rule), None)
    found = case.edit(resources()) if case else resources()
    report = replace(load(), exceptions=()).run(plan_of(found), DAY)
    return Result("prod", "up", "plan", [], 1.0, {}, policies=report)


def test_a_mandatory_finding_fails_the_run_and_its_last_line_says_so() -> None:
    result = _result("no-open-ingress")
    assert result.refused and result.exit_code == 1 and not result.to_json()["ok"]
    lines = text(result).splitlines()
    assert "refused by 1 mandatory policy findings; nothing was changed" in lines[-1]
    assert any(
        line.startswith("policy no-open-ingress (mandatory): eu, aws:ec2/securityGroup") for line in lines
    )
    assert result.to_json()["policies"]["findings"][0]["controls"]


def test_a_plan_without_findings_fails_nothing() -> None:
    result = _result(None)
    assert not result.refused and result.exit_code == 0 and result.to_json()["ok"]


def test_a_stack_names_environment_and_unit_and_a_variable_overrides() -> None:
    assert environment_of({"PULUMI_STACK": "org/project/staging-us"}) == "staging"
    assert environment_of({"PULUMI_STACK": "x", "MERIDIAN_POLICY_ENVIRONMENT": "prod"}) == "prod"
    assert unit_of("org/project/staging-us-platform") == "us-platform"


def test_values_that_the_sdk_does_not_know_yet_are_unknown_to_the_rules() -> None:
    proxied = unknown_checking_proxy({"a": UNKNOWN_STRING_VALUE, "b": [UNKNOWN_STRING_VALUE, {"c": 1}]})
    assert plain(proxied) == {"a": UNKNOWN, "b": [UNKNOWN, {"c": 1}]}


def test_the_pack_takes_its_levels_from_the_environment_or_the_wish() -> None:
    levels = {each.name: str(each.enforcement_level) for each in policies_of(load(), "local", {})}
    assert "ADVISORY" in levels["stateful-protected"] and "MANDATORY" in levels["bucket-not-public"]
    assert "audit-log-exists" not in levels
    wish = policies_of(load(), "prod", {"MERIDIAN_POLICY_LEVEL": "advisory"})
    assert {str(each.enforcement_level) for each in wish} == {"EnforcementLevel.ADVISORY"}
