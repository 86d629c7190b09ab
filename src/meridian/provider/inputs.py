"""From the engine's values to a handler's typed inputs and back, with secrets kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from meridian.protocol.values import Secret, has_unknown, plain
from meridian.provider.handler import Failure, Inputs

I = TypeVar("I", bound=Inputs)  # noqa: E741 - inputs


def validate(model: type[I], given: Mapping[str, Any]) -> tuple[I | None, list[Failure]]:
    """Return the typed inputs, or what is wrong with them.

    While a value is unknown only the known inputs are judged, one by one, and no typed inputs are returned.
    """
    known = {name: plain(value) for name, value in given.items() if value is not None}
    try:
        if not has_unknown(dict(given)):
            return model.model_validate(known), []
    except ValidationError as error:
        return None, [_failure(each) for each in error.errors(include_url=False, include_input=False)]
    fields = {str(each.alias): each for each in model.model_fields.values()}
    failures = [
        Failure(name, f"there is no such input; fix: use one of {', '.join(sorted(fields))}")
        for name in known
        if name not in fields
    ]
    for name, each in fields.items():
        if name not in known and each.is_required():
            failures.append(Failure(name, "is missing; fix: give it"))
        elif name in known and not has_unknown(known[name]):
            try:
                TypeAdapter(_annotated(each)).validate_python(known[name])
            except ValidationError as error:
                found = error.errors(include_url=False, include_input=False)
                failures += [_failure(one, name) for one in found]
    return None, failures


def partial(model: type[I], given: Mapping[str, Any], needed: frozenset[str]) -> I | None:
    """Return typed inputs without those that are not known yet; None when one of the needed ones is not known."""
    if not needed or any(has_unknown(given.get(name)) for name in needed):
        return None
    values = {}
    for field, each in model.model_fields.items():
        name = str(each.alias)
        if given.get(name) is None and not each.is_required():
            values[field] = each.get_default(call_default_factory=True)
        elif name in given and not has_unknown(given[name]):
            values[field] = TypeAdapter(_annotated(each)).validate_python(plain(given[name]))
    made: I = model.model_construct(**values)  # type: ignore[assignment]
    for field in set(model.model_fields) - set(values):
        made.__dict__.pop(field, None)
    return made


def _annotated(info: FieldInfo) -> Any:
    from typing import Annotated

    annotation: Any = info.annotation
    return Annotated[(annotation, *info.metadata)] if info.metadata else annotation


def _failure(error: Any, *prefix: str) -> Failure:
    path = ""
    for step in (*prefix, *error["loc"]):
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    reason = str(error["msg"]).removeprefix("Value error, ")
    return Failure(path, reason)


def keep_secrets(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with every `SecretStr` input wrapped, whether or not the program did."""
    kept = dict(values)
    for each in model.model_fields.values():
        name = str(each.alias)
        value = kept.get(name)
        if value is None or isinstance(value, Secret):
            continue
        for kind in (each.annotation, *get_args(each.annotation)):
            if kind is SecretStr:
                kept[name] = Secret(value)
            elif isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, Mapping):
                kept[name] = keep_secrets(kind, value)
    return kept


def secret_texts(value: Any, inside: bool = False) -> set[str]:
    """Return every text that is secret inside a value, to keep it out of messages."""
    if isinstance(value, Secret):
        return secret_texts(value.value, True)
    if isinstance(value, Mapping):
        return {text for each in value.values() for text in secret_texts(each, inside)}
    if isinstance(value, list):
        return {text for each in value for text in secret_texts(each, inside)}
    return {value} if inside and isinstance(value, str) and value else set()
