"""Ports on loopback that stay the same over restarts where they can."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Collection, Iterable, Sequence
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
    """Return so many free ports, all different, none of `besides` and none that this process was given a minute ago.

    None of them is what the system takes for outgoing connections (from 32768 on Linux, 49152 elsewhere): between here and the
    start of a server such a connection could take it.
    """
    found: list[int] = []
    with _lock:
        now = time.monotonic()
        for port in [port for port, since in _given.items() if now - since > _RESERVED_SECONDS]:
            del _given[port]
        taken = {*besides, *_given}
        candidates = random.sample(_RANGE, len(_RANGE))
        while len(found) < count:
            port = candidates.pop()
            if port not in taken and is_free(port):
                found.append(port)
                _given[port] = now
    return found


_RANGE = range(15_000, 32_000)
_RESERVED_SECONDS = 60.0
_lock = threading.Lock()
_given: dict[int, float] = {}
