"""Google Cloud's own alert on the month's spend."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import billing, monitoring

from meridian.model.settings import Budget


@dataclass(frozen=True, kw_only=True)
class ProjectBudgetArgs:
    """The estate's budget and the project that this part of it watches."""

    project: pulumi.Input[str]
    project_number: pulumi.Input[str]
    billing_account: pulumi.Input[str]
    environment: str
    budget: Budget


class ProjectBudget(pulumi.ComponentResource):
    """A billing budget that mails at each threshold; it alerts and stops no spending."""

    budget_id: pulumi.Output[str]
    limit_usd: int

    def __init__(
        self, name: str, args: ProjectBudgetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:ProjectBudget", name, None, opts)
        model = args.budget
        self.limit_usd = round(model.ceiling_usd * model.gcp_share)
        channels = [
            monitoring.NotificationChannel(
                f"{name}-{email}",
                project=args.project,
                display_name=f"Budget: {email}",
                type="email",
                labels={"email_address": email},
                opts=pulumi.ResourceOptions(parent=self),
            )
            for email in model.notify
        ]
        rules = [
            billing.BudgetThresholdRuleArgs(threshold_percent=share, spend_basis="CURRENT_SPEND")
            for share in model.alert_at
        ]
        rules.append(billing.BudgetThresholdRuleArgs(threshold_percent=1.0, spend_basis="FORECASTED_SPEND"))
        budget = billing.Budget(
            f"{name}-month",
            billing_account=args.billing_account,
            display_name=f"meridian {args.environment}",
            amount=billing.BudgetAmountArgs(
                specified_amount=billing.BudgetAmountSpecifiedAmountArgs(
                    currency_code="USD", units=str(self.limit_usd)
                )
            ),
            budget_filter=billing.BudgetBudgetFilterArgs(
                projects=[pulumi.Output.concat("projects/", args.project_number)],
                calendar_period="MONTH",
                credit_types_treatment="EXCLUDE_ALL_CREDITS",
            ),
            threshold_rules=rules,
            all_updates_rule=billing.BudgetAllUpdatesRuleArgs(
                monitoring_notification_channels=[channel.name for channel in channels],
                disable_default_iam_recipients=False,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.budget_id = budget.id
        self.register_outputs({"budget_id": self.budget_id, "limit_usd": self.limit_usd})
