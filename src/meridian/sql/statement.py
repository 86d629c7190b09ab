"""One SQL statement with what a runner must know of it, and an ordered change made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from meridian.model.problems import Problem, dotted, shown

Kind = Literal[
    "licence", "setting", "database", "region", "role", "table", "column", "index", "constraint", "partition",
    "zone", "security", "policy", "grant", "audit", "retention", "function", "trigger", "schedule", "copy",
    "check", "manual",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; `text` is CockroachDB's, without a semicolon."""

    key: str
    """Names the object that the statement makes, such as `index:users:users_email_key`."""
    kind: Kind
    text: str
    why: str
    """A short comment for readers."""
    table: str | None = None
    region: str | None = None
    """The value of the region column that the statement is about."""
    scope: Literal["cluster", "database"] = "database"
    """`cluster`: runs from any database, before the estate's own exists."""
    portable: bool = False
    """Runs on PostgreSQL, as it is or as `postgres` says."""
    postgres: str | None = None
    destructive: bool = False
    """Loses data or an index; only ever in a migration, after an approval."""
    transactional: bool = False
    """May share a transaction with its neighbours; otherwise it runs alone, in autocommit."""
    session: tuple[str, ...] = ()
    """SET and USE statements that must come first in the same session."""
    parameters: tuple[str, ...] = ()
    """What $1, $2... stand for; the runner binds the secrets, and no text ever holds one."""
    revision: str = ""
    """Changes when a bound secret does, so that the statement runs again."""
    newer: str = ""
    """The part of `text` that the cluster takes but the published grammar (v25.2) does not know."""
    embedded: tuple[str, ...] = ()
    """SQL that stands in a literal of `text`, as a statement of its own, for the grammar to look into."""
    undo: Statement | None = None
    replace: bool = False
    """To change the object, undo comes first; otherwise the new text alone does it."""

    @property
    def on_postgres(self) -> str | None:
        """The text for PostgreSQL; None when it is only for CockroachDB."""
        return (self.postgres or self.text) if self.portable else None

    @property
    def for_grammar(self) -> str:
        """The text that the published grammar is asked about."""
        return self.text.replace(self.newer, "", 1) if self.newer else self.text

    def same_as(self, other: Statement) -> bool:
        """True when running one after the other would change nothing."""
        return (self.text, self.revision) == (other.text, other.revision)

    def as_json(self) -> dict[str, object]:
        """Return a plain object without what undoes it."""
        fields = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("undo", "replace", "embedded")
        }
        return {**fields, "postgres": self.on_postgres}

    def undoing(self, text: str, *, destructive: bool = False, postgres: str | None = None) -> Statement:
        """Return this statement with what takes its object away again."""
        undo = replace(
            self,
            text=text,
            destructive=destructive,
            postgres=postgres,
            parameters=(),
            newer="",
            embedded=(),
            undo=None,
        )
        return replace(self, undo=replace(undo, why=f"undoes: {self.why}"))


class MigrationRefusedError(Exception):
    """Raised with everything that stands against a migration."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(
            "\n".join(f"{dotted(p.path)} = {shown(p.value)}: {p.rule}; fix: {p.fix}" for p in problems)
        )


@dataclass(frozen=True)
class Migration:
    """The ordered way from one desired schema to another."""

    statements: tuple[Statement, ...]
    refused: tuple[Problem, ...] = ()
    planned: bool = False
    """True when rows must move: people run it step by step; a runner must not apply it by itself."""

    @property
    def empty(self) -> bool:
        """True when nothing changes."""
        return not self.statements and not self.refused

    @property
    def destructive(self) -> tuple[Statement, ...]:
        """The statements that lose something."""
        return tuple(each for each in self.statements if each.destructive)

    def checked(self) -> Migration:
        """Return the migration; raises MigrationRefusedError when something stands against it."""
        if self.refused:
            raise MigrationRefusedError(self.refused)
        return self
