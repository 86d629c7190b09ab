"""What is said of a control follows from what was observed, and from what was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from assessed import AT, DAY, LATER, basis, control, evidence, mutant, policies, proof

from meridian.audit.actions import ACTIONS, DRILLS, journal, note
from meridian.compliance.controls import FRAMEWORKS
from meridian.compliance.exceptions import Exemption
from meridian.drills import evidence as drills
from meridian.evidence.assess import assess
from meridian.evidence.kept import runs
from meridian.evidence.model import Method, Observation, Outcome, State
from meridian.paths import Checkout
from meridian.proofs.all import PLAN_PROOFS, PROOFS
from meridian.proofs.result import Verdict
from meridian.verify.catalogue import CHECKS
from meridian.verify.record import keep
from meridian.verify.result import judged, not_applicable, not_checked
from policies.load import load
from policies.mutants.baseline import resources


def test_of_a_plan_without_findings_nothing_is_found_and_every_control_is_there(tmp_path: Path) -> None:
    for framework in FRAMEWORKS:
        found = evidence(tmp_path, framework)
        assert [each.id for each in found.controls] == [key for key, _ in load().controls.of(framework)]
        assert not found.counts[State.FINDING]
        assert all(each.source.endswith(found.plan.digest()) for each in found.observations)


@pytest.mark.parametrize("rule", ["bucket-not-public", "database-tls", "audit-log-exists"])
def test_a_broken_rule_is_a_finding_of_its_controls_and_of_no_other(rule: str, tmp_path: Path) -> None:
    for framework in FRAMEWORKS:
        found = evidence(tmp_path, framework, mutant(rule))
        named = {key for key, each in load().controls.of(framework) if rule in each.rules}
        assert {each.id for each in found.controls if each.state is State.FINDING} == named
        for key in named:
            assert {each.rule for each in control(found, key).findings} == {rule}


def test_a_finding_under_an_exception_is_told_with_owner_and_last_day(tmp_path: Path) -> None:
    by = Exemption(
        rule="no-open-ingress", resource="*", environments=("prod",), owner="platform-engineering",
        reason="a reason that is long enough", expires=date(2027, 1, 31),
    )  # fmt: skip
    rules = replace(policies(), exceptions=(by,))
    found = control(
        assess(basis(tmp_path, mutant("no-open-ingress"), rules=rules), "soc2", LATER), "soc2-cc6.6"
    )
    assert found.state is State.EXCEPTED and found.exceptions == [(by, 1)] and not found.findings


def test_what_people_answer_for_is_said_to_be_theirs(tmp_path: Path) -> None:
    assert control(evidence(tmp_path, "soc2"), "soc2-cc7.3").state is State.PEOPLE
    provider = control(evidence(tmp_path, "soc2"), "soc2-cc6.4")
    assert provider.state is State.NOT_CHECKED
    assert any("provider" in text for text in provider.not_checked)


def test_a_gap_or_a_person_makes_a_control_checked_in_part_only(tmp_path: Path) -> None:
    found = evidence(tmp_path)
    assert control(found, "gdpr-art17").state is State.PART
    assert control(found, "gdpr-art30").state is State.PART
    assert control(found, "gdpr-seed-design").state is State.CHECKED
    undone = control(found, "gdpr-art32")
    assert undone.state is State.PART and any("drill failover" in text for text in undone.not_checked)


def test_a_rule_with_nothing_to_look_at_is_no_check(tmp_path: Path) -> None:
    bare = [each for each in resources() if not each.type.startswith("datadog:")]
    found = control(evidence(tmp_path, "soc2", bare), "soc2-a1.1")
    assert found.observations[0].outcome is Outcome.NOTHING
    assert found.state is State.NOT_CHECKED
    assert any("slo-watched" in text for text in found.not_checked)


def test_a_plan_of_some_units_leaves_rules_over_the_estate_undone(tmp_path: Path) -> None:
    found = control(assess(basis(tmp_path, whole=False), "soc2", LATER), "soc2-a1.1")
    assert found.observations[0].outcome is Outcome.NOT_DONE and found.state is State.NOT_CHECKED


def test_a_proof_counts_for_the_controls_that_name_it(tmp_path: Path) -> None:
    good = assess(basis(tmp_path, proofs=[proof("residency")]), "gdpr", LATER)
    bad = assess(basis(tmp_path, proofs=[proof("residency", Verdict.FAILS)]), "gdpr", LATER)
    naming = {"gdpr-art44", "gdpr-seed-residency"}
    assert {each.id for each in bad.controls if each.state is State.FINDING} == naming
    assert not good.counts[State.FINDING]
    one = next(each for each in good.observations if each.method is Method.PROOF)
    assert one.controls == naming and "a premise" in one.did


def test_the_register_names_proofs_and_drills_that_exist() -> None:
    for key, each in load().controls.controls.items():
        assert set(each.proofs) <= {*PROOFS, *PLAN_PROOFS}, key
        assert set(each.drills) <= {"failover"}, key
        assert bool(each.drills) == ("meridian drill failover ENV" in each.evidence), key


def test_the_register_names_the_live_checks_where_one_speaks_of_a_control() -> None:
    live = {control for check in CHECKS.values() for control in check.controls}
    named = {key for key, each in load().controls.controls.items() if "meridian verify ENV" in each.evidence}
    assert named == live


def live(folder: Path, outcome: str = "passed") -> list[Observation]:
    """Keep a verification that names a control, and return what evidence takes of it."""
    checkout = Checkout(folder)
    found = [judged("tls-minimum", "eu", "tried", "refused", "as seen", outcome == "passed")]
    keep(checkout, "prod", [*found, not_applicable("sign-on", "eu", "has none")])
    return [each for each in _live(folder) if each.name == "tls-minimum"]


def _live(folder: Path) -> list[Observation]:
    found = evidence(folder)
    return [each for each in (*found.observations, *found.aside) if each.method is Method.LIVE]


def test_the_newest_live_checks_count_with_their_digest(tmp_path: Path) -> None:
    assert live(tmp_path, "failed")[0].outcome is Outcome.FINDING
    newest = live(tmp_path)
    assert [each.outcome for each in newest] == [Outcome.NONE]
    assert runs(Checkout(tmp_path), "prod")[-1].name in newest[0].source
    assert "eu" in newest[0].subject and newest[0].seen == "as seen"
    other = next(each for each in _live(tmp_path) if each.name == "sign-on")
    assert other.outcome is Outcome.NOTHING


def test_a_live_check_is_found_under_the_controls_that_it_names(tmp_path: Path) -> None:
    live(tmp_path, "failed")
    found = control(evidence(tmp_path), "gdpr-art32")
    assert found.state is State.FINDING
    assert [each.controls for each in found.observations if each.method is Method.LIVE] == [{"gdpr-art32"}]


def test_what_nobody_looked_at_is_not_done_and_makes_its_control_checked_in_part(tmp_path: Path) -> None:
    keep(Checkout(tmp_path), "prod", [not_checked("secrets-encryption", "eu", "its etcd is the cloud's own")])
    found = control(evidence(tmp_path, "hipaa"), "hipaa-seed-rest")
    assert [e.outcome for e in found.observations if e.method is Method.LIVE] == [Outcome.NOT_DONE]
    assert found.state is State.PART and any("cloud's own" in text for text in found.not_checked)


def test_the_newest_result_on_each_subject_counts(tmp_path: Path) -> None:
    for subject in ("eu", "us"):
        keep(Checkout(tmp_path), "prod", [judged("tls-minimum", subject, "tried", "refused", "seen", True)])
    assert {each.subject for each in _live(tmp_path)} == {"eu", "us"}


def test_a_later_run_that_could_not_look_hides_nothing_that_was_seen(tmp_path: Path) -> None:
    live(tmp_path)
    keep(Checkout(tmp_path), "prod", [not_checked("tls-minimum", "eu", "only a kubeconfig was given")])
    kept = [each for each in _live(tmp_path) if each.name == "tls-minimum"]
    assert [(each.outcome, each.seen) for each in kept] == [(Outcome.NONE, "as seen")]


def test_a_live_result_that_was_changed_after_it_was_kept_counts_for_nothing(tmp_path: Path) -> None:
    live(tmp_path, "failed")
    file = runs(Checkout(tmp_path), "prod")[-1]
    file.write_text(file.read_text().replace('"failed"', '"passed"'))
    assert {each.outcome for each in _live(tmp_path)} == {Outcome.NOT_DONE}
    assert "changed after it was kept" in _live(tmp_path)[0].seen
    file.write_text("{")
    assert _live(tmp_path) == []


def test_what_was_seen_before_the_last_change_says_so(tmp_path: Path) -> None:
    assert live(tmp_path)[0].note == ""
    note(Checkout(tmp_path), "up ended", "staging", {})
    assert live(tmp_path)[0].note == ""
    note(Checkout(tmp_path), "up ended", "prod", {})
    assert "changed afterwards" in _live(tmp_path)[0].note
    assert evidence(tmp_path).journals[ACTIONS].startswith("2:")


def drilled(folder: Path, held: bool) -> None:
    verdict = "holds" if held else "fails"
    claims = [{"subject": "eu", "claim": "served", "verdict": verdict, "required": True, "value": "9 s"}]
    result = {
        "drill": "failover", "ended": AT.timestamp(), "held": held, "findings": claims,
        "time_scale": 0.1, "simulated": "on the embedded clouds",
    }  # fmt: skip
    drills.keep(Checkout(folder), "prod", "region-eu", result)


def test_the_newest_result_of_a_drill_counts_for_the_controls_that_name_it(tmp_path: Path) -> None:
    drilled(tmp_path, False)
    assert control(evidence(tmp_path, "soc2"), "soc2-a1.3").state is State.FINDING
    drilled(tmp_path, True)
    found = control(evidence(tmp_path, "soc2"), "soc2-a1.3")
    assert found.state is State.PART
    one = next(each for each in found.observations if each.method is Method.DRILL)
    assert one.seen == "1 of 1 demanded claims hold" and "embedded clouds" in one.note


def test_a_result_of_a_drill_that_the_audit_journal_does_not_know_says_so(tmp_path: Path) -> None:
    drilled(tmp_path, True)
    known = [each for each in evidence(tmp_path, "soc2").observations if each.method is Method.DRILL]
    journal(Checkout(tmp_path), DRILLS).file.unlink()
    unknown = [each for each in evidence(tmp_path, "soc2").observations if each.method is Method.DRILL]
    assert (
        "journal" not in known[0].note and "the audit journal of drills does not know it" in unknown[0].note
    )


def test_a_drill_in_a_broken_chain_counts_for_nothing(tmp_path: Path) -> None:
    drilled(tmp_path, False)
    file = next(drills.folder(Checkout(tmp_path), "prod").glob("*.json"))
    file.write_text(file.read_text().replace("fails", "holds").replace("false", "true"))
    found = control(evidence(tmp_path, "soc2"), "soc2-a1.3")
    assert {each.outcome for each in found.observations if each.method is Method.DRILL} == {Outcome.NOT_DONE}


def test_a_journal_that_was_changed_is_told(tmp_path: Path) -> None:
    drilled(tmp_path, True)
    file = journal(Checkout(tmp_path), DRILLS).file
    file.write_text(file.read_text().replace('"held": true', '"held": false'))
    told = [text for text in evidence(tmp_path).missing if "journal" in text]
    assert told == [
        "the audit journal drills is not whole, entry 1: its content is not what its digest says: it was changed"
    ]


def test_without_kept_results_the_evidence_says_that_nothing_that_runs_was_looked_at(tmp_path: Path) -> None:
    found = evidence(tmp_path)
    assert len(found.missing) == 2 and found.report.on == DAY
    assert all(any("only the plan was judged" in t for t in e.not_checked) for e in found.controls)
