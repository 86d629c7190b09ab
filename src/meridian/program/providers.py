"""The only place where providers are made: each names its project or account and its region."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from meridian.model import Environment
from meridian.provider.version import VERSION


def google(environment: Environment, region: str) -> gcp.Provider:
    """Return the provider of one Google Cloud region."""
    return gcp.Provider(f"gcp-{region}", project=environment.gcp.project, region=region)


def amazon(environment: Environment, region: str) -> aws.Provider:
    """Return the provider of one AWS region; it refuses every account but the environment's own."""
    return aws.Provider(f"aws-{region}", region=region, allowed_account_ids=[environment.aws.account_id])


def own() -> pulumi.ProviderResource:
    """Return our own provider, for resources that no published one has."""
    return pulumi.ProviderResource("meridian", "meridian", {}, pulumi.ResourceOptions(version=VERSION))


def using(*providers: pulumi.ProviderResource) -> pulumi.ResourceOptions:
    """Return options that hand providers to a component and its children."""
    return pulumi.ResourceOptions(providers=list(providers))
