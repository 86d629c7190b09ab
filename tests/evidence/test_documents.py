"""The files of a package: valid by their formats' own schemas, without an opinion, without secrets, always the same."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from assessed import AT, LATER, PROD, basis, evidence, mutant, proof
from jsonschema import Draft4Validator
from trestle.oscal.assessment_results import Model

from meridian.compliance.controls import FRAMEWORKS, Framework
from meridian.compliance.evaluate import Finding
from meridian.compliance.registers import Controller
from meridian.compliance.rule import Level, Severity
from meridian.drills import evidence as drills
from meridian.evidence.assess import assess
from meridian.evidence.model import PROVIDERS, Evidence, State
from meridian.evidence.package import contents
from meridian.evidence.table import COLUMNS
from meridian.paths import Checkout
from meridian.proofs.result import Verdict
from meridian.verify.record import keep
from meridian.verify.result import judged

SARIF = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())
OPINION = re.compile(r"\b(non-?)?complian(t|ce with)\b|\bcertified\b|\bconforms\b", re.IGNORECASE)


def rich(folder: Path, framework: Framework = "gdpr") -> Evidence:
    """Return evidence with one of everything: findings, a failed live check, proof and drill."""
    checkout = Checkout(folder)
    keep(checkout, "prod", [judged("tls-minimum", "eu", "tried", "refused", "taken", False)])
    drills.keep(checkout, "prod", "region-eu", {"drill": "failover", "ended": AT.timestamp(), "held": False})
    proofs = [proof("residency", Verdict.FAILS), proof("survival")]
    return assess(basis(folder, mutant("bucket-not-public"), proofs=proofs), framework, LATER)


def files(found: Evidence) -> dict[str, str]:
    return {name: content.decode() for name, content in contents(found, PROD).items()}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_oscal_document_is_valid_and_its_references_lead_somewhere(
    framework: Framework, tmp_path: Path
) -> None:
    content = json.loads(files(rich(tmp_path, framework))["assessment-results.json"])
    result = Model.model_validate(content).assessment_results.results[0]
    ids = [each.uuid for each in result.observations]
    assert len(ids) == len(set(ids))
    linked = {each.observation_uuid for one in result.findings for each in one.related_observations}
    assert linked and linked <= set(ids)
    told = content["assessment-results"]
    plan = told["back-matter"]["resources"][0]["uuid"]
    assert told["import-ap"]["href"] == f"#{plan}" and told["metadata"]["oscal-version"] == "1.2.1"


def test_oscal_findings_stand_where_something_was_found_and_nothing_is_called_satisfied(
    tmp_path: Path,
) -> None:
    found = rich(tmp_path)
    result = json.loads(files(found)["assessment-results.json"])["assessment-results"]["results"][0]
    targets = {each["target"]["target-id"]: each["target"]["status"]["state"] for each in result["findings"]}
    assert targets == {e.id: "not-satisfied" for e in found.controls if e.state is State.FINDING}
    assert (
        "findings"
        not in json.loads(files(evidence(tmp_path / "x"))["assessment-results.json"])["assessment-results"][
            "results"
        ][0]
    )


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_sarif_log_is_valid_and_holds_every_finding(framework: Framework, tmp_path: Path) -> None:
    log = json.loads(files(rich(tmp_path, framework))["findings.sarif"])
    Draft4Validator(SARIF).validate(log)
    run = log["runs"][0]
    results = {each["ruleId"] for each in run["results"]}
    assert "bucket-not-public" in results
    assert results <= {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert len({each["partialFingerprints"]["meridian/v1"] for each in run["results"]}) == len(run["results"])


def test_an_excepted_finding_is_suppressed_in_sarif_with_its_reason(tmp_path: Path) -> None:
    from datetime import date

    from assessed import policies

    from meridian.compliance.exceptions import Exemption

    by = Exemption(
        rule="bucket-not-public", resource="*", environments=("prod",), owner="security",
        reason="a reason that is long enough", expires=date(2027, 1, 31),
    )  # fmt: skip
    rules = replace(policies(), exceptions=(by,))
    found = assess(basis(tmp_path, mutant("bucket-not-public"), rules=rules), "gdpr", LATER)
    log = json.loads(files(found)["findings.sarif"])
    Draft4Validator(SARIF).validate(log)
    (one,) = log["runs"][0]["results"]
    assert "until 2027-01-31" in one["suppressions"][0]["justification"]


def test_the_table_has_a_line_for_each_check_of_each_control_and_for_those_without(tmp_path: Path) -> None:
    found = rich(tmp_path)
    head, *rows = csv.reader(io.StringIO(files(found)["controls.csv"]))
    assert tuple(head) == COLUMNS and {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == sum(max(1, len(each.observations)) for each in found.controls)


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    keep(Checkout(tmp_path), "prod", [judged("pod-security", "eu", "", "", "=HYPERLINK(1)", True)])
    found = evidence(tmp_path)
    one = replace(found.aside[0], controls=frozenset({"gdpr-art5"}))
    first = replace(found.controls[0], observations=(one,))
    text = files(replace(found, controls=(first,)))["controls.csv"]
    assert "'=HYPERLINK(1)" in text and ",=HYPERLINK" not in text


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_file_gives_an_opinion(framework: Framework, tmp_path: Path) -> None:
    for name, text in {**files(rich(tmp_path, framework)), **files(evidence(tmp_path, framework))}.items():
        assert not OPINION.search(text), (name, OPINION.search(text))


@pytest.mark.parametrize("providers", PROVIDERS)
def test_every_reader_is_told_what_the_plan_was_made_against(providers: str, tmp_path: Path) -> None:
    made = basis(tmp_path)
    found = assess(replace(made, plan=replace(made.plan, providers=providers)), "soc2", LATER)
    written = files(found)
    for name in ("assessment-results.json", "findings.sarif"):
        assert PROVIDERS[providers] in written[name]
    assert PROVIDERS[providers] in unescape(written["report.html"])


def test_the_same_evidence_gives_the_same_files(tmp_path: Path) -> None:
    assert files(rich(tmp_path / "a")).keys() == files(rich(tmp_path / "b")).keys()
    assert files(evidence(tmp_path)) == files(evidence(tmp_path))


@pytest.mark.parametrize("rule", ["no-secret-in-plain-config"])
def test_no_secret_of_a_plan_gets_into_a_package(rule: str, tmp_path: Path) -> None:
    from policies.mutants.baseline import resources
    from policies.mutants.cases import CASES

    for case in (each for each in CASES if each.rule == rule):
        found = evidence(tmp_path, "soc2", case.edit(resources()))
        assert found.counts[State.FINDING]
        assert not [name for name, text in files(found).items() if "hunter2" in text]


def _hostile(found: Evidence) -> Evidence:
    bad = "<script>alert(1)</script>"
    finding = Finding(
        "rule", "title", Severity.HIGH, Level.MANDATORY, "eu", bad, "urn", bad, bad, ("gdpr-art5",), bad
    )
    first = replace(found.controls[0], findings=(finding,), not_checked=(bad,))
    return replace(found, controls=(first, *found.controls[1:]))


@pytest.mark.parametrize("name", ["report.html", "processing-record.html"])
def test_the_pages_run_no_script_ask_no_network_and_escape_what_they_show(name: str, tmp_path: Path) -> None:
    page = files(_hostile(evidence(tmp_path)))[name]
    assert "<script" not in page and "default-src 'none'" in page and "@media print" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page
    if name == "report.html":
        assert page.count("&lt;script&gt;") >= 4


def test_the_report_names_every_control_its_state_and_its_gap(tmp_path: Path) -> None:
    found = rich(tmp_path)
    page = files(found)["report.html"]
    for each in found.controls:
        section = page[page.index(f'id="{each.id}"') :].split("</section>")[0]
        assert str(each.state) in section
        assert not each.control.gap or "Gap" in section


def test_the_same_sight_on_two_clusters_is_one_line_that_names_both(tmp_path: Path) -> None:
    same = [judged("tls-minimum", each, "tried", "refused", "refused", True) for each in ("eu-1", "eu-2")]
    other = judged("tls-minimum", "eu-3", "tried", "refused", "taken", False)
    keep(Checkout(tmp_path), "prod", [*same, other])
    page = files(evidence(tmp_path))["report.html"]
    section = page[page.index('id="gdpr-art32"') :].split("</section>")[0]
    assert "<td>eu-1, eu-2</td>" in section and "<td>eu-3</td>" in section


def test_the_record_of_processing_has_every_table_with_personal_data_and_names_what_is_missing(
    tmp_path: Path,
) -> None:
    found = evidence(tmp_path)
    told: dict[str, Any] = json.loads(files(found)["processing-record.json"])
    names = {each["name"] for each in told["activities"]}
    personal = {f"database table {key}" for key, each in PROD.tables.tables.items() if each.personal}
    assert personal <= names and "database table legal_texts" not in names
    audit = next(each for each in told["activities"] if each["name"] == "database table audit")
    assert audit["kept"] == "2192 days after the time in at" and "kept for a legal duty" in audit["erased"]
    documents = next(each for each in told["activities"] if each["name"] == "database table documents")
    assert documents["data"]["health (special category, art. 9(1))"] == ["title", "body"]
    assert told["controller"]["data protection officer"] == "not stated in the data"
    controller = Controller(name="Acme GmbH", protection_officer="privacy@acme.example")
    registers = found.registers.model_copy(update={"controller": controller})
    named = json.loads(files(replace(found, registers=registers))["processing-record.json"])["controller"]
    assert named["name of the controller"] == "Acme GmbH" and named["contact"] == "not stated in the data"
    assert {each["to"] for each in told["transfers"]} >= {"Cloudflare, Inc.", "Datadog, Inc."}


def test_the_map_shows_that_rows_of_the_eu_stay_and_what_leaves_a_jurisdiction(tmp_path: Path) -> None:
    written = files(evidence(tmp_path))
    flows = json.loads(written["processing-record.json"])["flows"]
    leaving = {(each["source"], each["target"]) for each in flows if each["crosses"]}
    assert leaving == {("edge-us", "clusters-asia"), ("edge-asia", "clusters-us")}
    texts = [node.text for node in ElementTree.fromstring(written["data-flows.svg"]).iter() if node.text]
    assert "eu.meridian.example" in texts and "datadoghq.eu" in texts


def test_a_log_of_the_eu_that_is_kept_elsewhere_leaves_its_jurisdiction() -> None:
    from meridian.evidence.flows import flow_map
    from policies.mutants.baseline import plan_of

    logs = PROD.edge.logs.model_copy(update={"destinations": {"eu": "us"}})
    moved = PROD.model_copy(update={"edge": PROD.edge.model_copy(update={"logs": logs})})
    found = flow_map(moved, plan_of([]))
    assert [(e.source, e.target) for e in found.flows if e.crosses and not e.when] == [
        ("edge-eu", "requests-us")
    ]
