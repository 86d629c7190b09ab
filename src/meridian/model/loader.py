"""Loads one environment from `stacks/<name>/`: `estate.yaml` and one file per region; the schema is shared."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meridian.model.checks import check_environment
from meridian.model.environment import Environment
from meridian.model.explain import explain, without_unknown_keys
from meridian.model.problems import LocatedProblem, ModelErrors, Problem, UnknownEnvironmentError
from meridian.model.source import Source

ESTATE = "estate.yaml"
TABLES = "tables.yaml"
_SHARED = "/tables"
"""The shared file's key among the sources; no region's key has a slash."""
_KNOWN: dict[tuple[Path, str], tuple[tuple[tuple[str, int, int], ...], Environment]] = {}


def environments(root: Path) -> list[str]:
    """Return the names of the environments that a checkout holds."""
    return sorted(file.parent.name for file in (root / "stacks").glob(f"*/{ESTATE}"))


def load_environment(root: Path, name: str) -> Environment:
    """Return the environment `name` of the checkout at `root`; raises ModelErrors with every problem at once.

    Files that have not changed since are not read again: a fork of the worker that has read them needs no YAML parser.
    """
    folder = root / "stacks" / name
    if not (folder / ESTATE).is_file():
        raise UnknownEnvironmentError(name, [_no_such_environment(root, name)])
    files = [
        folder / ESTATE,
        *sorted(set(folder.glob("*.yaml")) - {folder / ESTATE}),
        root / "stacks" / TABLES,
    ]
    state = tuple((str(file), *_stamp(file)) for file in files)
    known = _KNOWN.get((root, name))
    if known is None or known[0] != state:
        known = _KNOWN[root, name] = (state, _read(name, files))
    return known[1]


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _read(name: str, files: Sequence[Path]) -> Environment:
    estate, *regions, tables = files
    sources = {"": Source(estate, f"stacks/{name}/{ESTATE}")}
    for file in regions:
        sources[file.stem] = Source(file, f"stacks/{name}/{file.name}")
    sources[_SHARED] = Source(tables, f"stacks/{TABLES}")
    unreadable = [source.problem for source in sources.values() if source.problem]
    if unreadable:
        raise ModelErrors(name, unreadable)

    merged: dict[str, Any] = sources[""].data()
    problems: list[Problem] = []
    if "regions" in merged:
        problems.append(
            Problem(
                ("regions",),
                "a mapping",
                "estate.yaml holds no region",
                "give each region a file of its own beside it",
            )
        )
    if "tables" in merged:
        problems.append(
            Problem(
                ("tables",),
                "a mapping",
                "the schema is the same in all environments",
                f"move it to stacks/{TABLES}",
            )
        )
    merged["tables"] = sources[_SHARED].data()
    merged["regions"] = {key: source.data() for key, source in sources.items() if key not in ("", _SHARED)}
    environment, found = _validate(merged)
    problems += found
    if environment is not None:
        problems += check_environment(environment, name)
    if problems or environment is None:
        located = sorted(
            (_locate(sources, problem) for problem in problems), key=lambda p: (p.file, p.line, p.column)
        )
        raise ModelErrors(name, located)
    return environment


def _validate(merged: dict[str, Any]) -> tuple[Environment | None, list[Problem]]:
    try:
        return Environment.model_validate(merged), []
    except ValidationError as error:
        problems = explain(error, Environment)
        # A misspelt key must not hide what is wrong elsewhere: look on without the unknown keys.
        if all(detail["type"] == "extra_forbidden" for detail in error.errors()):
            return Environment.model_validate(without_unknown_keys(merged, error)), problems
        return None, problems


def _locate(sources: dict[str, Source], problem: Problem) -> LocatedProblem:
    if len(problem.path) >= 2 and problem.path[0] == "regions" and problem.path[1] in sources:
        return sources[str(problem.path[1])].locate(problem, problem.path[2:])
    if len(problem.path) >= 2 and problem.path[0] == "tables":
        return sources[_SHARED].locate(problem, problem.path[1:])
    return sources[""].locate(problem, problem.path)


def _no_such_environment(root: Path, name: str) -> LocatedProblem:
    known = environments(root)
    near = difflib.get_close_matches(name, known, 1)
    fix = (
        f"did you mean {near[0]}?"
        if near
        else f"name one of {', '.join(known) or '(none yet)'}, or add stacks/{name or 'NAME'}/{ESTATE}"
    )
    return LocatedProblem((), name, "there is no such environment", fix, f"stacks/{name}/{ESTATE}", 1, 1)
