"""Files and folders that a command is told of: an empty name, as of an unset variable, is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class OutFolderError(RuntimeError):
    """Nothing can be written to the folder: the value, the rule and the fix."""


class NamedPath(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """The type of an option that names a file or folder; it need not exist."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path; an empty name is wrong usage: to the system it would be the current folder."""
        if not str(value):
            self.fail(f"it is empty; name a {self.name}, `.` for the current folder", param, ctx)
        return Path(value)


class OutFolder(NamedPath):
    """A folder to write to: looked at before the work, made when there is something to write."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the folder; OutFolderError tells what forbids to write there. The look leaves nothing behind."""
        import tempfile

        folder = super().convert(value, param, ctx)
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
