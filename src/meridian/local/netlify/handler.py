"""`meridian:local:Netlify`: an account at the simulated Netlify of this machine as a resource."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from pydantic import Field

from meridian.local import rendezvous
from meridian.paths import find_checkout
from meridian.provider.errors import ProviderError
from meridian.provider.handler import KIND, Diff, Found, Handler, Inputs, Made, Outputs

TOKEN = "meridian:local:Netlify"  # noqa: S105 - a type token


class AccountInputs(Inputs):
    """An account's slug."""

    account: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")


class LocalNetlify(Handler[AccountInputs]):
    """Asks the checkout's daemon; the token stays in its file, only the file's name is told."""

    token: ClassVar[str] = TOKEN
    inputs = AccountInputs
    fixed: ClassVar[frozenset[str]] = frozenset({"account"})
    unknown_outputs: ClassVar[frozenset[str]] = frozenset({"endpoint", "tokenFile", "port"})

    def diff(self, old: AccountInputs, new: AccountInputs, outputs: Outputs) -> Diff:
        """Differ also when the server came back at another address."""
        found = super().diff(old, new, outputs)
        if found.changed:
            return found
        now = _outputs(_ask("ensure", old.account))
        moved = any(now[name] != outputs.get(name) for name in now)
        return Diff({"endpoint": KIND.UPDATE}) if moved else Diff()

    def create(self, new: AccountInputs) -> Made:
        """Open the account; start the server when it does not run."""
        return Made(new.account, _outputs(_ask("ensure", new.account)))

    def read(self, id: str, inputs: AccountInputs | None, outputs: Outputs) -> Found[AccountInputs] | None:
        """Return how to reach it, None when it was closed."""
        found = _ask("find", id)
        return Found(id, _outputs(found), AccountInputs(account=id)) if found else None

    def update(self, id: str, old: AccountInputs, new: AccountInputs, outputs: Outputs) -> Outputs:
        """Take over the address where it is now."""
        return _outputs(_ask("ensure", new.account))

    def delete(self, id: str, inputs: AccountInputs, outputs: Outputs) -> None:
        """Close the account with what is left in it: it is of this machine only."""
        _ask("drop", id)


def _outputs(address: dict[str, Any]) -> dict[str, Any]:
    return {
        "endpoint": address["endpoint"],
        "tokenFile": address["token_file"],
        "port": address["port"],
    }


def _ask(action: str, account: str) -> Any:
    try:
        link = rendezvous.ensure(find_checkout().root, sys.executable)
        try:
            return link.call("netlify", action=action, name=account)
        finally:
            link.close()
    except (rendezvous.DaemonError, OSError) as error:
        raise ProviderError(f"account {account}", str(error), "see `meridian local logs`") from error
