"""Values that no file of the estate holds: secrets of a stack's own configuration."""

from __future__ import annotations

import pulumi

from meridian.program.context import Context
from meridian.program.refs import unknown

_LOCAL = "local"
_LENGTH = 40


def secret(context: Context, name: str) -> pulumi.Output[str]:
    """Return the stack's secret `meridian:<name>`.

    The laptop draws one at random. Elsewhere a preview without it shows an unknown; an `up` raises RunError.
    """
    given = pulumi.Config("meridian").get_secret(name)
    if given is not None:
        return given
    if context.environment.environment == _LOCAL:
        import pulumi_random as random

        drawn = random.RandomPassword(
            f"secret-{name}",
            length=_LENGTH,
            special=False,
            opts=pulumi.ResourceOptions(provider=random.Provider("random")),
        )
        return pulumi.Output.secret(drawn.result)
    if pulumi.runtime.is_dry_run():
        return pulumi.Output.secret(unknown())
    stack = pulumi.get_stack()
    raise pulumi.RunError(
        f"stack {stack} has no secret meridian:{name}; fix: `pulumi config set --secret meridian:{name} -s {stack}`"
    )
