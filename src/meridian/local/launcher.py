"""The program behind `pulumi-resource-<cloud>`: asks the daemon for a provider instance and prints its port.

Runs with `python -S -E`: standard library only. The instance lives as long as this process's connection, and this process
as long as the daemon and the engine that started it. A preview starts some
forty of these, so the usual way imports nothing that the interpreter has not loaded: `socket`, `json` and `signal` would take
three times as long as all the rest.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _socket
import os
import sys

DAEMON = "MERIDIAN_DAEMON"
"""The variable with port and token of the daemon that the command line has found or started: no digest has to be compared."""

_ANSWER_SECONDS = 300.0
_LOOK_SECONDS = 1.0


def main() -> None:
    """Serve `launcher.py ROOT PYTHON CLOUD VERSION [engine address]`."""
    engine = os.getppid()
    root, python, cloud, version = sys.argv[1:5]
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, lambda *_: os._exit(0))
    request = {
        "operation": "provider",
        "cloud": cloud,
        "version": version,
        "mode": os.environ.get("MERIDIAN_LOCAL_MODE", "real"),
        "environment": os.environ.get("MERIDIAN_ENVIRONMENT", "local"),
    }
    link, port = _known(request) or _found(root, python, request)
    print(port, flush=True)
    # An engine that is killed tells its plugins nothing, and a served instance keeps a daemon of older code in place.
    link.settimeout(_LOOK_SECONDS)
    while os.getppid() == engine:
        try:
            if not link.recv(4096):
                break
        except TimeoutError:
            pass
        except OSError:
            break
    os._exit(0)


def _known(request: dict[str, str]) -> tuple[_socket.socket, int] | None:
    """Ask the daemon that the environment names; None when anything is not as expected: the other way tells what."""
    port, _, token = os.environ.get(DAEMON, "").partition(" ")
    texts = {"token": token, **request}
    if not port.isdecimal() or any(
        set(text) & {'"', "\\"} or not text.isprintable() for text in texts.values()
    ):
        return None
    link = _socket.socket()
    link.settimeout(_ANSWER_SECONDS)
    try:
        link.connect(("127.0.0.1", int(port)))
        link.sendall(("{" + ", ".join(f'"{key}": "{text}"' for key, text in texts.items()) + "}\n").encode())
        answer = b""
        while not answer.endswith(b"\n") and (part := link.recv(4096)):
            answer += part
    except OSError:
        answer = b""
    before, _, served = answer.strip().rstrip(b"}").partition(b": ")
    if before != b'{"result"' or not served.isdigit():
        link.close()
        return None
    return link, int(served)


def _found(root: str, python: str, request: dict[str, str]) -> tuple[_socket.socket, int]:
    """Find the daemon, or start it, and ask; ends the process with its words when it refuses."""
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120
    from pathlib import Path

    from meridian.local import rendezvous

    try:
        link = rendezvous.ensure(Path(root), python)
        return link.connection, int(link.call(request.pop("operation"), **request))
    except (rendezvous.DaemonError, OSError) as error:
        print(f"embedded {request['cloud']}: {error}", file=sys.stderr)
        os._exit(1)


if __name__ == "__main__":
    main()
