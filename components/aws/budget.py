"""AWS's part of the budget, with alerts by mail."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import budgets

from meridian.model.settings import Budget


@dataclass(frozen=True, kw_only=True)
class AccountBudgetArgs:
    """The budget and whose account it counts."""

    budget: Budget
    account_id: str
    name: str


class AccountBudget(pulumi.ComponentResource):
    """A monthly budget; it alerts, and stops nothing."""

    def __init__(
        self, name: str, args: AccountBudgetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:aws:AccountBudget", name, None, opts)
        amount = max(1, round(args.budget.ceiling_usd * (1 - args.budget.gcp_share)))
        budgets.Budget(
            name,
            name=args.name,
            account_id=args.account_id,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(amount),
            limit_unit="USD",
            notifications=[
                budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    threshold=share * 100,
                    threshold_type="PERCENTAGE",
                    notification_type="ACTUAL",
                    subscriber_email_addresses=list(args.budget.notify),
                )
                for share in args.budget.alert_at
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
