"""Zero Trust in front of the internal tools: a group, a second factor, a short session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge_access import Access, InternalTool


@dataclass(frozen=True, kw_only=True)
class InternalToolsArgs:
    """The account, the zone, the tools and where each one's ingress is."""

    account_id: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    access: Access
    client_secret: pulumi.Input[str]
    origins: Mapping[str, str]
    """Each tool's origin name."""


class InternalTools(pulumi.ComponentResource):
    """The identity provider, and for each tool its name, policy and application; everybody else is refused."""

    audiences: dict[str, pulumi.Output[str]]
    """The audience tag by which each tool checks that a request came through Access."""

    def __init__(
        self, name: str, args: InternalToolsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:cloudflare:InternalTools", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        identity = args.access.identity
        provider = cloudflare.ZeroTrustAccessIdentityProvider(
            f"{name}-identity",
            account_id=args.account_id,
            name=identity.name,
            type="oidc",
            config=cloudflare.ZeroTrustAccessIdentityProviderConfigArgs(
                client_id=identity.client_id,
                client_secret=args.client_secret,
                auth_url=identity.auth_url,
                token_url=identity.token_url,
                certs_url=identity.certs_url,
                scopes=["openid", "profile", "email", identity.groups_claim],
                claims=[identity.groups_claim],
                pkce_enabled=True,
            ),
            opts=child,
        )
        self.audiences = {}
        for key, tool in sorted(args.access.tools.items()):
            cloudflare.DnsRecord(
                f"{name}-{key}-name",
                zone_id=args.zone_id,
                name=tool.hostname,
                type="CNAME",
                content=args.origins[key],
                ttl=1,
                proxied=True,
                opts=child,
            )
            policy = cloudflare.ZeroTrustAccessPolicy(
                f"{name}-{key}-policy",
                account_id=args.account_id,
                name=f"{tool.hostname}: {', '.join(tool.groups)}",
                decision="allow",
                includes=_groups(tool, identity.groups_claim, provider.id),
                requires=[
                    cloudflare.ZeroTrustAccessPolicyRequireArgs(
                        auth_method=cloudflare.ZeroTrustAccessPolicyRequireAuthMethodArgs(auth_method="mfa")
                    )
                ],
                session_duration=f"{tool.session_hours}h",
                opts=child,
            )
            application = cloudflare.ZeroTrustAccessApplication(
                f"{name}-{key}-application",
                account_id=args.account_id,
                name=tool.hostname,
                type="self_hosted",
                domain=tool.hostname,
                allowed_idps=[provider.id],
                auto_redirect_to_identity=True,
                http_only_cookie_attribute=True,
                same_site_cookie_attribute="lax",
                session_duration=f"{tool.session_hours}h",
                policies=[cloudflare.ZeroTrustAccessApplicationPolicyArgs(id=policy.id, precedence=1)],
                opts=child,
            )
            self.audiences[key] = application.aud
        self.register_outputs({"audiences": self.audiences})


def _groups(
    tool: InternalTool, claim: str, provider: pulumi.Input[str]
) -> list[cloudflare.ZeroTrustAccessPolicyIncludeArgs]:
    return [
        cloudflare.ZeroTrustAccessPolicyIncludeArgs(
            oidc=cloudflare.ZeroTrustAccessPolicyIncludeOidcArgs(
                claim_name=claim, claim_value=group, identity_provider_id=provider
            )
        )
        for group in tool.groups
    ]
