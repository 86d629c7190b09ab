"""How each cloud names things and what it tells of them once they exist."""

from meridian.local.clouds.context import Cloud, Context
from meridian.local.clouds.registry import cloud

__all__ = ["Cloud", "Context", "cloud"]
