"""A command group that imports a command's module only when the command is called, not to print the help."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Lazy:
    """A command in another module: `attribute` is a function or a `typer.Typer`."""

    name: str
    module: str
    attribute: str
    help: str

    @property
    def present(self) -> bool:
        """True when the module is part of this installation; does not import it."""
        return importlib.util.find_spec(self.module) is not None

    def load(self) -> Any:
        """Import the module and return the command."""
        found: Any = getattr(importlib.import_module(self.module), self.attribute)
        if isinstance(found, typer.Typer):
            command = typer.main.get_command(found)
        else:
            holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            holder.command(self.name)(found)
            command = typer.main.get_command(holder)
        command.name = self.name
        return command


class LazyGroup(TyperGroup):
    """Lists the lazy commands with the help given here and loads one when it is invoked."""

    lazy: ClassVar[tuple[Lazy, ...]] = ()

    def _find(self, name: str) -> Lazy | None:
        return next((each for each in self.lazy if each.name == name and each.present), None)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the eager commands and the lazy ones that are installed."""
        return [*super().list_commands(ctx), *(each.name for each in self.lazy if each.present)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, for a lazy one a stand-in that only knows its help."""
        found = self._find(cmd_name)
        if found:
            return TyperCommand(found.name, help=found.help)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command to invoke, loading it now."""
        found = self._find(args[0]) if args else None
        if found:
            return found.name, found.load(), args[1:]
        return super().resolve_command(ctx, args)
