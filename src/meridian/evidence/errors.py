"""What evidence refuses, said with the value, the rule and the fix."""

from __future__ import annotations


class EvidenceError(RuntimeError):
    """A refusal that a person can act on; never carries a secret."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")
