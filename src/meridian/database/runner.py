"""Runs what leads to the desired schema: in order, each statement once, from where an interrupted run stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import psycopg
from pydantic import ValidationError

from meridian.database import definitions, live
from meridian.database.ledger import Ledger, Target, plan_id
from meridian.database.steps import Dialect, between, in_dialect
from meridian.provider.errors import ProviderError
from meridian.sql import Desired, Statement, statements


@dataclass(frozen=True)
class Runner:
    """One database and what statements may ask for: `bound` holds the secrets by the name of their parameter."""

    connection: psycopg.Connection[Any]
    dialect: Dialect
    bound: Mapping[str, str]

    def apply(self, desired: Desired, changed: Sequence[str] = ()) -> int:
        """Bring the database to a schema and return how many statements ran; raises ProviderError.

        `changed` names what is no longer as it was agreed on: policies and rights are put back, all else is refused.
        What an interrupted run began is finished first, then the way goes from what is really there.
        """
        ledger = Ledger(self.connection)
        ledger.prepare()
        target = ledger.target()
        ran = 0
        if target is not None and target.state == "applying":
            ran += self._finish(ledger, target)
            target = ledger.target()
        there = live.read(self.connection)
        base = live.existing(parse(target.desired), there) if target else None
        made = between(base, desired)
        if base is not None:
            named = {each.key for each in made}
            guards = live.unguarded(desired, there)
            mended = [each for each in statements(desired) if each.key in guards]
            mended += live.foreign_policies(desired, there)
            again, left = definitions.mended(
                [key for key in changed if key not in named], statements(desired)
            )
            if left:
                raise ProviderError(
                    f"{desired.name}: {', '.join(left)}",
                    "changed by hand since the last `up`, and rows may depend on it",
                    "put it back by hand (`meridian sql` prints the definition), or write the change in the data",
                )
            made = (*made, *(each for each in mended if each.key not in named), *again)
        started = base.to_json() if base is not None else None
        if made or target is None or target.desired != desired.to_json():
            ran += self._run(ledger, started, desired.to_json(), made)
        return ran

    def _finish(self, ledger: Ledger, target: Target) -> int:
        """Go on with a plan; one that this version would write otherwise is dropped, and drift tells what remains."""
        made = between(parse(target.base) if target.base else None, parse(target.desired))
        run = in_dialect(made, self.dialect).run
        done = ledger.done(target.plan)
        if any(step >= len(run) or run[step][1] != text for step, text in done.items()):
            ledger.finish(target.plan)
            return 0
        return self._go(ledger, target.plan, run, done)

    def _run(self, ledger: Ledger, base: str | None, desired: str, made: Sequence[Statement]) -> int:
        run = in_dialect(made, self.dialect).run
        # The same way may be gone again after a way back: where the ledger stands makes it another plan.
        plan = plan_id(base, desired, [str(len(ledger.entries())), *(text for _, text in run)])
        ledger.begin(plan, base, desired)
        return self._go(ledger, plan, run, {})

    def _go(
        self, ledger: Ledger, plan: str, run: Sequence[tuple[Statement, str]], done: Mapping[int, str]
    ) -> int:
        todo = [(step, *each) for step, each in enumerate(run) if step not in done]
        for step, statement, text in todo:
            try:
                self._step(ledger, plan, step, statement, text)
            except psycopg.Error as error:
                raise ProviderError(
                    f"{statement.key}, statement {step + 1} of {len(run)}",
                    f"the database refused it: {str(error).strip()}; it was: {text}",
                    "mend the cause and run `up` again: it goes on with this statement",
                ) from error
        ledger.finish(plan)
        return len(todo)

    def _step(self, ledger: Ledger, plan: str, step: int, statement: Statement, text: str) -> None:
        # PostgreSQL takes all of them in a transaction, so a statement and its entry are one; CockroachDB does not,
        # and there every statement that stands alone may be repeated (IF NOT EXISTS).
        together: AbstractContextManager[Any] = (
            self.connection.transaction()
            if self.dialect == "postgresql" or statement.transactional
            else nullcontext()
        )
        for setting in statement.session:
            self.connection.execute(setting.encode())
        try:
            with together:
                self._execute(text, statement.parameters)
                ledger.add(plan, step, statement.key, text)
        finally:
            for setting in statement.session:
                if not self.connection.broken:
                    self.connection.execute(f"RESET {setting.split()[1]}".encode())

    def _execute(self, text: str, parameters: Sequence[str]) -> None:
        if not parameters:
            self.connection.execute(text.encode())
            return
        lacking = [name for name in parameters if name not in self.bound]
        if lacking:
            raise ProviderError(
                lacking[0], "a statement needs this secret", "give it to the schema's resource"
            )
        psycopg.RawCursor(self.connection).execute(text.encode(), [self.bound[name] for name in parameters])

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Give roles their passwords; only a SCRAM verifier leaves this process."""
        from psycopg import sql

        for role, password in passwords.items():
            verifier = self.connection.pgconn.encrypt_password(
                password.encode(), role.encode(), b"scram-sha-256"
            ).decode()
            self.connection.execute(
                sql.SQL("ALTER ROLE {} WITH PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
            )


def parse(text: str) -> Desired:
    """Return the schema that a ledger or a state keeps; raises ProviderError when this version cannot read it."""
    try:
        return Desired.from_json(text)
    except ValidationError as error:
        raise ProviderError(
            "the kept schema",
            f"this version cannot read it: {error.error_count()} problems, first {error.errors()[0]['loc']}",
            "run `meridian up` with the version that wrote it first",
        ) from error
