"""Checks that run in a forked worker, where the model is imported already."""

from __future__ import annotations

from pathlib import Path


def model_errors(root: str, environment: str) -> str:
    """Return the model's whole list of problems as text, empty for a valid environment."""
    from meridian.model import ModelErrors, load_environment

    try:
        load_environment(Path(root), environment)
    except ModelErrors as errors:
        return str(errors)
    return ""
