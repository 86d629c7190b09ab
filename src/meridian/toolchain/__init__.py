"""Finds, downloads or builds the engine and the control planes' programs; knows nothing of estates."""

from meridian.toolchain.errors import ToolchainError
from meridian.toolchain.install import Toolchain, ensure
from meridian.toolchain.status import ToolStatus, inspect
from meridian.toolchain.tools import ALL_TOOLS

__all__ = ["ALL_TOOLS", "ToolStatus", "Toolchain", "ToolchainError", "ensure", "inspect"]
