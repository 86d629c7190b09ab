"""What is wrong with an environment's data, told so that a person can mend it at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from itertools import islice
from types import NoneType

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

    def __str__(self) -> str:
        """Return it as the command line says it: there is no file to point into."""
        (problem,) = self.problems
        return f"environment {self.environment!r}: {problem.rule}; fix: {problem.fix}"


def dotted(path: Path) -> str:
    """Return a path as `regions.eu.gcp.zones[1]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(the whole file)"


def shown(value: object) -> str:
    """Return a value as JSON, short enough for one line; what JSON has no word for, such as a network, as its text."""
    if not isinstance(value, (str, bool, int, float, Mapping, Sequence, Set, NoneType)):
        return _cut(str(value), _LINE)
    return _cut(json.dumps(_brief(value), ensure_ascii=False, default=str), _LINE)


_LINE, _WORD, _ENTRIES, _LEVELS = 80, 60, 6, 3


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _brief(value: object, levels: int = _LEVELS) -> object:
    """Return the beginning of a value: a few aliases of YAML can stand for gigabytes."""
    if isinstance(value, str):
        return _cut(value, _WORD)
    if not isinstance(value, (Mapping, Sequence, Set)) or isinstance(value, bytes):
        return value
    if not levels:
        return "..."
    more = ["..."] if len(value) > _ENTRIES else []
    if isinstance(value, Mapping):
        first = {str(key): _brief(each, levels - 1) for key, each in islice(value.items(), _ENTRIES)}
        return first | dict.fromkeys(more)
    return [*(_brief(each, levels - 1) for each in islice(value, _ENTRIES)), *more]
