"""What is wrong with an environment's data, told so that a person can mend it at once."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from meridian.wording import counted

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One finding; `path` starts at the environment's root, `regions.eu...` for what a region's file says."""

    path: Path
    value: object
    rule: str
    fix: str


@dataclass(frozen=True)
class LocatedProblem(Problem):
    """A finding with its place: lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return `file:line:column: path = value: rule; fix: ...`."""
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {dotted(self.path)} = {shown(self.value)}: {self.rule}; fix: {self.fix}"

    def as_json(self) -> dict[str, object]:
        """Return a plain object for `--json`."""
        return {**asdict(self), "path": dotted(self.path), "value": shown(self.value)}


class ModelErrors(Exception):  # noqa: N818 - it carries all the errors of one environment
    """Raised with every problem of an environment at once."""

    def __init__(self, environment: str, problems: Sequence[LocatedProblem]) -> None:
        self.environment = environment
        self.problems = tuple(problems)
        lines = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"{environment}: {counted(len(self.problems), 'problem')}\n{lines}")


class UnknownEnvironmentError(ModelErrors):
    """Raised for a name under which no environment exists: wrong usage, exit code 2."""


def dotted(path: Path) -> str:
    """Return a path as `regions.eu.gcp.zones[1]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(the whole file)"


def shown(value: object) -> str:
    """Return a value short enough for one line."""
    text = repr(value) if isinstance(value, str) else _SHORT.repr(value) if _nested(value) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _nested(value: object) -> bool:
    return isinstance(value, (dict, list, tuple))


_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 3, 60, 60
