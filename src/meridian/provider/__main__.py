"""The program behind `pulumi-resource-meridian`."""

from __future__ import annotations

from meridian.provider.process import run
from meridian.provider.registry import handlers

if __name__ == "__main__":
    run(handlers())
