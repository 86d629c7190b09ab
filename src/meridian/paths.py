"""Where a checkout keeps what it makes: everything lies under `.meridian/`, nothing outside but the shared tool cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class NotACheckoutError(RuntimeError):
    """Raised when no parent folder is a Meridian checkout."""


@dataclass(frozen=True)
class Checkout:
    """The folders of one checkout; creates nothing by itself."""

    root: Path

    @property
    def work(self) -> Path:
        """All that is generated: removed whole by `make clean`."""
        return self.root / ".meridian"

    @property
    def bin(self) -> Path:
        """The engine, its language host and the control planes' programs."""
        return self.work / "bin"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME with the launchers of the embedded clouds."""
        return self.work / "home"

    @property
    def state(self) -> Path:
        """The default (file) back end of the environments that are really applied."""
        return self.work / "state"

    @property
    def plan_state(self) -> Path:
        """The back end of plans against simulated providers; never a real environment's state."""
        return self.work / "plan"

    @property
    def passphrase(self) -> Path:
        """The random passphrase of the local back ends, mode 0600."""
        return self.work / "passphrase"

    @property
    def local(self) -> Path:
        """The embedded clouds: inventory, logs, control planes' data."""
        return self.work / "local"

    @property
    def locks(self) -> Path:
        """One lock file per environment."""
        return self.work / "locks"

    @property
    def stacks(self) -> Path:
        """The estates as data."""
        return self.root / "stacks"


def find_checkout(start: Path | None = None) -> Checkout:
    """Return the checkout that holds `start` (default: MERIDIAN_ROOT, else the current folder); raises NotACheckoutError."""
    override = os.environ.get("MERIDIAN_ROOT")
    here = (start or Path(override or Path.cwd())).resolve()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "stacks").is_dir():
            return Checkout(folder)
    raise NotACheckoutError(
        f"{here} is not inside a Meridian checkout: no parent holds Pulumi.yaml and stacks/; "
        "fix: change into your clone, or set MERIDIAN_ROOT to it"
    )
