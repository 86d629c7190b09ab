"""The evidence as CSV: a line for each control and each observation of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from meridian.evidence.model import ControlEvidence, Evidence
from meridian.wording import counted

COLUMNS = (
    "framework", "control", "title", "source", "answers", "state", "method", "check", "subject", "outcome", "seen",
    "at (UTC)", "rests on", "note", "exceptions", "not checked", "gap",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(evidence: Evidence) -> str:
    """Return the table (RFC 4180); a control without an observation has one line."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in evidence.controls:
        writer.writerows([_safe(cell) for cell in row] for row in _rows(evidence, each))
    return text.getvalue()


def _rows(evidence: Evidence, each: ControlEvidence) -> Iterator[tuple[str, ...]]:
    control = each.control
    head = (
        evidence.framework,
        each.id,
        control.title,
        control.source,
        " ".join(control.answers),
        str(each.state),
    )
    exceptions = "; ".join(
        f"{by.rule}: {counted(count, 'finding')}, {by.owner}, until {by.expires}"
        for by, count in each.exceptions
    )
    tail = (exceptions, "; ".join(each.not_checked), control.gap)
    if not each.observations:
        yield (*head, *[""] * 8, *tail)
    for one in each.observations:
        at = one.at.strftime("%Y-%m-%d %H:%M:%S")
        yield (
            *head,
            str(one.method),
            one.name,
            one.subject,
            str(one.outcome),
            one.seen,
            at,
            one.source,
            one.note,
            *tail,
        )


def _safe(cell: str) -> str:
    """Keep a spreadsheet from taking a value of the plan for a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
