"""A bucket that a change opens to the public stops a preview and an `up`, before anything exists."""

import json
from pathlib import Path

import pytest
from estate_checkout import EstateCheckout

pytestmark = pytest.mark.e2e


@pytest.fixture
def opened(tmp_path: Path) -> EstateCheckout:
    made = EstateCheckout(tmp_path / "estate")
    file = made.root / "components" / "gcp" / "audit.py"
    text = file.read_text()
    assert 'public_access_prevention="enforced"' in text
    file.write_text(
        text.replace('public_access_prevention="enforced"', 'public_access_prevention="inherited"')
    )
    return made


def test_a_bucket_opened_to_the_public_stops_preview_and_up_before_anything_exists(
    opened: EstateCheckout,
) -> None:
    try:
        for command in (("preview", "prod"), ("up", "local")):
            said = json.loads(opened.run(*command, "--unit", "foundation", "--json", code=1))
            assert not said["ok"]
            [found] = [each for each in said["policies"]["findings"] if each["rule"] == "bucket-not-public"]
            assert found["level"] == "mandatory" and found["unit"] == "foundation"
            assert "inherited" in found["value"] and found["controls"] and found["fix"]
        assert opened.inventory() == []
    finally:
        opened.run("down")


def test_a_rule_of_the_whole_estate_stops_the_up_of_one_unit(tmp_path: Path) -> None:
    made = EstateCheckout(tmp_path / "estate")
    register = made.root / "policies" / "exceptions.yaml"
    register.write_text(register.read_text().replace("expires: 2027-06-30", "expires: 2026-01-01"))
    try:
        looked = json.loads(made.run("preview", "local", "--unit", "foundation", "--json"))["policies"]
        assert not looked["mandatory"] and "audit-log-exists" in looked["skipped"]
        said = json.loads(made.run("up", "local", "--unit", "foundation", "--json", code=1))["policies"]
        assert said["skipped"] == []
        assert "ended on 2026-01-01" in {found["value"] for found in said["findings"]}
        assert made.inventory() == []
    finally:
        made.run("down")


def test_the_plan_of_production_breaks_no_mandatory_rule_and_lists_every_exception(
    checkout: EstateCheckout,
) -> None:
    said = json.loads(checkout.run("preview", "prod", "--json"))
    report = said["policies"]
    assert report["findings"] == []
    assert {each["rule"] for each in report["exceptions"]} == {
        "iam-no-wildcard",
        "namespace-pod-security",
        "rbac-no-wildcard",
        "image-by-digest",
    }
    assert all(each["exception"]["owner"] and each["exception"]["expires"] for each in report["exceptions"])
    assert "audit-log-exists" in report["rules"] and report["resources"] > 2000
