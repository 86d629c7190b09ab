"""Runbooks are made of an environment's data, and the ones in docs/ are those of today."""

import re

import pytest

from meridian.model import load_environment
from meridian.paths import find_checkout
from meridian.runbooks.render import FAILURES, runbook, runbooks

ROOT = find_checkout().root
PROD = load_environment(ROOT, "prod")


def test_the_runbooks_in_docs_are_current() -> None:
    found = {file.name: file.read_text() for file in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert found == runbooks(PROD), "run `meridian runbook prod --write docs/runbooks`"


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", ["prod", "staging", "local"])
def test_every_runbook_has_all_its_parts_and_people_to_call(name: str, failure: str) -> None:
    environment = load_environment(ROOT, name)
    text = runbook(environment, failure)
    parts = re.split(r"^## .*\n", text, flags=re.M)[1:]
    assert len(parts) == 5
    assert all(len(part.strip()) > 20 for part in parts)
    assert environment.platform.access.break_glass.group in text
    assert "None" not in text


def test_the_figures_and_ways_are_those_of_the_proofs() -> None:
    text = runbook(PROD, "cluster-lost")
    assert "worst case 35 s" in text
    assert "`prod-eu-gke` -> `prod-eu-eks`" in text
    assert "nobody serves them" in runbook(PROD, "region-lost")


def test_every_link_leads_to_a_runbook() -> None:
    found = runbooks(PROD)
    for text in found.values():
        assert set(re.findall(r"\]\(([\w-]+\.md)\)", text)) <= set(found)
