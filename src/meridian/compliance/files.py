"""Reads the data files of compliance into their models, with file, line, value, rule and fix when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from meridian.model import one_file
from meridian.model.base import Model

M = TypeVar("M", bound=Model)


def read(file: Path, model: type[M]) -> M:
    """Return the file as its model; raises ModelErrors with every problem at once."""
    return one_file.read(file, f"policies/{file.name}", model)
