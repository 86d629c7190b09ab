"""The files that Netlify obeys: `_headers` and `_redirects` (docs.netlify.com, routing), as far as the estate uses them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Redirect:
    """One line of `_redirects`; a file of the same path goes before it."""

    source: str
    target: str
    status: int


def matches(pattern: str, path: str) -> bool:
    """True when a path is the pattern, or begins with what stands before its final `*`."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def headers(text: str, path: str) -> dict[str, str]:
    """Return the headers of a path; values of a name that is set twice are joined by a comma, as Netlify does."""
    found: dict[str, str] = {}
    applies = False
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            applies = matches(line.strip(), path)
        elif applies and ":" in line:
            name, value = (part.strip() for part in line.split(":", 1))
            found[name] = f"{found[name]},{value}" if name in found else value
    return found


def redirects(text: str) -> list[Redirect]:
    """Return the lines of `_redirects`; the first that matches counts."""
    found = []
    for line in text.splitlines():
        parts = line.split("#")[0].split()
        if len(parts) >= 2:
            status = int(parts[2].rstrip("!")) if len(parts) > 2 else 301
            found.append(Redirect(parts[0], parts[1], status))
    return found
