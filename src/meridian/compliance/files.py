"""Reads the data files of compliance into their models, with file, line, value, rule and fix when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from meridian.model.base import Model
from meridian.model.explain import explain
from meridian.model.problems import ModelErrors
from meridian.model.source import Source

M = TypeVar("M", bound=Model)


def read(file: Path, model: type[M]) -> M:
    """Return the file as its model; raises ModelErrors with every problem at once."""
    source = Source(file, f"policies/{file.name}")
    if source.problem:
        raise ModelErrors(file.name, [source.problem])
    try:
        return model.model_validate(source.data())
    except ValidationError as error:
        raise ModelErrors(
            file.name, [source.locate(each, each.path) for each in explain(error, model)]
        ) from None
