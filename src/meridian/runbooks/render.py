"""Renders a runbook per failure as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment as Pages
from jinja2 import PackageLoader, StrictUndefined

from meridian.model.environment import Environment
from meridian.runbooks.facts import Facts

FAILURES: Mapping[str, str] = {
    "cluster-lost": "A cluster is lost",
    "region-lost": "A region is lost",
    "cloud-lost": "A cloud is lost",
    "node-lost": "A database node is lost",
    "quorum-lost": "A region's database has no quorum",
    "edge-misfire": "The edge sends visitors the wrong way, or a monitor is wrong",
    "certificate-expiry": "A certificate expires",
    "key-compromised": "A key or a secret is known to somebody else",
    "bad-release": "A release is bad",
    "data-restore": "Data must be restored",
}
"""Each failure with its title."""


def runbook(environment: Environment, failure: str) -> str:
    """Return one runbook; raises KeyError for a failure that has none."""
    pages = Pages(
        loader=PackageLoader("meridian.runbooks", "templates"),
        # Markdown of our own data: nothing to escape.
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return pages.get_template(f"{failure}.md").render(title=FAILURES[failure], f=Facts(environment))


def runbooks(environment: Environment) -> dict[str, str]:
    """Return every runbook by its file's name, with an index."""
    found = {f"{failure}.md": runbook(environment, failure) for failure in FAILURES}
    lines = "\n".join(f"- [{title}]({failure}.md)" for failure, title in FAILURES.items())
    index = (
        f"# Runbooks of {environment.environment}\n\n"
        f"Made by `meridian runbook {environment.environment} --write docs/runbooks` of `stacks/{environment.environment}`; "
        f"do not edit them.\n\n{lines}\n"
    )
    return {"README.md": index, **found}
