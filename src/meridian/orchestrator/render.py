"""The merged result as text: the cause of a failure first, then the changes by unit, then the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from meridian.compliance.rule import Level
from meridian.orchestrator.result import Result, UnitResult
from meridian.orchestrator.units import Mark
from meridian.wording import counted

if TYPE_CHECKING:
    from meridian.compliance.evaluate import Report

_SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "±", "import": "="}
_LONGEST = 40
# Beyond this many changes in all, what is only made is counted by kind instead of listed.
_MANY = 100
_VERBS = {
    "preview": ("would be changed", "nothing would change"),
    "up": ("changed", "nothing to do: everything is as described"),
    "refresh": ("found changed", "no drift: everything is as the state says"),
    "drift": ("differ", "no drift: everything is as the state says"),
    "destroy": ("deleted", "nothing to do: there is nothing left"),
}


def text(result: Result, *, full: bool = False) -> str:
    """Return the whole report; unless `full` at most forty changes a unit, and of a first run only counts."""
    return "\n".join(_lines(result, full))


def _lines(result: Result, full: bool) -> Iterator[str]:
    cause = result.cause
    if cause:
        where = f"{cause.unit}, {cause.type} {cause.resource}" if cause.resource else cause.unit
        yield f"FAILED first in {where}:"
        yield from (f"  {line}" for line in cause.message.splitlines())
        yield ""
    if result.behind:
        yield f"warning: {result.behind}"
    for unit in result.units:
        made = not full and result.changed > _MANY and all(change.op == "create" for change in unit.changes)
        yield from _unit(unit, full, counted=made)
    yield from warnings(result)
    if result.policies:
        yield from policies(result.policies, full=full)
    if not full and result.changed > _MANY:
        yield "--full lists every change"
    yield _closing(result)


def warnings(result: Result) -> Iterator[str]:
    """Yield each warning once, with the units that give it."""
    for message, units in result.warnings.items():
        yield f"warning: {', '.join(units)}: {message}"


def policies(report: Report, *, full: bool = False) -> Iterator[str]:
    """Yield what the rules say: each mandatory finding, the others as counts by rule unless `full`."""
    for found in report.findings:
        if full or found.level is Level.MANDATORY:
            where = f"{found.unit}, {found.resource}: " if found.unit else ""
            yield f"policy {found.rule} ({found.level}): {where}{found.message}"
    if not full:
        counts = Counter(found.rule for found in report.findings if found.level is Level.ADVISORY)
        if counts:
            named = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
            yield f"policies: {counts.total()} advisory findings: {named}"
    if report.skipped:
        named = ", ".join(report.skipped)
        yield (
            f"policies: not judged, as they need the plan of every unit: {named}; "
            f"fix: `meridian preview {report.environment}` judges them"
        )
    if report.excepted:
        yield f"policies: {len(report.excepted)} findings under exceptions of policies/exceptions.yaml"


def _unit(unit: UnitResult, full: bool, *, counted: bool = False) -> Iterator[str]:
    if unit.mark is Mark.BLOCKED:
        yield f"{unit.unit}: blocked by {unit.blocked_by}, not started"
        return
    for note in unit.notes:
        yield f"{unit.unit}: {note}"
    if unit.changes:
        kinds = f" ({_kinds(unit)})" if counted else ""
        yield f"{unit.unit}: {_counts(unit.counts) or f'{len(unit.changes)} changed'}{kinds}"
    shown = unit.changes if full else unit.changes[: 0 if counted else _LONGEST]
    for change in shown:
        differs = f"  [{', '.join(change.properties)}]" if change.properties else ""
        yield f"  {_SIGNS.get(change.op, '?')} {change.type}  {change.name}{differs}"
        yield from _details(unit.details.get(change.urn, []), full)
    if len(unit.changes) > len(shown) and not counted:
        yield f"  ... and {len(unit.changes) - len(shown)} more (--full shows all)"
    for found in unit.violations:
        yield f"  policy {found.policy} ({found.level}): {found.message}"
    if unit.mark is Mark.FAILED:
        own = unit.cause()
        if own:
            where = f"{own[1].type} {own[1].resource}: " if own[1].resource else ""
            yield f"{unit.unit}: failed: {where}{own[1].message.splitlines()[0] if own[1].message else ''}"
    elif unit.mark is Mark.INTERRUPTED:
        yield f"{unit.unit}: interrupted"


def _kinds(unit: UnitResult) -> str:
    """Count changes by cloud and module, such as aws:ec2, the most frequent first."""
    counts = Counter(change.type.split("/")[0].removesuffix(":index") for change in unit.changes)
    shown = counts.most_common(4)
    rest = counts.total() - sum(count for _, count in shown)
    named = [f"{count} {kind}" for kind, count in shown]
    return ", ".join([*named, f"{rest} others"] if rest else named)


def _details(lines: list[str], full: bool) -> Iterator[str]:
    shown = lines if full else lines[:_LONGEST]
    yield from (f"      {line}" for line in shown)
    if len(lines) > len(shown):
        yield f"      ... and {len(lines) - len(shown)} more lines (--full shows all)"


def _counts(counts: dict[str, int]) -> str:
    order = ("create", "update", "replace", "delete", "import", "same")
    named = {"same": "unchanged"}
    return ", ".join(f"{counts[op]} {named.get(op, op)}" for op in order if counts.get(op))


def _closing(result: Result) -> str:
    behind = f"; may be behind in {', '.join(result.cut_off)}, see above" if result.cut_off else ""
    return f"{_outcome(result)}{behind}"


def _outcome(result: Result) -> str:
    changed, unchanged = _VERBS.get(result.operation, ("changed", "nothing to do"))
    took = f"{result.seconds:.1f} s"
    # The last line is what a reader keeps: it says by itself what the plan was made against.
    simulated = ", a plan against simulated providers" if result.providers == "plan" else ""
    head = f"{result.operation} {result.environment}{simulated}"
    if result.interrupted:
        return f"{head}: interrupted after {took}; run it again to go on from here"
    if result.refused and result.policies:
        end = "; nothing was changed" if result.operation == "up" else ""
        return f"{head}: refused by {len(result.policies.mandatory)} mandatory policy findings{end} ({took})"
    if not result.ok:
        failed = [unit.unit for unit in result.units if unit.mark is Mark.FAILED]
        blocked = [unit.unit for unit in result.units if unit.mark is Mark.BLOCKED]
        rest = f"; blocked: {', '.join(blocked)}" if blocked else ""
        return f"{head}: failed in {', '.join(failed)}{rest}; {counted(result.changed, 'resource')} {changed} ({took})"
    if result.changed == 0:
        return f"{head}: {unchanged} ({counted(result.counts.get('same', 0), 'resource')}, {took})"
    return f"{head}: {counted(result.changed, 'resource')} {changed}: {_counts(result.counts)} ({took})"
