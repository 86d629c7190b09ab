"""What the orchestrator refuses, said with the value, the rule and the fix."""

from __future__ import annotations


class OrchestratorError(RuntimeError):
    """A refusal or failure that a person can act on; never carries a secret."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        self.value = value
        self.rule = rule
        self.fix = fix
        super().__init__(f"{value}: {rule}; fix: {fix}")


class UsageError(OrchestratorError):
    """The command line itself is wrong: exit code 2."""


class InvalidEstateError(RuntimeError):
    """The environment's data is wrong; the message is the model's own list of all problems."""


class LockedError(OrchestratorError):
    """Another run holds the environment."""
