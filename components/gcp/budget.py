"""Google Cloud's part of the budget, with alerts by mail."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import billing, monitoring

from meridian.model.settings import Budget


@dataclass(frozen=True, kw_only=True)
class ProjectBudgetArgs:
    """`project_number` names what is counted."""

    budget: Budget
    billing_account: str
    project: str
    project_number: str


class ProjectBudget(pulumi.ComponentResource):
    """A monthly budget; it alerts, and stops nothing."""

    def __init__(
        self, name: str, args: ProjectBudgetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:ProjectBudget", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        channels = [
            monitoring.NotificationChannel(
                f"{name}-{address.split('@')[0]}",
                project=args.project,
                type="email",
                display_name=address,
                labels={"email_address": address},
                opts=child,
            )
            for address in args.budget.notify
        ]
        amount = max(1, round(args.budget.ceiling_usd * args.budget.gcp_share))
        billing.Budget(
            name,
            billing_account=args.billing_account,
            display_name=f"{args.project} monthly",
            budget_filter=billing.BudgetBudgetFilterArgs(
                projects=[f"projects/{args.project_number}"], calendar_period="MONTH"
            ),
            amount=billing.BudgetAmountArgs(
                specified_amount=billing.BudgetAmountSpecifiedAmountArgs(
                    currency_code="USD", units=str(amount)
                )
            ),
            threshold_rules=[
                billing.BudgetThresholdRuleArgs(threshold_percent=share, spend_basis="CURRENT_SPEND")
                for share in args.budget.alert_at
            ],
            all_updates_rule=billing.BudgetAllUpdatesRuleArgs(
                monitoring_notification_channels=[channel.id for channel in channels]
            ),
            opts=child,
        )
        self.register_outputs({})
