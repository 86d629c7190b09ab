"""Ports on loopback that stay the same over restarts where they can."""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from meridian.files import write_private


def keep_ports(file: Path, names: Sequence[str], held: Collection[str] = ()) -> dict[str, int]:
    """Return a port for each name: those of the last start where they are free or `held` by us; kept in the file."""
    try:
        kept = {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        kept = {}
    ports = {name: kept[name] for name in names if name in kept and (name in held or is_free(kept[name]))}
    missing = [name for name in names if name not in ports]
    ports |= dict(zip(missing, free_ports(len(missing)), strict=True))
    if ports != kept:
        write_private(file, json.dumps(ports).encode())
    return ports


def is_free(port: int) -> bool:
    """True when nothing listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int, besides: Iterable[int] = ()) -> list[int]:
    """Return so many free ports, all different and none of `besides`."""
    taken = set(besides)
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            probe = held.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port not in taken:
                found.append(port)
    return found
