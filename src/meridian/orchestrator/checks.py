"""Checks that run in a forked worker, where the model is imported already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def model_errors(root: str, environment: str) -> str:
    """Return the model's whole list of problems as text, empty for a valid environment."""
    from meridian.model import ModelErrors, load_environment

    try:
        load_environment(Path(root), environment)
    except ModelErrors as errors:
        return str(errors)
    return ""


def read_ahead(variables: Mapping[str, str]) -> None:
    """Read a child's environment in the process that it is forked from; raises what `load_environment` does."""
    from meridian.model import load_environment

    if "MERIDIAN_ROOT" in variables and "MERIDIAN_ENVIRONMENT" in variables:
        load_environment(Path(variables["MERIDIAN_ROOT"]), variables["MERIDIAN_ENVIRONMENT"])
