"""The pages that people read and print: the report and the record of processing. No network, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from meridian.evidence.model import STATEMENT, Evidence, Observation, Outcome, State
from meridian.report.pages import page
from meridian.wording import counted

_PACKAGE = "meridian.evidence"
_MARKS = {
    State.FINDING: "bad",
    State.EXCEPTED: "warn",
    State.CHECKED: "ok",
    State.PART: "ok",
    State.NOT_CHECKED: "none",
    State.PEOPLE: "none",
}
_OUTCOME_MARKS = {Outcome.FINDING: "bad", Outcome.EXCEPTED: "warn", Outcome.NONE: "ok"}


def report(evidence: Evidence, flows: str) -> str:
    """Return the report; `flows` is the map as SVG."""
    return page("report.html", _PACKAGE).render(
        evidence=evidence,
        statement=STATEMENT,
        marks=_MARKS,
        outcome_marks=_OUTCOME_MARKS,
        counted=counted,
        together=together,
        # The map escapes every text that it takes from the model.
        flows=Markup(flows),  # noqa: S704
    )


def processing_record(record: Mapping[str, Any], flows: str) -> str:
    """Return the record of processing."""
    return page("processing-record.html", _PACKAGE).render(
        record=record,
        flows=Markup(flows),  # noqa: S704
    )


def together(observations: Sequence[Observation]) -> list[tuple[Observation, str]]:
    """Return the last of those that saw the same by the same check, with all their subjects."""
    groups: dict[tuple[str, ...], list[Observation]] = {}
    for each in observations:
        groups.setdefault((each.method, each.name, each.outcome, each.seen, each.note), []).append(each)
    return [
        (max(group, key=lambda each: each.at), ", ".join(each.subject for each in group))
        for group in groups.values()
    ]
