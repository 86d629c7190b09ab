"""Reads a data file that stands by itself into its model."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from meridian.model.base import Model
from meridian.model.explain import explain
from meridian.model.problems import ModelErrors
from meridian.model.source import Source

M = TypeVar("M", bound=Model)


def read(file: Path, shown_as: str, model: type[M]) -> M:
    """Return the file as its model; raises ModelErrors with every problem at once."""
    source = Source(file, shown_as)
    if source.problem:
        raise ModelErrors(file.stem, [source.problem])
    try:
        return model.model_validate(source.data())
    except ValidationError as error:
        problems = [source.locate(each, each.path) for each in explain(error, model)]
        raise ModelErrors(file.stem, problems) from None
