"""What the checks answer for, and what the command refuses before it asks anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meridian.compliance.controls import load_controls
from meridian.model import load_environment
from meridian.orchestrator.errors import UsageError
from meridian.verify import access, rows
from meridian.verify.by_kubeconfig import clusters
from meridian.verify.catalogue import CHECKS
from meridian.verify.result import Outcome, judged
from meridian.verify.run import Task, run

ROOT = Path(__file__).parents[2]
PROD = load_environment(ROOT, "prod")


def test_every_check_shows_something_of_controls_that_exist() -> None:
    known = load_controls(ROOT / "policies").controls
    for name, check in CHECKS.items():
        assert check.controls and set(check.controls) <= set(known), name


def test_the_matrix_knows_the_roles_and_gives_nobody_anything() -> None:
    matrix = access.load_matrix(ROOT / "policies")
    assert {role for cell in matrix.cells for role in cell.may} == set(PROD.platform.access.roles())
    asked = list(access.questions(matrix, tuple(PROD.platform.access.roles())))
    assert not any(question.expected for question in asked if question.role == access.NOBODY)
    spoken = {str(question) for question in asked}
    assert len(spoken) == len(asked), "a question is asked twice"
    namespaces = {question.namespace for question in asked} - {"", "kube-system"}
    assert namespaces <= set(PROD.platform.namespaces)


def test_a_question_is_put_as_the_api_server_takes_it() -> None:
    asked = access.Question("viewer", "update", "deployments.apps/scale", "portal", False)
    assert asked.attributes() == {
        "verb": "update",
        "resource": "deployments",
        "group": "apps",
        "subresource": "scale",
        "namespace": "portal",
    }


def test_every_role_of_the_schema_and_only_those_has_its_sight() -> None:
    sights = rows.load_sights(ROOT / "policies").roles
    assert set(sights) == set(PROD.tables.roles) - {PROD.tables.owner}
    named = {table for sight in sights.values() for table in (*sight.own, *sight.all)}
    assert named == {name for name, table in PROD.tables.tables.items() if table.subject}


def kubeconfig(folder: Path, context: str) -> Path:
    file = folder / "config"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {}}],
    }
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize(
    "form", ["gke_a-project_europe-west1_{}", "arn:aws:eks:eu-west-1:1:cluster/{}", "{}"]
)
def test_a_cluster_is_told_by_its_context_as_the_clouds_name_it(tmp_path: Path, form: str) -> None:
    name = next(iter(PROD.clusters()))
    assert list(clusters(PROD, [str(kubeconfig(tmp_path, form.format(name)))])) == [name]


@pytest.mark.parametrize("given", ["another", "elsewhere={}", "{}"])
def test_a_kubeconfig_of_no_cluster_is_refused_with_the_fix(tmp_path: Path, given: str) -> None:
    with pytest.raises(UsageError, match="fix: "):
        clusters(PROD, [given.format(kubeconfig(tmp_path, "minikube"))])


def test_a_check_that_breaks_off_has_failed_and_one_that_answered_before_counts() -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield judged("row-security", "one", "did", "expected", "seen", True)
        raise OSError("gone")

    found = run([Task(("row-security", "audit-trail"), "one", broken)])
    assert [each.outcome for each in found] == [Outcome.PASSED, Outcome.FAILED] and "gone" in found[1].seen
