"""The only place where providers are made: each names its project or account and its region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from meridian.model import Environment
from meridian.provider.version import VERSION

if TYPE_CHECKING:
    import pulumi_cloudflare
    import pulumi_kubernetes as k8s
    import pulumi_random
    import pulumi_tls


def google(environment: Environment, region: str) -> gcp.Provider:
    """Return the provider of one Google Cloud region."""
    return gcp.Provider(f"gcp-{region}", project=environment.gcp.project, region=region)


def amazon(environment: Environment, region: str) -> aws.Provider:
    """Return the provider of one AWS region; it refuses every account but the environment's own."""
    return aws.Provider(f"aws-{region}", region=region, allowed_account_ids=[environment.aws.account_id])


def cloudflare() -> pulumi_cloudflare.Provider:
    """Return Cloudflare's provider, with the stack's secret `cloudflare:apiToken` if there is one.

    Otherwise the plugin itself reads CLOUDFLARE_API_TOKEN, which then is in no state at all.
    """
    import pulumi_cloudflare  # only the edge pays for it

    return pulumi_cloudflare.Provider(
        "cloudflare", api_token=pulumi.Config("cloudflare").get_secret("apiToken")
    )


def own() -> pulumi.ProviderResource:
    """Return our own provider, for resources that no published one has."""
    return pulumi.ProviderResource("meridian", "meridian", {}, pulumi.ResourceOptions(version=VERSION))


def kubernetes(
    name: str,
    kubeconfig: pulumi.Input[str],
    identifier: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> k8s.Provider:
    """Return the provider of one cluster; objects are replaced when the identifier changes, never for a new kubeconfig.

    A cluster that does not answer is an error: its objects stay in the state.
    """
    import pulumi_kubernetes  # only the platform's units pay for it

    return pulumi_kubernetes.Provider(
        name,
        kubeconfig=kubeconfig,
        cluster_identifier=identifier,
        enable_server_side_apply=True,
        delete_unreachable=False,
        opts=opts,
    )


def tls_keys() -> pulumi_tls.Provider:
    """Return the provider that makes keys and certificates; it lies in no cloud."""
    import pulumi_tls  # only the unit that holds an authority pays for it

    return pulumi_tls.Provider("tls")


def random() -> pulumi_random.Provider:
    """Return the provider that draws secrets; it lies in no cloud."""
    import pulumi_random

    return pulumi_random.Provider("random")


def using(*providers: pulumi.ProviderResource) -> pulumi.ResourceOptions:
    """Return options that hand providers to a component and its children."""
    return pulumi.ResourceOptions(providers=list(providers))
