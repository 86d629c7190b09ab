"""PostgreSQL refuses to run as root: then its programs run as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from meridian.local.errors import LocalError

_USER = "nobody"


def unprivileged(command: Sequence[str], *, end_with_parent: bool) -> list[str]:
    """Return a command as it must be run here; unchanged for anybody but root. Raises LocalError without setpriv.

    The user keeps one right of root, to pass folders and read files that are root's alone: a checkout under /root or
    a temporary folder is reached without loosening anybody's permissions. The SQL superuser of this server could so
    read what root can; it listens on the loopback only and its password lies in a file that only root reads.
    """
    if os.geteuid() != 0:
        return list(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LocalError(
            "setpriv is not on PATH",
            "PostgreSQL refuses to run as root and needs it to become another user",
            "install util-linux, or run as a normal user",
        )
    account = pwd.getpwnam(_USER)
    rights = "-all,+dac_override"
    # A change of user clears the death signal that the guard has set: it is set again. SIGINT is a fast shutdown.
    ending = ["--pdeathsig", "INT"] if end_with_parent else []
    return [
        *(setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"),
        *(f"--inh-caps={rights}", f"--ambient-caps={rights}", *ending),
        *command,
    ]


def give(folder: Path) -> None:
    """Make a folder the property of the user that the programs run as."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() == 0:
        account = pwd.getpwnam(_USER)
        os.chown(folder, account.pw_uid, account.pw_gid)
