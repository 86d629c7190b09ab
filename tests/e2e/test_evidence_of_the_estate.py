"""The evidence of production, from a plan that the real engine makes."""

import csv
import json

import pytest
from estate_checkout import EstateCheckout

pytestmark = pytest.mark.e2e


def test_the_evidence_of_production_tells_of_its_real_plan_and_of_what_was_not_done(
    checkout: EstateCheckout,
) -> None:
    said = checkout.run("evidence", "prod", "--framework", "gdpr", "--out", "package")
    assert "SIMULATED providers" in said and "no live check of prod is kept here" in said
    package = checkout.root / "package"
    with (package / "controls.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    states = {row["control"]: row["state"] for row in rows}
    assert len(states) == 14 and "finding" not in states.values()
    assert states["gdpr-art25"] == "checked, findings under an exception only"
    residency = next(row for row in rows if row["check"] == "residency")
    assert residency["outcome"] == "no finding" and residency["rests on"].startswith("plan sha256:")
    record = json.loads((package / "processing-record.json").read_text())
    archive = next(each for each in record["activities"] if "audit logs" in each["name"])
    assert archive["places"] == ["aws eu-west-1", "gcp europe-west1"]
    assert "every file is as MANIFEST.sha256 says" in checkout.run("evidence", "verify", "package")
