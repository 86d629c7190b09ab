"""Who may do what on a cluster: the expected matrix of policies/access.yaml, put to the API server question by question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from kubernetes import client
from pydantic import Field

from meridian.compliance.files import read
from meridian.model.base import Model
from meridian.verify.catalogue import ACCESS
from meridian.verify.cluster import Cluster, raw
from meridian.verify.result import Checked, judged, some

NOBODY = "nobody"
"""Somebody who has signed on and is in none of the groups."""


class Cell(Model):
    """Some verbs on one resource, and the roles that may do them; every other role is refused."""

    resource: Annotated[str, Field(pattern=r"^(\*|[a-z]+)(\.[a-z0-9.-]+|\.\*)?(/[a-z]+)?$")]
    """As `kubectl auth can-i` takes it: `deployments.apps`, `pods/exec`."""
    verbs: Annotated[tuple[str, ...], Field(min_length=1)]
    namespaces: tuple[str, ...] = ()
    """None: asked for the whole cluster."""
    may: tuple[str, ...] = ()
    why: Annotated[str, Field(min_length=10)]


class Matrix(Model):
    """`access.yaml`."""

    cells: Annotated[tuple[Cell, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Question:
    """May this role do this, and what the matrix answers."""

    role: str
    verb: str
    resource: str
    namespace: str
    expected: bool

    def __str__(self) -> str:
        """Return it as people say it."""
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.role} {self.verb} {self.resource}{place}"

    def attributes(self) -> dict[str, str]:
        """Return the resource's attributes of a review."""
        resource, _, subresource = self.resource.partition("/")
        name, _, group = resource.partition(".")
        given = {
            "verb": self.verb,
            "resource": name,
            "group": group,
            "subresource": subresource,
            "namespace": self.namespace,
        }
        return {key: value for key, value in given.items() if value}


def load_matrix(policies: Path) -> Matrix:
    """Return the matrix of the folder `policies/`; raises ModelErrors."""
    return read(policies / "access.yaml", Matrix)


def questions(matrix: Matrix, roles: tuple[str, ...]) -> Iterator[Question]:
    """Yield every question of the matrix for every role and for nobody."""
    for cell in matrix.cells:
        for verb in cell.verbs:
            for namespace in cell.namespaces or ("",):
                for role in (*roles, NOBODY):
                    yield Question(role, verb, cell.resource, namespace, role in cell.may)


def check(cluster: Cluster, matrix: Matrix) -> Checked:
    """Return whether the cluster's authorizers answer every question as the matrix does; changes nothing."""
    groups = {role: held.group for role, held in cluster.environment.platform.access.roles().items()}
    asked = list(questions(matrix, tuple(groups)))
    with cluster.api() as api:
        reviews = client.AuthorizationV1Api(api)
        wrong = [
            f"{question} is {'refused' if question.expected else 'allowed'}"
            for question in asked
            if _allowed(reviews, question, groups.get(question.role)) != question.expected
        ]
    allowed = sum(question.expected for question in asked)
    return judged(
        ACCESS,
        cluster.name,
        f"asked {len(asked)} SubjectAccessReviews for {', '.join(groups)} and {NOBODY}",
        f"{allowed} allowed, {len(asked) - allowed} refused, as policies/access.yaml says",
        some(wrong) if wrong else f"{allowed} allowed, {len(asked) - allowed} refused, each as expected",
        not wrong,
    )


def _allowed(reviews: Any, question: Question, group: str | None) -> bool:
    groups = [*([group] if group else ()), "system:authenticated"]
    spec = {"user": "meridian-verify", "groups": groups, "resourceAttributes": question.attributes()}
    answer = raw(reviews.create_subject_access_review({"spec": spec}, _preload_content=False))
    return bool(answer["status"].get("allowed"))
