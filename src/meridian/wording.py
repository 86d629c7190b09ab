"""Numbers with their noun, and why a file could not be read, as a sentence needs them."""

from __future__ import annotations

import json


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 monitor`, `6 monitors`; `plural` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def unreadable(error: OSError | ValueError) -> str:
    """Say why a file could not be read or understood, without Python's words."""
    if isinstance(error, OSError):
        return (error.strerror or "it cannot be opened").lower()
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON, from line {error.lineno}, column {error.colno}"
    return "it holds something else"
