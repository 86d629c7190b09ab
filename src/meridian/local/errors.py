"""What the embedded clouds refuse."""

from __future__ import annotations


class LocalError(RuntimeError):
    """Raised with the value, the rule that it breaks, and the fix."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")


class UnknownNameError(LocalError):
    """A name that the command line was given and that nothing has, or several have: wrong usage."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(value or "''", rule, fix)


class CloudError(RuntimeError):
    """A refusal in the cloud's own manner: a code such as NotFound, and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
