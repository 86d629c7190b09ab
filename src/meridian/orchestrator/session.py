"""Everything an engine needs to know of one environment: its home, back end, passphrase and variables."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meridian.files import make_private, write_whole
from meridian.orchestrator.backend import FileBackend
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.salt import shared_salt
from meridian.paths import Checkout

PROJECT = "meridian"


@dataclass(frozen=True)
class Session:
    """The settings of one environment's engines; makes nothing until `prepare`."""

    checkout: Checkout
    environment: str
    providers: Providers
    backend_url: str
    variables: Mapping[str, str] = field(repr=False)
    passphrase: Path | None
    project: str = PROJECT

    def stack(self, unit: str) -> str:
        """Return the name of a unit's stack."""
        return f"{self.environment}-{unit}"

    @property
    def file_backend(self) -> FileBackend | None:
        """The back end when it is a folder of this machine, else None."""
        if not self.backend_url.startswith("file://"):
            return None
        return FileBackend(Path(self.backend_url.removeprefix("file://")).expanduser(), self.project)

    def config_file(self) -> Path | None:
        """Where a plan keeps its stacks' settings, so that the user's own files stay untouched; None: the usual places.

        One file for all: a plan's settings are the salt, and that is shared.
        """
        if self.providers is not Providers.PLAN:
            return None
        return self.checkout.plan_state / "config" / f"Pulumi.{self.environment}.yaml"

    def forget_salt(self, stack: str) -> None:
        """Remove the settings file of a stack that is being made, when it holds nothing but an earlier life's salt.

        The salt belongs to a passphrase that may be gone with `.meridian`; a new state has no secret that needs it.
        """
        file = self.checkout.stacks / f"Pulumi.{stack}.yaml"
        if self.passphrase is None or self.config_file() is not None or not file.is_file():
            return
        lines = [line for line in file.read_text().splitlines() if line.strip()]
        if all(line.startswith("encryptionsalt:") for line in lines):
            file.unlink()

    def salt(self) -> str:
        """Return the salt that the stacks share; empty for real environments, which choose their own secrets' provider."""
        if self.passphrase is None or self.providers is Providers.OFFICIAL:
            return ""
        return shared_salt(self.passphrase)

    def share_salt(self, stack: str) -> None:
        """Give a stack that is being made the salt of all others, if they have one."""
        salt = self.salt()
        if not salt:
            return
        file = self.config_file() or self.checkout.stacks / f"Pulumi.{stack}.yaml"
        if self.providers is Providers.PLAN or not file.exists():
            write_whole(file, f"encryptionsalt: {salt}\n", make_folder=True)

    def environ(self) -> dict[str, str]:
        """Return the whole environment of an engine or worker."""
        dropped = self.unset()
        inherited = {key: value for key, value in os.environ.items() if key not in dropped}
        return {**inherited, **self.variables}

    def unset(self) -> frozenset[str]:
        """Return the variables of a shell that must not reach an engine of this session."""
        # The engine prefers a passphrase over a passphrase's file.
        return (OURS | {"PULUMI_CONFIG_PASSPHRASE"} if self.passphrase else OURS) - self.variables.keys()

    def prepare(self) -> None:
        """Make the folders and the passphrase that the engine expects."""
        for folder in (self.checkout.work / "logs", self.checkout.pulumi_home):
            folder.mkdir(parents=True, exist_ok=True)
        if self.passphrase and not self.passphrase.exists():
            make_passphrase(self.passphrase)
        backend = self.file_backend
        if backend:
            Path(self.backend_url.removeprefix("file://")).expanduser().mkdir(parents=True, exist_ok=True)


# Set by an earlier `eval "$(meridian env ...)"` in the same shell: they must not leak from one environment to another.
OURS = frozenset(
    {
        "MERIDIAN_DAEMON",
        "MERIDIAN_LOCAL_MODE",
        "MERIDIAN_ENVIRONMENT",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
        "PULUMI_STACK",
    }
)


def make_passphrase(path: Path) -> None:
    """Write a random passphrase, mode 0600; the first of two concurrent writers wins."""
    make_private(path, secrets.token_urlsafe(32), make_folder=True)


def lock_name(session: Session) -> str:
    """Return the name under which an environment is held."""
    # A plan shares nothing with the environment that it plans.
    return f"{session.environment}-plan" if session.providers is Providers.PLAN else session.environment


def open_session(
    checkout: Checkout,
    environment: str,
    providers: Providers,
    *,
    backend: str | None = None,
    environ: Mapping[str, str] | None = None,
    project: str = PROJECT,
) -> Session:
    """Return the settings for an environment; `backend` is the model's wish, PULUMI_BACKEND_URL of the user wins.

    The embedded clouds and plans always use this checkout's own folders and passphrase, whatever the shell has set.
    """
    given = os.environ if environ is None else environ
    own = {f"file://{checkout.state}", f"file://{checkout.plan_state}"}
    variables = {
        "MERIDIAN_ROOT": str(checkout.root),
        "MERIDIAN_ENVIRONMENT": environment,
        "MERIDIAN_PYTHON": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PARALLEL_DIFF": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "PATH": _path_with(checkout.bin, given.get("PATH", os.defpath)),
    }
    if providers is Providers.OFFICIAL:
        set_by_user = given.get("PULUMI_BACKEND_URL", "")
        url = (set_by_user if set_by_user not in own else "") or backend or f"file://{checkout.state}"
        home = given.get("PULUMI_HOME", "")
        if home and Path(home) != checkout.pulumi_home:
            variables["PULUMI_HOME"] = home
        else:
            variables["PULUMI_HOME"] = str(Path(given.get("HOME", "~")).expanduser() / ".pulumi")
    else:
        url = f"file://{checkout.plan_state if providers is Providers.PLAN else checkout.state}"
        variables["PULUMI_HOME"] = str(checkout.pulumi_home)
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        if providers is Providers.PLAN:
            variables["MERIDIAN_LOCAL_MODE"] = "plan"
    variables["PULUMI_BACKEND_URL"] = url
    passphrase: Path | None = None
    user_file = given.get("PULUMI_CONFIG_PASSPHRASE_FILE", "")
    its_own = "PULUMI_CONFIG_PASSPHRASE" in given or user_file not in ("", str(checkout.passphrase))
    if providers is not Providers.OFFICIAL or not its_own:
        passphrase = checkout.passphrase
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase)
    return Session(checkout, environment, providers, url, variables, passphrase, project)


def _path_with(first: Path, path: str) -> str:
    parts = [part for part in path.split(os.pathsep) if part and part != str(first)]
    return os.pathsep.join([str(first), *parts])
