"""A review as Markdown for a pull request's comment: the verdict and its reasons stay, the rest is shortened to fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meridian.plan import PlannedResource
from meridian.plan.kinds import area, holds_data
from meridian.proofs.cost import CATEGORIES, Costs
from meridian.proofs.result import Verdict
from meridian.proofs.summary import failing
from meridian.report.review import Judgement, Review
from meridian.wording import counted

LIMIT = 65_536
"""Characters of a comment's body (GitHub REST API, "Issue comments", 2026-11)."""
MARK = "<!-- meridian-preview: {environment} -->"
"""The first line, by which the comment is found again and edited in place."""
_SIGN = {Judgement.SAFE: "✅", Judgement.ATTENTION: "⚠️", Judgement.REFUSED: "⛔"}
_REASONS, _ROWS = 12, 40


def render(review: Review, *, limit: int = LIMIT) -> str:
    """Return the comment; lists of resources are cut first when it would be longer than `limit`."""
    for rows in (_ROWS * 4, _ROWS, 10, 3, 0):
        text = "\n".join(_parts(review, rows)) + "\n"
        if len(text) <= limit:
            return text
    return text[: limit - 40] + "\n\n… cut to the size of a comment\n"


def _parts(review: Review, rows: int) -> Iterable[str]:
    plan = review.plan
    yield MARK.format(environment=plan.environment)
    yield f"## {_SIGN[review.judgement]} {plan.environment}: {review.judgement}"
    yield ""
    shown = review.reasons[:_REASONS]
    yield from (f"- {_cell(reason)}" for reason in shown)
    if len(review.reasons) > len(shown):
        yield f"- … and {len(review.reasons) - len(shown)} more"
    if review.proofs:
        yield f"- {_cell(review.proved)}"
    yield ""
    counts = ", ".join(f"{count} {op}" for op, count in sorted(review.counts.items())) or "no change"
    against = "" if plan.providers == "official" else ", against simulated providers"
    yield f"Plan `{plan.digest()[:12]}` of `{plan.revision[:8]}`: {counts}{against}."
    if review.destructive:
        yield from _table(
            "Replaced or deleted",
            ("", "resource", "unit", "holds data"),
            [
                (each.op, _name(each), each.unit, "**yes**" if holds_data(each) else "no")
                for each in review.destructive
            ],
            max(rows, 10),
        )
    if review.needs_approval:
        yield "An approval must name these:"
        yield ""
        yield from (f"- `{urn}`" for urn in review.needs_approval[:_ROWS])
    if review.opens:
        yield from _table(
            "Who may do what",
            ("", "area", "resource", "what differs"),
            [(each.op, area(each), _name(each), ", ".join(each.changed)) for each in review.opens],
            rows,
        )
    if review.changed_proofs:
        yield from _table(
            "Proofs that changed",
            ("proof", "of", "claim", "before", "now"),
            [
                (change.proof, change.finding.subject, change.finding.claim, change.before,
                 f"{change.finding.verdict} {change.finding.value}".strip())
                for change in review.changed_proofs
            ],
            max(rows, 5),
        )  # fmt: skip
    yield from _costs(review.costs, review.costs_now)
    if review.policies:
        yield from _table(
            "Policy findings",
            ("level", "policy", "resource", "finding"),
            [(each.level, each.policy, each.resource, each.message) for each in review.policies],
            rows,
        )
    if review.warnings:
        yield from _table(
            "Warnings",
            ("warning", "units"),
            [(message, ", ".join(units)) for message, units in review.warnings.items()],
            max(rows, 10),
        )
    yield from _proofs(review)
    yield from _resources(review, rows)


def _costs(costs: Costs, now: Costs | None) -> Iterable[str]:
    rows: list[tuple[str, ...]] = []
    for category in CATEGORIES:
        least, expected, most = costs.by_category[category]
        change = expected - now.by_category[category][1] if now else None
        rows.append((category, f"{least:,.0f}", f"{expected:,.0f}", f"{most:,.0f}", _signed(change)))
    least, expected, most = costs.total
    change = expected - now.total[1] if now else None
    rows.append(("**total**", f"{least:,.0f}", f"**{expected:,.0f}**", f"{most:,.0f}", _signed(change)))
    yield from _table("USD a month", ("", "least", "expected", "most", "change"), rows, 20)
    if costs.unknown:
        yield f"Of unknown price, in no total: {'; '.join(costs.unknown[:10])}."
        yield ""


def _signed(change: float | None) -> str:
    return "new" if change is None else f"{change:+,.0f}" if abs(change) >= 0.5 else "0"


def _proofs(review: Review) -> Iterable[str]:
    rows = []
    for proof in review.proofs:
        held = sum(finding.verdict is Verdict.HOLDS for finding in proof.findings)
        demanded = "broken" if proof.broken else "holds"
        told = "; ".join(failing(proof))
        rows.append((proof.name, demanded, f"{held} of {len(proof.findings)}", told))
    heads = ("proof", "what is demanded", "claims that hold", "those that do not")
    yield from _folded(f"All proofs: {review.proved}", list(_table("", heads, rows, 20)))


def _resources(review: Review, rows: int) -> Iterable[str]:
    for unit in review.plan.units:
        changing = review.plan.changing(unit)
        if changing and rows:
            lines = [f"{each.op} {each.type} {each.name}" for each in changing[:rows]]
            if len(changing) > rows:
                lines.append(f"… and {len(changing) - rows} more")
            yield from _folded(f"{unit}: {counted(len(changing), 'resource')}", ["```", *lines, "```"])


def _folded(title: str, lines: Sequence[str]) -> Iterable[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> Iterable[str]:
    if title:
        yield ""
        yield f"### {title}"
        yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows[:most]:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""
    if len(rows) > most:
        yield f"… and {len(rows) - most} more."
        yield ""


def _name(resource: PlannedResource) -> str:
    return f"`{resource.type}` {resource.name}"


def _cell(text: str) -> str:
    # A bar or a line break would end the cell; an @ would call somebody, a # link an issue.
    return text.replace("|", "\\|").replace("\n", " ").replace("@", "@\u200b").replace("#", "#\u200b")
