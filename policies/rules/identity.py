"""Who may do what in the clouds: no wildcards, no keys that live long, no strangers."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule
from meridian.plan import PlannedResource
from policies.rules.reading import document, listed, unknown

_POLICIES = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
_ATTACHED = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)
_GRANTS = tuple(
    f"gcp:{module}/iAM{kind}:IAM{kind}"
    for module in ("projects", "organizations", "folder", "serviceaccount")
    for kind in ("Member", "Binding")
)
_BASIC = frozenset({"roles/owner", "roles/editor"})


@resource_rule(
    "iam-no-wildcard",
    "No identity may do everything, or everything of a service to everything",
    Severity.HIGH,
    "name the actions and the resources",
    *_POLICIES,
    *_ATTACHED,
    *_GRANTS,
)
def iam_no_wildcard(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """An action such as s3:Get* on all resources passes: this is about rights without any bound."""
    for statement in document(resource.get("policy")):
        if statement.get("Effect") != "Allow" or statement.get("Condition"):
            continue
        everywhere = "*" in listed(statement.get("Resource"))
        for action in listed(statement.get("Action")):
            if action == "*" or (everywhere and str(action).endswith(":*")):
                yield Problem(
                    resource, f"{action} on {'*' if everywhere else 'named resources'}", "rights are bounded"
                )
        if statement.get("NotAction"):
            yield Problem(resource, "NotAction", "rights are listed, not all but some")
    if "AdministratorAccess" in str(resource.get("policyArn", default="")):
        yield Problem(resource, "AdministratorAccess", "rights are bounded")
    if resource.get("role") in _BASIC:
        yield Problem(resource, str(resource.get("role")), "Google's basic roles hold thousands of rights")


@resource_rule(
    "no-long-lived-keys",
    "No credential lives longer than a session",
    Severity.CRITICAL,
    "federate: OIDC for CI, workload identity for pods",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/user:User",
    "aws:iam/userLoginProfile:UserLoginProfile",
    "gcp:serviceaccount/key:Key",
    "gcp:storage/hmacKey:HmacKey",
)
def no_long_lived_keys(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Whoever finds such a key is whom it names."""
    yield Problem(resource, resource.type, "identities get short tokens from a federation")


@resource_rule(
    "iam-no-stranger",
    "No right is given to everybody",
    Severity.CRITICAL,
    "name the principals; a federation needs a condition on the subject",
    *_GRANTS,
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding",
    "aws:iam/role:Role",
    "aws:kms/key:Key",
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
)
def iam_no_stranger(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """A trust without a condition trusts every customer of the same issuer."""
    for who in (*listed(resource.get("member")), *listed(resource.get("members"))):
        if who in ("allUsers", "allAuthenticatedUsers"):
            yield Problem(resource, str(who), "rights are given to those who are named")
    for key in ("assumeRolePolicy", "policy"):
        for statement in document(resource.get(key)):
            if statement.get("Effect") != "Allow":
                continue
            principal = statement.get("Principal")
            federated = isinstance(principal, dict) and "Federated" in principal
            if (principal in ("*", {"AWS": "*"}) or federated) and not statement.get("Condition"):
                yield Problem(
                    resource, f"{key}: {principal}"[:100], "a trust names whom it trusts, or has a condition"
                )
    if resource.type.endswith("WorkloadIdentityPoolProvider"):
        condition = resource.get("attributeCondition")
        if not condition and not unknown(condition):
            yield Problem(resource, "no attributeCondition", "tokens of our repository only")
