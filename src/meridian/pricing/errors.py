"""What a refresh of prices refuses."""

from __future__ import annotations


class PricingError(RuntimeError):
    """An answer that cannot be taken, or none: the value, the rule and the fix; nothing is written then."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")


def unreachable(address: str, error: Exception) -> PricingError:
    """Return what is said when a price list does not answer."""
    return PricingError(
        address,
        f"the price list does not answer ({type(error).__name__}: {error})",
        "run it where the clouds can be reached; the prices of before stay",
    )
