"""Asks CockroachDB's own grammar about statements; one process for all of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from meridian.model.problems import Problem
from meridian.sql.statement import Statement

PROGRAM = "crdb-grammar"
"""The tool's name in the toolchain."""
VERSION = "v25.2"
"""The release whose grammar the program carries."""


class GrammarError(RuntimeError):
    """Raised when the program is missing or fails; not for a statement that does not parse."""


@dataclass(frozen=True)
class Answer:
    """What the grammar says of one statement; line and column count from 1, 0 when unknown."""

    ok: bool
    kind: str = ""
    normalised: str = ""
    error: str = ""
    line: int = 0
    column: int = 0


def parse(program: Path, texts: Sequence[str]) -> list[Answer]:
    """Return one answer per text, in order; raises GrammarError."""
    asked = "".join(f"{json.dumps(text)}\n" for text in texts)
    try:
        ran = subprocess.run([program], input=asked, capture_output=True, text=True, check=False, timeout=60)
    except OSError as error:
        raise GrammarError(
            f"{program.name}: {error.strerror or error}; fix: meridian toolchain --only {PROGRAM}"
        ) from None
    except subprocess.TimeoutExpired:
        raise GrammarError(f"{program.name}: no answer within 60 s; fix: report the statements") from None
    answers = [Answer(**json.loads(line)) for line in ran.stdout.splitlines()]
    if ran.returncode or len(answers) != len(texts):
        raise GrammarError(
            f"{program.name} (exit {ran.returncode}): {len(answers)} answers to {len(texts)} statements, "
            f"{ran.stderr.strip()}; fix: meridian toolchain --only {PROGRAM}"
        )
    return answers


def grammar_problems(program: Path, statements: Iterable[Statement]) -> list[Problem]:
    """Return a problem per statement that does not parse, with what is in its literals; raises GrammarError."""
    asked = [
        (each, text) for each in statements for text in (*each.session, each.for_grammar, *each.embedded)
    ]
    found = []
    for (statement, text), answer in zip(asked, parse(program, [text for _, text in asked]), strict=True):
        if not answer.ok:
            lines = text.splitlines()
            place = f"line {answer.line}, column {answer.column}: " if answer.line else ""
            near = lines[answer.line - 1].strip() if 0 < answer.line <= len(lines) else lines[0]
            found.append(
                Problem(
                    ("sql", *statement.key.split(":")),
                    near,
                    f"CockroachDB's grammar ({VERSION}) refuses it: {place}{answer.error}",
                    # The grammar's own hints name its shell's help (`\\h CREATE TABLE`), which nobody has here.
                    "correct the expression in stacks/tables.yaml",
                )
            )
    return found
