"""What the plan costs a month at its least, as expected and at its most, by category, against the budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import get_args

from meridian.model.environment import Environment
from meridian.model.prices import Category, Prices
from meridian.plan import Plan
from meridian.proofs.bill import Line, Triple, times
from meridian.proofs.billing import lines
from meridian.proofs.billing_rules import EDGE_PLAN
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.wording import counted

CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True)
class Costs:
    """USD a month: least, expected, most; what has no price is named, never counted as nothing."""

    by_category: dict[Category, Triple]
    by_price: dict[str, Triple]
    unknown: tuple[str, ...]

    @property
    def total(self) -> Triple:
        """Return the sum over the categories."""
        return _sum(self.by_category.values())


def costs(plan: Plan, known: Prices, environment: Environment) -> Costs:
    """Price a plan and what no resource stands for."""
    billed, unpriced = lines(plan, known.usage, known.hours_per_month)
    categories: dict[Category, list[Triple]] = defaultdict(list)
    prices: dict[str, list[Triple]] = defaultdict(list)
    unknown = {f"{token}: no rule says what it costs" for token in unpriced}
    for line in billed:
        if line.price == EDGE_PLAN:
            line = replace(line, price=f"{EDGE_PLAN}-{environment.edge.plan}")
        amount = _priced(line, known)
        if amount is None:
            unknown.add(f"{line.price} in {line.region or 'no region'}: no price")
            continue
        categories[line.category].append(amount)
        prices[line.price].append(amount)
    for name, extra in known.outside.items():
        amount = (extra.usd.min, extra.usd.expected, extra.usd.max)
        categories[extra.category].append(amount)
        prices[name].append(amount)
    for name, contract in known.contracts.items():
        if contract.usd is None:
            unknown.add(f"{name}: {contract.why}")
            continue
        count = environment.database.nodes * environment.database.cpu if contract.per == "vCPU-month" else 1
        categories[contract.category].append((contract.usd * count,) * 3)
        prices[name].append((contract.usd * count,) * 3)
    return Costs(
        {category: _sum(categories.get(category, ())) for category in CATEGORIES},
        {name: _sum(amounts) for name, amounts in sorted(prices.items())},
        tuple(sorted(unknown)),
    )


def cost(plan: Plan, known: Prices, environment: Environment) -> Proof:
    """Prove that the plan stays within the budget's ceiling, at its most; the seed's floor is stated."""
    found = costs(plan, known, environment)
    least, expected, most = found.total
    budget = environment.budget
    simulated = (
        "" if not found.unknown else f"; without {counted(len(found.unknown), 'thing')} of unknown price"
    )
    ceiling = budget.ceiling_usd
    verdict = Verdict.HOLDS if most <= ceiling else Verdict.DEPENDS if expected <= ceiling else Verdict.FAILS
    findings = (
        Finding(
            "the whole estate",
            "stays within the budget's ceiling as expected",
            Verdict.HOLDS if expected <= ceiling else Verdict.FAILS,
            value=f"{expected:,.0f} USD a month{simulated}",
            bound=f"{ceiling:,} USD",
            counterexample="" if expected <= ceiling else f"largest: {_largest(found)}",
            required=True,
        ),
        Finding(
            "the whole estate",
            "stays within the ceiling even with every pool at its most",
            verdict,
            value=f"{least:,.0f} to {most:,.0f} USD a month{simulated}",
            bound=f"{ceiling:,} USD",
            counterexample="" if most <= ceiling else f"largest: {_largest(found)}",
        ),
        *(
            Finding(name.split(":")[0], "has a known price", Verdict.UNKNOWN, value=name)
            for name in found.unknown
        ),
    )
    return Proof(
        "cost",
        "sum over the plan's resources of price x quantity; quantities by the resource's own inputs, by use where the "
        "usage file says so; nodes at min + fill x (max - min)",
        {"hours": known.hours_per_month, **known.usage.model_dump(exclude={"source"})},
        findings,
        (
            known.usage.source,
            "on-demand prices: committed use would lower them",
            *(o.why for o in known.outside.values()),
        ),
        tuple(sorted({f"{price.source} ({price.date})" for price in known.prices.values()})),
        {
            "USD a month by category": [
                {"category": category, **_row(amounts)} for category, amounts in found.by_category.items()
            ],
            "USD a month by price": [
                {"price": name, **_row(amounts)}
                for name, amounts in sorted(found.by_price.items(), key=lambda pair: -pair[1][1])
            ],
        },
    )


def _priced(line: Line, known: Prices) -> Triple | None:
    price = known.prices.get(line.price)
    usd = price.at(line.region) if price else None
    return None if usd is None else times(line.quantity, usd)


def _sum(amounts: Iterable[Triple]) -> Triple:
    least, expected, most = zip((0.0, 0.0, 0.0), *amounts, strict=True)
    return sum(least), sum(expected), sum(most)


def _row(amounts: Triple) -> dict[str, str]:
    return dict(zip(("least", "expected", "most"), (f"{amount:,.0f}" for amount in amounts), strict=True))


def _largest(found: Costs) -> str:
    name, amounts = max(found.by_price.items(), key=lambda pair: pair[1][1])
    return f"{name}, {amounts[1]:,.0f} USD"
