"""Turns pydantic's errors into problems that name the rule and the fix."""

from __future__ import annotations

import copy
import difflib
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meridian.model.problems import Path, Problem

_KINDS = {
    "model_type": ("a mapping is needed here", "write `key: value` lines"),
    "dict_type": ("a mapping is needed here", "write `key: value` lines"),
    "tuple_type": ("a list is needed here", "write `- entry` lines"),
    "list_type": ("a list is needed here", "write `- entry` lines"),
}
"""What pydantic says in Python's words."""


def explain(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Return one problem per error of a model's data, in the order in which pydantic found them."""
    details = error.errors()
    return [_problem(detail, model) for detail in details if not _follows(detail, details)]


def _follows(detail: ErrorDetails, all_: list[ErrorDetails]) -> bool:
    """True for a list that is too short only because pydantic does not count its wrong entries."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in all_
    )


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


def _problem(detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    path: Path = tuple(step for step in detail["loc"] if step != "[key]")
    kind = detail["type"]
    value = detail.get("input")
    if kind == "extra_forbidden":
        return Problem(path, value, "there is no such setting here", _nearest(path, model))
    if kind == "missing":
        return Problem(
            path, "missing", "this setting is required", f"add `{path[-1]}:`; `meridian schema` describes it"
        )
    if kind in _KINDS:
        return Problem(path, value, *_KINDS[kind])
    context = detail.get("ctx") or {}
    if kind in ("too_short", "too_long"):
        bound = (
            f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        )
        return Problem(path, value, f"a list of {bound} is needed here", f"write {bound}")
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
    return "correct the value; `meridian schema` describes it"


def _nearest(path: Path, model: type[BaseModel]) -> str:
    known = sorted(_fields(path[:-1], model))
    near = difflib.get_close_matches(str(path[-1]), known, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"remove it; known here: {', '.join(known)}" if known else "remove it"


def _fields(path: Path, model: type[BaseModel]) -> set[str]:
    """Return the fields of the model that stands at `path`; empty where no single model does."""
    node: Any = model
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
