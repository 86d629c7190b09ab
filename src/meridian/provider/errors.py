"""What a resource of ours refuses."""

from __future__ import annotations


class ProviderError(RuntimeError):
    """Raised with the value, the rule that it breaks, and the fix."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")
