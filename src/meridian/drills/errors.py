"""What drills refuse."""

from __future__ import annotations


class DrillError(RuntimeError):
    """A refusal that a person can act on: the value, the rule and the fix."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")


class UsageError(DrillError):
    """The command line itself is wrong: exit code 2."""
