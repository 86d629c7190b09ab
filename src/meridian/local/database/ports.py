"""Ports on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import ExitStack


def free(port: int) -> bool:
    """Return whether nobody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int, besides: Iterable[int] = ()) -> list[int]:
    """Return so many ports that nobody has, all different and none of `besides`."""
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
