"""A folder that a command is told to write to: looked at before the work, made when there is something to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class OutFolderError(RuntimeError):
    """Nothing can be written to the folder: the value, the rule and the fix."""


class OutFolder(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """The type of an option that names such a folder; leaves nothing behind of its look."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the folder; an empty name is wrong usage, OutFolderError tells what forbids to write there."""
        import tempfile

        if not str(value):
            self.fail("it is empty; name a folder, `.` for this one", param, ctx)
        folder = Path(value)
        there = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
        try:
            with tempfile.TemporaryFile(dir=there):
                return folder
        except OSError as error:
            option = param.opts[0] if param else self.name
            reason = (error.strerror or type(error).__name__).lower()
            raise OutFolderError(
                f"{option} {folder}: it cannot be written to ({there}: {reason}); "
                "fix: name a folder that this user may write"
            ) from None
