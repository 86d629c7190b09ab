"""CI signs in with its own short-lived token; no key is ever made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import iam

from components.aws import policies
from meridian.model.settings import Ci

_SERVICES = ("ec2", "eks", "kms", "s3", "logs", "cloudtrail", "budgets", "sns", "route53", "autoscaling")


@dataclass(frozen=True, kw_only=True)
class CiFederationArgs:
    """Whose tokens are taken."""

    ci: Ci
    account_id: str
    prefix: str


class CiFederation(pulumi.ComponentResource):
    """One repository's branch deploys, its pull requests only read."""

    deployer: pulumi.Output[str]
    previewer: pulumi.Output[str]

    def __init__(self, name: str, args: CiFederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:CiFederation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        host = args.ci.issuer.removeprefix("https://")
        provider = iam.OpenIdConnectProvider(
            name, url=args.ci.issuer, client_id_lists=["sts.amazonaws.com"], opts=child
        )

        def role(key: str, subject: str) -> iam.Role:
            condition = {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}}
            trust = provider.arn.apply(
                lambda arn: policies.document(
                    {
                        "Effect": "Allow",
                        "Action": ["sts:AssumeRoleWithWebIdentity"],
                        "Principal": {"Federated": arn},
                        "Condition": condition,
                    }
                )
            )
            return iam.Role(
                f"{name}-{key}",
                name=f"{args.prefix}-ci-{key}",
                assume_role_policy=trust,
                max_session_duration=3600,
                opts=child,
            )

        previewer = role("previewer", f"repo:{args.ci.repository}:pull_request")
        iam.RolePolicyAttachment(
            f"{name}-previewer-read",
            role=previewer.name,
            policy_arn="arn:aws:iam::aws:policy/SecurityAudit",
            opts=child,
        )
        deployer = role("deployer", f"repo:{args.ci.repository}:ref:refs/heads/{args.ci.branch}")
        policy = iam.Policy(
            f"{name}-deployer",
            name=f"{args.prefix}-ci-deployer",
            description="What the estate's own program makes",
            policy=policies.document(*_deployment(args)),
            opts=child,
        )
        iam.RolePolicyAttachment(f"{name}-deployer", role=deployer.name, policy_arn=policy.arn, opts=child)
        self.deployer, self.previewer = deployer.arn, previewer.arn
        self.register_outputs({"deployer": self.deployer, "previewer": self.previewer})


def _deployment(args: CiFederationArgs) -> list[dict[str, Any]]:
    """Allow the services that the estate uses, roles under our own prefix only, and no users or access keys."""
    own_roles = [
        f"arn:aws:iam::{args.account_id}:{kind}/{args.prefix}-*"
        for kind in ("role", "policy", "instance-profile")
    ]
    providers = [f"arn:aws:iam::{args.account_id}:oidc-provider/*"]
    return [
        policies.statement([f"{service}:*" for service in _SERVICES], ["*"], sid="Services"),
        policies.statement(
            ["iam:*Role*", "iam:*Policy*", "iam:*InstanceProfile*", "iam:PassRole"], own_roles, sid="OwnRoles"
        ),
        policies.statement(["iam:*OpenIDConnectProvider*"], providers, sid="Issuers"),
        policies.statement(
            ["iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"],
            ["*"],
            effect="Deny",
            sid="NoLongLivedKeys",
        ),
    ]
