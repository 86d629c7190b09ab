"""The estate as data: frozen models, their loader and their cross-object rules. Nothing here imports Pulumi."""

from meridian.model.environment import Environment
from meridian.model.loader import environments, load_environment
from meridian.model.problems import ModelErrors, Problem

__all__ = ["Environment", "ModelErrors", "Problem", "environments", "load_environment"]
