"""Turns pydantic's errors into problems that name the rule and the fix."""

from __future__ import annotations

import copy
import difflib
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meridian.model.environment import Environment
from meridian.model.problems import Path, Problem


def explain(error: ValidationError) -> list[Problem]:
    """Return one problem per error, in the order in which pydantic found them."""
    return [_problem(detail) for detail in error.errors()]


def without_unknown_keys(data: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return a copy of the data without the keys that the model does not know."""
    cleaned = copy.deepcopy(data)
    for detail in error.errors():
        if detail["type"] == "extra_forbidden":
            node: Any = cleaned
            for step in detail["loc"][:-1]:
                node = node[step]
            node.pop(detail["loc"][-1], None)
    return cleaned


def _problem(detail: ErrorDetails) -> Problem:
    path: Path = tuple(step for step in detail["loc"] if step != "[key]")
    kind = detail["type"]
    value = detail.get("input")
    if kind == "extra_forbidden":
        return Problem(path, value, "there is no such setting here", _nearest(path))
    if kind == "missing":
        return Problem(
            path, "missing", "this setting is required", f"add `{path[-1]}:`; `meridian schema` describes it"
        )
    message = detail["msg"].removeprefix("Value error, ")
    return Problem(path, value, message[:1].lower() + message[1:], _fix(kind, detail))


def _fix(kind: str, detail: ErrorDetails) -> str:
    context = detail.get("ctx") or {}
    if kind == "literal_error":
        return f"choose {context.get('expected', 'one of the listed values')}"
    if kind == "string_pattern_mismatch":
        return f"write it so that it matches {context.get('pattern')}"
    if kind in {"greater_than_equal", "greater_than", "less_than_equal", "less_than"}:
        bound = next(iter(context.values()), "the bound")
        return f"choose a value within the bound {bound}"
    if kind in {"too_short", "too_long"}:
        return f"give {context.get('min_length', context.get('max_length'))} entries; {context.get('actual_length')} are given"
    return "correct the value; `meridian schema` describes it"


def _nearest(path: Path) -> str:
    known = sorted(_fields(path[:-1]))
    near = difflib.get_close_matches(str(path[-1]), known, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"remove it; known here: {', '.join(known)}" if known else "remove it"


def _fields(path: Path) -> set[str]:
    """Return the fields of the model that stands at `path`; empty where no single model does."""
    node: Any = Environment
    for step in path:
        if isinstance(node, type) and issubclass(node, BaseModel):
            field = node.model_fields.get(str(step))
            node = field.annotation if field else None
        else:
            node = next((part for part in reversed(get_args(node)) if part is not Ellipsis), None)
        while node is not None and not isinstance(node, type) and get_args(node) and _models(node):
            if _is_container(node):
                break
            node = _models(node)[0]
    return set(node.model_fields) if isinstance(node, type) and issubclass(node, BaseModel) else set()


def _is_container(node: Any) -> bool:
    return getattr(node, "__origin__", None) in {dict, tuple, list}


def _models(node: Any) -> list[Any]:
    return [part for part in get_args(node) if isinstance(part, type) and issubclass(part, BaseModel)]
