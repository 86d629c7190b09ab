"""Quoting: the one place where a value becomes SQL."""

from __future__ import annotations

from collections.abc import Iterable


def literal(value: str | int | bool) -> str:
    """Return an SQL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a quoted identifier, for names that the model allows hyphens in."""
    return '"' + name.replace('"', '""') + '"'


def listed(values: Iterable[str]) -> str:
    """Return literals with commas."""
    return ", ".join(literal(value) for value in values)


def names(columns: Iterable[str]) -> str:
    """Return plain identifiers with commas; the model holds them to `[a-z][a-z0-9_]*`."""
    return ", ".join(columns)


def folded(words: Iterable[str], indent: str, width: int = 100) -> str:
    """Return words with commas over several lines."""
    lines: list[str] = []
    for word in words:
        if lines and len(indent) + len(lines[-1]) + len(word) + 2 <= width:
            lines[-1] += f", {word}"
        else:
            if lines:
                lines[-1] += ","
            lines.append(word)
    return f"\n{indent}".join(lines)
